/** Tables of every odd kind, restored and tampered with; and what a comparison says that could not be made to its end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SinkProgress, StoredBackup } from '../../../src/engine/ports.ts'
import type { ProofCheck } from '../../../src/engine/proof.ts'
import { ComebackError } from '../../../src/errors.ts'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { createDatabaseSource, type DatabaseSourceOptions } from '../../../src/postgres/dump.ts'
import { compareDatabase } from '../../../src/postgres/proof/compare-database.ts'
import { collectSegments, countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { backUp, failure, restore } from '../round-trip.ts'

const never = new AbortController().signal

type Part = Partial<Pick<DatabaseSourceOptions, 'schemaOnly' | 'excludeTableData'>>

async function backUpPart(url: string, part: Part): Promise<StoredBackup> {
  const out = collectSegments()
  const all = { url, connectTimeout: 10_000, lanes: 2, schemaOnly: false, excludeTableData: [] }
  const result = await createDatabaseSource({ ...all, ...part }).read(out, never)
  return storedBackup(out.segments, result)
}

async function compare(backup: StoredBackup, url: string, progress: SinkProgress = countProgress(), signal = never) {
  const detail = parseDatabaseDetail(backup.detail)
  const target = { url, connectTimeout: 10_000, signal }
  const result = await compareDatabase({ backup, detail, connect: target, lanes: 2, progress })
  const found = result.findings.map(({ code, subject }) => `${code} ${subject}`).sort()
  const check = (name: ProofCheck['name']) => result.checks.find(one => one.name === name)
  return { ...result, found, check, text: result.findings.map(({ message }) => message).join('\n') }
}

const ODD = `
  CREATE TYPE mood AS ENUM ('sad', 'so-so', 'happy', 'very happy');
  CREATE TABLE public.moods (m mood, n int, t text) PARTITION BY HASH (m);
  CREATE TABLE public.moods_0 PARTITION OF public.moods FOR VALUES WITH (MODULUS 3, REMAINDER 0);
  CREATE TABLE public.moods_1 (n int, t text, m mood);
  ALTER TABLE public.moods ATTACH PARTITION public.moods_1 FOR VALUES WITH (MODULUS 3, REMAINDER 1);
  CREATE TABLE public.moods_2 PARTITION OF public.moods FOR VALUES WITH (MODULUS 3, REMAINDER 2);
  INSERT INTO public.moods SELECT (enum_range(NULL::mood))[1 + i % 4], i, 'row ' || i FROM generate_series(1, 400) i;
  CREATE TABLE public.made (id int, dropped int, t text, g text GENERATED ALWAYS AS (upper(t)) STORED);
  ALTER TABLE public.made DROP dropped;
  INSERT INTO public.made (id, t) SELECT i, 'made' || i FROM generate_series(1, 20) i;
  CREATE TABLE public.nothing (); INSERT INTO public.nothing DEFAULT VALUES; INSERT INTO public.nothing DEFAULT VALUES;
  CREATE UNLOGGED TABLE public.loose (i int); INSERT INTO public.loose SELECT generate_series(1, 9);
  CREATE SCHEMA "Odd ""one""";
  CREATE TABLE "Odd ""one"""."it's; a\\table
--" ("a	b" text, "back\\slash" text, plain text);
  INSERT INTO "Odd ""one"""."it's; a\\table
--" VALUES (E'tab\\there', E'new\\nline', E'\\\\N'), (NULL, '', E'\\\\.'), ('x', NULL, E'cr\\r');
  CREATE TABLE public.huge (id int, t text);
  INSERT INTO public.huge VALUES (1, 'a'), (2, repeat('long', 500000)), (3, 'c');
  CREATE SEQUENCE public.down INCREMENT -10 MINVALUE -1000; SELECT nextval('public.down'), nextval('public.down');
  CREATE SEQUENCE public.tens INCREMENT 10; SELECT nextval('public.tens'), nextval('public.tens');
  CREATE TABLE public.cleared (i int); INSERT INTO public.cleared VALUES (1); TRUNCATE public.cleared;`

const ODD_TABLE = String.raw`"Odd \"one\""."it's; a\\table\n--"`
const ODD_SQL = `"Odd ""one"""."it's; a\\table\n--"`

/** What is done to the restored database, and all that must be said of it. They touch different things, so they are done at once. */
type Change = readonly [sql: string, found: string, message: RegExp]
const CHANGES: readonly Change[] = [
  [
    `UPDATE public.moods SET t = 'other' WHERE n = 77`,
    'rows-differ public.moods',
    /^The 400 rows of \S+ are not those/,
  ],
  // What is computed from it has no row of its own in the backup.
  [`UPDATE public.made SET t = 'x' WHERE id = 20`, 'rows-differ public.made', /row 20, column t\.$/],
  [
    'DELETE FROM public.nothing WHERE ctid IN (SELECT ctid FROM public.nothing LIMIT 1)',
    'rows-missing public.nothing',
    /^1 of 2 rows/,
  ],
  ['TRUNCATE public.loose', 'rows-missing public.loose', /^9 of 9 rows/],
  [
    `CREATE TEMP TABLE x AS SELECT * FROM ${ODD_SQL}; TRUNCATE ${ODD_SQL};
     INSERT INTO ${ODD_SQL} SELECT coalesce("a	b", ''), "back\\slash", CASE plain WHEN E'cr\\r' THEN '' ELSE plain END FROM x`,
    `rows-differ ${ODD_TABLE}`,
    /row 2, column "a\\tb"\.$/,
  ],
  [
    `CREATE TEMP TABLE y AS SELECT * FROM public.huge; TRUNCATE public.huge;
     INSERT INTO public.huge SELECT id, CASE id WHEN 2 THEN t || '.' ELSE t END FROM y`,
    'rows-differ public.huge',
    /row 2, column t\.$/,
  ],
  [`SELECT setval('public.down', -1)`, 'sequence-differs sequence public.down', /is behind/],
  // It has given 11, so 21 is next.
  [`SELECT setval('public.tens', 15, false)`, 'sequence-differs sequence public.tens', /is behind/],
]

