/** A database that several lanes were filling when they were killed says what it is, to whoever restores into it next. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { backUp, breaking, restore } from '../round-trip.ts'

const commentOf = (database: TestDatabase) =>
  database.query(
    `SELECT shobj_description(oid, 'pg_database') AS c FROM pg_database WHERE datname = current_database()`,
  )

test('a killed parallel restore is named by the next one, which takes the mark away', {
  timeout: 120_000,
}, async () => {
  await using source = await createDatabase(18)
  await source.query(`CREATE TABLE a AS SELECT n, repeat(md5(n::text), 20) AS t FROM generate_series(1, 20000) AS n`)
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  const killed = spawnSync(process.execPath, [join(import.meta.dirname, '../../support/killed-restore.ts')], {
    env: { ...process.env, SOURCE: source.url, TARGET: target.url, MODE: 'parallel', PHASE: 'amid the rows' },
  })
  expect(killed.signal).toBe('SIGKILL')
  const half = new RegExp(`holds .* It is what a restore of ${backup.id} has left that ended in the middle`)
  await expect
    .poll(() => restore(target.url, backup, { confirm: undefined }).catch(error => error.message), { timeout: 20_000 })
    .toMatch(half)
  await restore(target.url, backup, { mode: 'atomic' })
  expect(await commentOf(target)).toEqual([{ c: null }])
  expect(await target.query('SELECT count(*)::int AS n FROM a')).toEqual([{ n: 20_000 }])
})

test('a restore that ends well, or clears up after itself, leaves no mark, and a comment of others stays', {
  timeout: 120_000,
}, async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE a AS SELECT 1 AS n')
  const backup = await backUp(source.url)
  await using target = await createDatabase(18)
  await restore(target.url, backup)
  expect(await commentOf(target)).toEqual([{ c: null }])
  await using other = await createDatabase(18)
  await other.query(`DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''ours''', current_database()); END $$`)
  await restore(other.url, backup)
  expect(await commentOf(other)).toEqual([{ c: 'ours' }])
  await using failing = await createDatabase(18)
  const broken = breaking(backup, 'public.a', 0, () => {
    throw new Error('no more')
  })
  await expect(restore(failing.url, broken)).rejects.toThrow('the target is empty again')
  expect(await commentOf(failing)).toEqual([{ c: null }])
})
