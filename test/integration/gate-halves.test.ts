/** A proof in two halves through the built program: the second has neither key nor store, and nothing is left of either. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { VerifyReport } from '../../src/report/verify-report.ts'
import { workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

const proofDatabases = async (database: TestDatabase) =>
  (await database.query("SELECT datname FROM pg_database WHERE datname LIKE 'comeback_proof_%' ORDER BY 1")).length

test('the first half restores and compares, the second asks and migrates what it left, and drops it', async () => {
  using place = workplace()
  await using source = await createDatabase(14)
  await using target = await createDatabase(14)
  await source.query("CREATE TABLE guest (id int PRIMARY KEY, name text); INSERT INTO guest VALUES (1, 'Ada')")
  await place.json(['backup', 'database'], { env: { DATABASE_URL: source.url } })
  const there = ['--target-url', target.url, '--disposable']
  const before = await proofDatabases(target)

  const first = await place.json<VerifyReport>(['verify', 'database', ...there, '--gate-into', 'gate'])
  expect(first).toMatchObject({ verdict: 'verified', left: { schemaOnly: false } })
  expect(await proofDatabases(target)).toBe(before + 1)
  expect((await place.run(['verify', 'database', ...there, '--gate-into', 'gate'])).code).toBe(2)

  // Nothing that would open the backups is there any more.
  rmSync(join(place.folder, 'backups'), { recursive: true })
  const env = { COMEBACK_KEY: '', PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }
  mkdirSync(join(place.folder, 'asked'))
  writeFileSync(join(place.folder, 'asked', 'guests are there.sql'), 'SELECT count(*) = 1 FROM guest')
  const go = ['verify', '--gate-from', 'gate', ...there, '--assertions', 'asked', '--migrate', 'exit 3']
  const second = await place.json<VerifyReport>(go, { env, code: 3 })
  expect(second).toMatchObject({ verdict: 'failed', migration: { result: 'failed', exitCode: 3 } })
  expect(second).not.toHaveProperty('left')
  expect(second.proofs).toMatchObject([
    { verdict: 'verified', assertions: [{ name: 'guests are there', result: 'passed' }] },
  ])
  expect(await proofDatabases(target)).toBe(before)
  expect(readFileSync(join(place.folder, 'gate', '.gitignore'), 'utf8')).toBe('*\n')

  const again = await place.run(go, env)
  expect(again.code).not.toBe(0)
})

test('no other database than one of a proof is gone on with, or dropped', async () => {
  using place = workplace()
  await using source = await createDatabase(14)
  await using target = await createDatabase(14)
  await place.json(['backup', 'database'], { env: { DATABASE_URL: source.url } })
  const there = ['--target-url', target.url, '--disposable']
  await place.json(['verify', 'database', ...there, '--gate-into', 'gate'])
  const file = join(place.folder, 'gate', 'proof')
  const proof: { left: { database: string } } = JSON.parse(
    gunzipSync(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toString(),
  )
  const left = { ...proof.left, database: new URL(source.url).pathname.slice(1) }
  renameSync(file, `${file}-kept`)
  writeFileSync(file, gzipSync(JSON.stringify({ ...proof, left })).toString('base64'))
  expect((await place.run(['verify', '--gate-from', 'gate', ...there])).code).toBe(2)
  expect(await source.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  renameSync(`${file}-kept`, file)
  await place.json(['verify', '--gate-from', 'gate', ...there])
})