const major = 14

describe('a restored database of odd tables', () => {
  let source: TestDatabase
  let restored: TestDatabase
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(major, 'TEMPLATE template0')
    await source.query(ODD)
    restored = await createDatabase(major, 'TEMPLATE template0')
    backup = await backUp(source.url)
    await restore(restored.url, backup, { mode: 'parallel' })
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await restored[Symbol.asyncDispose]()
  })

  test('each change is found and named, and no more', async () => {
    await using target = await createDatabase(major, `TEMPLATE ${restored.name}`)
    await target.query(CHANGES.map(([sql]) => sql).join(';\n'))
    const { findings, found, check } = await compare(backup, target.url)
    expect(found).toEqual(CHANGES.map(([, one]) => one).sort())
    for (const [, one, message] of CHANGES) {
      expect(findings.find(({ code, subject }) => `${code} ${subject}` === one)?.message).toMatch(message)
    }
    expect(check('rows')).toMatchObject({ result: 'failed', detail: '6 tables are not as backed up' })
    expect(JSON.stringify(findings)).not.toMatch(/other|long|here|cr\\\\r/)
  })

  test('the rows of partitions by hash of an enum may lie anywhere among them, but none may be missing', async () => {
    await using target = await createDatabase(major, `TEMPLATE ${restored.name}`)
    await target.query(`CREATE TEMP TABLE x AS SELECT * FROM public.moods; TRUNCATE public.moods;
      INSERT INTO public.moods SELECT * FROM x ORDER BY n DESC; SELECT setval('public.down', -500)`)
    const reordered = await compare(backup, target.url)
    expect(reordered.found).toEqual(['sequence-differs sequence public.down'])
    expect(reordered.text).toMatch(/is ahead/)
    await target.query('DELETE FROM public.moods WHERE n = 77')
    expect((await compare(backup, target.url)).found).toContain('rows-missing public.moods')
  })

  test('without a change nothing is found, and a table without rows counts as one', async () => {
    const { tables, check, found } = await compare(backup, restored.url)
    expect(found).toEqual([])
    expect(tables).toContainEqual({ name: 'public.cleared', rows: 0, bytes: 0 })
    expect(tables[0]).toMatchObject({ name: 'public.huge', rows: 3 })
    expect(check('rows')?.detail).toMatch(/^437 rows of 9 tables, byte for byte$/)
  })

  test('a difference that cannot be told more exactly is no proof, and hides no other', async () => {
    await using target = await createDatabase(major, `TEMPLATE ${restored.name}`)
    await target.query(`UPDATE public.made SET t = 'x'; DELETE FROM public.loose; SELECT setval('public.tens', 1)`)
    const unreadable: StoredBackup = {
      ...backup,
      async *read(segment, signal) {
        if (segment.name === 'public.loose') throw new ComebackError('store-unavailable', 'The store is gone.')
        yield* backup.read(segment, signal)
      },
    }
    const { found, check } = await compare(unreadable, target.url)
    expect(found).toContain('store-unavailable store')
    expect(found).toContain('sequence-differs sequence public.tens')
    expect(check('rows')?.result).not.toBe('passed')
    expect(check('sequences')).toMatchObject({ result: 'failed', detail: '1 sequence is not as backed up' })
    expect(check('schema')?.result).toBe('passed')
  })

  test('rows that could not be looked at are neither right nor wrong', async () => {
    await using target = await createDatabase(major, `TEMPLATE ${restored.name}`)
    await target.query('DELETE FROM public.loose')
    const silent: StoredBackup = {
      ...backup,
      // biome-ignore lint/correctness/useYield: it fails before
      async *read() {
        throw new ComebackError('store-unavailable', 'The store is gone.')
      },
    }
    const { found, check } = await compare(silent, target.url)
    expect(found).toEqual(['store-unavailable store'])
    expect(check('rows')).toMatchObject({ result: 'not-run', detail: 'The store is gone.' })
  })

  test('a search that is cancelled ends the comparison', async () => {
    await using target = await createDatabase(major, `TEMPLATE ${restored.name}`)
    await target.query('DELETE FROM public.loose')
    const cancel = new AbortController()
    const progress = countProgress()
    const phase = (text: string) => {
      if (text.startsWith('Looking for what differs')) cancel.abort(new ComebackError('cancelled', 'Enough.'))
    }
    expect(await failure(compare(backup, target.url, { ...progress, phase }, cancel.signal))).toMatchObject({
      code: 'cancelled',
    })
  })
})

