/** What a restore does without keeps a backup from being verified, and the proof says how it can be. */
import { expect, test } from 'vitest'
import { verdictOf } from '../../src/engine/proof.ts'
import { createDatabaseProver } from '../../src/postgres/prove.ts'
import { countProgress } from '../fakes/segments.ts'
import { REFUSED } from '../fixtures/refused-objects.ts'
import { createDatabase } from '../support/database.ts'
import { backUp } from './round-trip.ts'

/** Roles that rows name are made for a proof. */
const PROVED = REFUSED.filter(({ afterwards }) => afterwards === undefined)

test.each(PROVED.map(one => [one.name, one] as const))('%s', async (_, { sql, unmade }) => {
  await using source = await createDatabase(18, 'TEMPLATE template0')
  await source.query(sql)
  const backup = await backUp(source.url)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const options = { connectTimeout: 5_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] }
  const prover = createDatabaseProver({ url: target.url, ...options })
  const { findings } = await prover.prove(backup, { progress: countProgress() }, new AbortController().signal)
  const told = findings.filter(({ code }) => code === 'restore-failed' || code === 'entry-skipped')
  expect(verdictOf(findings)).not.toBe('verified')
  expect(told.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(unmade.map(one => one.replace(/: [-a-z]+$/, ''))),
  )
  expect(told.some(({ hint }) => hint !== undefined)).toBe(true)
})
