/** Databases of proofs that were killed: dropped by the next one if they are nobody's for certain, told of otherwise. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { markLeft, markUnderWay } from '../../../src/postgres/proof/abandoned.ts'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { backUp } from '../round-trip.ts'

const never = new AbortController().signal
let backup: StoredBackup

beforeAll(async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE t AS SELECT 1 AS x')
  backup = await backUp(source.url)
})

const proofOn = ({ url }: TestDatabase) =>
  createDatabaseProver({
    ...{ url, connectTimeout: 10_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] },
  }).prove(backup, { progress: countProgress() }, never)

/** A database as a proof makes it; the run that made it lives until `end` is called. */
async function halfAProof(target: TestDatabase, mark: 'under way' | 'left' | 'none') {
  const name = `comeback_proof_${randomBytes(4).toString('hex')}`
  const connection = await connect({ url: target.url, connectTimeout: 10_000, signal: never })
  await connection.query(`CREATE DATABASE ${name}`)
  if (mark === 'under way') await markUnderWay(connection, { name, url: '' })
  if (mark === 'left') await markLeft(connection, { name, url: '' })
  const isThere = async () => (await target.query(`SELECT FROM pg_database WHERE datname = '${name}'`)).length === 1
  const drop = () => target.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  return { name, isThere, drop, end: () => connection.close() }
}

const about = (result: Awaited<ReturnType<typeof proofOn>>, name: string) =>
  result.findings.filter(({ subject }) => subject === name).map(({ code }) => code)

test('that of a run which is gone is dropped, that of one which lives is not', async () => {
  await using target = await createDatabase(18)
  const proof = await halfAProof(target, 'under way')
  try {
    expect(about(await proofOn(target), proof.name)).toEqual([])
    expect(await proof.isThere()).toBe(true)
    await proof.end()
    // Its session takes a moment to be gone from the server.
    await expect
      .poll(
        async () => {
          await proofOn(target)
          return await proof.isThere()
        },
        { timeout: 30_000 },
      )
      .toBe(false)
  } finally {
    await proof.end()
    await proof.drop()
  }
}, 60_000)

test('one that somebody has come to is kept, though its run is gone', async () => {
  await using target = await createDatabase(18)
  const proof = await halfAProof(target, 'under way')
  const url = new URL(target.url)
  url.pathname = `/${proof.name}`
  await using _ = await connect({ url: url.href, connectTimeout: 10_000, signal: never })
  await proof.end()
  await proofOn(target)
  expect(await proof.isThere()).toBe(true)
  await proof.drop()
}, 60_000)

test('one that is left for what comes next is kept without a word, and one without a mark is told of', async () => {
  await using target = await createDatabase(18)
  const left = await halfAProof(target, 'left')
  const unknown = await halfAProof(target, 'none')
  await left.end()
  await unknown.end()
  try {
    const result = await proofOn(target)
    expect(about(result, left.name)).toEqual([])
    expect(about(result, unknown.name)).toEqual(['not-cleared'])
    expect([await left.isThere(), await unknown.isThere()]).toEqual([true, true])
  } finally {
    await left.drop()
    await unknown.drop()
  }
}, 60_000)