test('what was left out of a backup has no tick', async () => {
  await using source = await createDatabase(major)
  await source.query(`CREATE TABLE public.kept AS SELECT generate_series(1, 3) i; CREATE TABLE public.log AS TABLE public.kept;
    CREATE SEQUENCE public.counter`)

  const without = await backUpPart(source.url, { excludeTableData: ['log'] })
  await using target = await createDatabase(major)
  await restore(target.url, without, { mode: 'parallel' })
  const first = await compare(without, target.url)
  expect(first.found).toEqual([])
  expect(first.check('rows')).toMatchObject({
    detail: expect.stringMatching(/^3 rows of 1 table, .*; the rows of 1 were/),
  })
  expect(first.tables.map(({ name }) => name)).toEqual(['public.kept'])
  await target.query('INSERT INTO public.log VALUES (1)')
  expect((await compare(without, target.url)).found).toEqual(['rows-extra public.log'])

  const schema = await backUpPart(source.url, { schemaOnly: true })
  await using bare = await createDatabase(major)
  await restore(bare.url, schema, { mode: 'parallel' })
  const second = await compare(schema, bare.url)
  expect(second.found).toEqual([])
  expect(second.checks.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'rows passed',
    'schema passed',
    'sequences not-run',
    'large-objects not-run',
  ])
  expect(second.check('rows')?.detail).toContain('schema alone')
  await bare.query('INSERT INTO public.log VALUES (1)')
  expect((await compare(schema, bare.url)).found).toEqual(['rows-extra public.log'])
})

test('of the tables of extensions, the rows that their condition names are compared', async () => {
  await using source = await createDatabase(major)
  // What an extension's script does with pg_extension_config_dump().
  await source.query(`CREATE EXTENSION citext; CREATE TABLE public.settings (k text, mine bool); CREATE TABLE public.kinds (k text);
    INSERT INTO public.settings VALUES ('a', false), ('b', true), ('c', true); INSERT INTO public.kinds VALUES ('x');
    ALTER EXTENSION citext ADD TABLE public.settings; ALTER EXTENSION citext ADD TABLE public.kinds;
    UPDATE pg_extension SET extconfig = ARRAY['public.settings', 'public.kinds']::regclass[]::oid[],
           extcondition = ARRAY['WHERE mine', ''] WHERE extname = 'citext'`)
  // It stands for its copy: where the extension is created, it brings the rows that are its own.
  const backup = await backUpPart(source.url, { excludeTableData: ['kinds'] })
  expect((await compare(backup, source.url)).found).toEqual([])
  await source.query(`UPDATE public.settings SET k = 'other' WHERE NOT mine`)
  await source.query(`CREATE TEMP TABLE x AS SELECT * FROM public.settings; TRUNCATE public.settings;
    INSERT INTO public.settings SELECT * FROM x ORDER BY k DESC`)
  expect((await compare(backup, source.url)).found).toEqual([])
  await source.query(`DELETE FROM public.settings WHERE k = 'c'`)
  expect((await compare(backup, source.url)).found).toEqual(['rows-missing public.settings'])
})
