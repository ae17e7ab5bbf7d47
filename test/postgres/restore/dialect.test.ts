/** What a newer pg_dump words otherwise than the server's own comes back there, also from a backup that holds the words as they were. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { cutEntries } from '../../../src/postgres/schema/entries.ts'
import { dumpSchema } from '../../../src/postgres/schema/pg-dump.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase, type SharedMajor, type TestDatabase } from '../../support/database.ts'
import { digests } from '../../support/fingerprint.ts'
import { read, restore } from '../round-trip.ts'

const script = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')
const never = new AbortController().signal

async function createDialect(major: SharedMajor): Promise<TestDatabase> {
  const database = await createDatabase(major)
  await database.query(script('everything-roles.sql'))
  await database.query(script('everything-dialect.sql'))
  if (major < 18) await database.query(script('everything-until-17.sql'))
  return database
}

/** What the catalogue says of the columns and tables that the dialect is about. */
function nature(database: TestDatabase) {
  return database.query(`
    SELECT c.relname, c.relkind, c.relpersistence, a.attname, a.attnotnull, a.attstattarget, a.attstorage,
           ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE o !~ '^pg_attver=' ORDER BY 1) AS options
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'dialect'::regnamespace ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"`)
}

async function prove(backup: StoredBackup, scratch: TestDatabase) {
  const options = { url: scratch.url, connectTimeout: 10_000, lanes: 2, disposable: true, confirm: undefined }
  const prover = createDatabaseProver({ ...options, assertions: [] })
  return await prover.prove(backup, { progress: countProgress() }, never)
}

test.each([14, 15, 18] as const)('of PostgreSQL %i, in each mode, and the proof passes', async major => {
  await using database = await createDialect(major)
  const { segments, result } = await read(database.url)
  const backup = storedBackup(segments, result)
  const text = segments.map(({ bytes }) => bytes.toString()).join('')
  expect(text).not.toContain('pg_attver')
  const [before, rows] = [await nature(database), await digests(database.url)]
  for (const mode of ['parallel', 'atomic'] as const) {
    await using copy = await createDatabase(major)
    await restore(copy.url, backup, { mode })
    expect(await nature(copy)).toEqual(before)
    expect(await digests(copy.url)).toEqual(rows)
  }
  await using scratch = await createDatabase(major)
  expect((await prove(backup, scratch)).findings).toEqual([])
})

test('of PostgreSQL 15, from a backup that was made before the words were put right', async () => {
  await using database = await createDialect(15)
  // pg_dump 18 has no word for it, so an older backup holds none.
  await database.query('DROP TABLE dialect."unlogged, ""root", dialect.unlogged_parent')
  const { segments, result } = await read(database.url)
  const connect = { url: database.url, connectTimeout: 10_000, signal: never }
  const older = await Promise.all(
    segments.map(async segment => {
      const { detail } = segment.head
      const section = /^schema, (pre-data|post-data)$/.exec(segment.head.name)?.[1] as
        | 'pre-data'
        | 'post-data'
        | undefined
      if (section === undefined) return segment
      const bytes = await dumpSchema({ connect, snapshot: undefined, section, args: [] })
      return {
        head: { ...segment.head, detail: { ...(detail as object), entries: cutEntries(bytes) } as never },
        bytes,
      }
    }),
  )
  const text = older.map(({ bytes }) => bytes.toString()).join('')
  expect(text).toMatch(/\n {4}NOT NULL id/)
  const backup = storedBackup(older, result)
  expect(parseDatabaseDetail(backup.detail).serverVersion).toBeLessThan(160_000)
  const [before, rows] = [await nature(database), await digests(database.url)]
  for (const mode of ['parallel', 'atomic'] as const) {
    await using copy = await createDatabase(15)
    await restore(copy.url, backup, { mode })
    expect(await nature(copy)).toEqual(before)
    expect(await digests(copy.url)).toEqual(rows)
  }
  await using scratch = await createDatabase(15)
  expect((await prove(backup, scratch)).findings).toEqual([])
})

test('an unlogged partitioned table of 15 comes back on 18, which has no such thing, without its reference to an unlogged one', async () => {
  await using database = await createDatabase(15)
  await database.query('CREATE SCHEMA dialect')
  await database.query(script('everything-until-17.sql'))
  const { segments, result } = await read(database.url)
  expect(segments.map(({ bytes }) => bytes.toString()).join('')).toContain(
    'CREATE UNLOGGED TABLE dialect."unlogged, ""root"',
  )
  await using newer = await createDatabase(18)
  const restored = await restore(newer.url, storedBackup(segments, result), { mode: 'parallel' })
  expect(JSON.stringify(restored)).toContain('permanent tables may reference only permanent tables')
  expect(await newer.query('SELECT id, t FROM dialect."unlogged, ""root" ORDER BY id')).toEqual([
    { id: 1, t: 'a' },
    { id: 2, t: 'b' },
  ])
})
