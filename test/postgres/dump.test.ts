import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { SegmentWriter } from '../../src/engine/ports.ts'
import { ComebackError } from '../../src/errors.ts'
import { type DatabaseDetail, parseDatabaseDetail, parseSegmentDetail } from '../../src/postgres/detail.ts'
import { RANGE_PAGES } from '../../src/postgres/dump/plan.ts'
import { createDatabaseSource, type DatabaseSourceOptions } from '../../src/postgres/dump.ts'
import { collectSegments, type SegmentCollector } from '../fakes/segments.ts'
import { createEverything } from '../fixtures/everything.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { loadSegments } from '../support/load-segments.ts'
import { MAJORS } from '../support/thorough.ts'

function sourceOf(database: TestDatabase, options: Partial<DatabaseSourceOptions> = {}) {
  return createDatabaseSource({
    url: database.url,
    connectTimeout: 10_000,
    lanes: 2,
    schemaOnly: false,
    excludeTableData: [],
    ...options,
  })
}

interface Collected {
  readonly out: SegmentCollector
  readonly detail: DatabaseDetail
  readonly problems: readonly { readonly severity: string; readonly message: string }[]
}

async function readAll(database: TestDatabase, options: Partial<DatabaseSourceOptions> = {}): Promise<Collected> {
  const out = collectSegments()
  const { detail, problems } = await sourceOf(database, options).read(out, new AbortController().signal)
  return { out, detail: parseDatabaseDetail(detail), problems }
}

function textOf(out: SegmentCollector, name: string): string {
  return String(out.segments.find(segment => segment.head.name === name)?.bytes ?? '')
}

/** Does something when the first rows of a segment have been read. */
function interfere(out: SegmentCollector, name: string, action: () => Promise<void>): SegmentWriter {
  let isDone = false
  return {
    restart: () => out.restart(),
    expect: bytes => out.expect(bytes),
    phase: text => out.phase(text),
    segment: (head, bytes) =>
      out.segment(
        head,
        (async function* () {
          let parts = 0
          for await (const part of bytes) {
            yield part
            // The first part is the line before the rows.
            if (head.name !== name || ++parts < 2 || isDone) continue
            isDone = true
            await action()
          }
        })(),
      ),
  }
}

async function backends(database: TestDatabase): Promise<{ pid: number; query: string }[]> {
  const rows = await database.query(
    `SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY backend_start`,
  )
  return rows as { pid: number; query: string }[]
}

/** A backend takes a moment to notice that its client has gone. */
async function expectNoBackends(database: TestDatabase): Promise<void> {
  await expect.poll(() => backends(database), { timeout: 10_000 }).toEqual([])
}

async function fill(database: TestDatabase, name: string, megabytes: number): Promise<void> {
  await database.query(
    `CREATE TABLE ${name} AS SELECT i, repeat(md5(i::text), 31) AS t FROM generate_series(1, ${megabytes * 1000}) i`,
  )
}

test.each(MAJORS)(
  'a database with one of everything comes back from its segments on PostgreSQL %i',
  async major => {
    await using original = await createEverything(major)
    await using copy = await createDatabase(major, 'TEMPLATE template0')
    const { out, detail, problems } = await readAll(original)
    await loadSegments(copy.url, out.segments)

    const [before, after] = await Promise.all([fingerprint(original.url), fingerprint(copy.url)])
    // Hashed by the OIDs of an enum's values, rows may belong into another partition now.
    const comparable = (rows: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(rows).filter(([name]) => !name.startsWith('cb.by_mood_')))
    expect(comparable(after.rows)).toEqual(comparable(before.rows))
    const byMood = 'SELECT count(*), md5(string_agg(t::text, $1 ORDER BY t::text)) AS md5 FROM cb.by_mood t'
    expect(await copy.query(byMood, ['|'])).toEqual(await original.query(byMood, ['|']))
    const views = (schema: string) => schema.match(/^CREATE .*$/gm)?.length
    expect(views(after.schema)).toBe(views(before.schema))

    expect(problems.map(({ message }) => message.replace(/:.*/s, ''))).toEqual([
      'Constraints that nobody has validated may have rows that break them, and come back like that',
    ])
    expect(detail).toMatchObject({
      encoding: 'UTF8',
      schemaOnly: false,
      excludedData: [],
      pgDump: 'pg_dump 18.3 (bundled)',
    })
    expect(Math.floor(detail.serverVersion / 10_000)).toBe(major)
    expect(detail.schemas).toEqual(expect.arrayContaining(['public', 'cb', 'Upper Case', 'new\nline', 'empty_schema']))
    expect(detail.rows).toMatchObject({ 'cb.zero_columns': 3, 'cb.only_generated': 2, 'cb.unlogged': 100 })
    await expectNoBackends(original)
  },
  120_000,
)

test.each(MAJORS)('a big table is read in ranges of pages, by the index of pages, on PostgreSQL %i', async major => {
  await using database = await createDatabase(major)
  await using copy = await createDatabase(major)
  // Nearly empty pages make a table of many pages from few rows.
  await database.query(`
    CREATE TABLE wide (id integer, t text) WITH (fillfactor = 10);
    INSERT INTO wide SELECT i, repeat('x', 300) FROM generate_series(1, 40000) i;
    UPDATE wide SET t = repeat('y', 310) WHERE id % 7 = 0;
    DELETE FROM wide WHERE id % 11 = 0;`)
  const [{ pages } = { pages: 0 }] = (await database.query(
    `SELECT (pg_relation_size('wide') / 8192)::int AS pages`,
  )) as { pages: number }[]
  expect(pages).toBeGreaterThan(RANGE_PAGES)
  const { out, detail } = await readAll(database)
  const names = [`public.wide [0-${RANGE_PAGES})`, `public.wide [${RANGE_PAGES}-)`]
  expect(Object.keys(detail.rows).toSorted()).toEqual(names)
  expect(names.every(name => (detail.rows[name] ?? 0) > 0)).toBe(true)
  await loadSegments(copy.url, out.segments)
  const digest = `SELECT count(*), md5(string_agg(id || t, '' ORDER BY id)) AS md5 FROM wide`
  expect(await copy.query(digest)).toEqual(await database.query(digest))
  const plan = await database.query(
    `EXPLAIN SELECT id, t FROM ONLY wide WHERE ctid >= '(${RANGE_PAGES},0)' AND ctid < '(${2 * RANGE_PAGES},0)'`,
  )
  expect(JSON.stringify(plan)).toContain('Tid Range Scan')
})

test('what is written while lanes read shows in none of them', async () => {
  await using database = await createDatabase(18)
  await using copy = await createDatabase(18)
  for (const name of ['left_side', 'right_side']) {
    await database.query(
      `CREATE TABLE ${name} AS SELECT i AS id, 100 AS amount, repeat('x', 500) AS t FROM generate_series(1, 20000) i`,
    )
  }
  let isWriting = true
  const writer = (async () => {
    for (let round = 1; isWriting; round++) {
      await database.query(`BEGIN; UPDATE left_side SET amount = amount - 7 WHERE id = ${round};
        UPDATE right_side SET amount = amount + 7 WHERE id = ${round}; INSERT INTO left_side VALUES (-${round}, ${round});
        INSERT INTO right_side VALUES (-${round}, -${round}); COMMIT`)
    }
    return database.query('SELECT count(*)::int AS count FROM left_side')
  })()
  const { out } = await readAll(database)
  isWriting = false
  const [written] = await writer
  await loadSegments(copy.url, out.segments)
  const [sums] = await copy.query(`
    SELECT (SELECT sum(amount) FROM left_side) + (SELECT sum(amount) FROM right_side) AS total,
           (SELECT count(*) FROM left_side)::int AS lefts, (SELECT count(*) FROM right_side)::int AS rights`)
  expect(sums?.total).toBe('4000000')
  expect(sums?.lefts).toBe(sums?.rights)
  expect(written?.count).toBeGreaterThanOrEqual(Number(sums?.lefts))
})

test.each(MAJORS)(
  'large objects of all sizes, with owner, privileges and comment, come back on PostgreSQL %i',
  async major => {
    await using database = await createDatabase(major)
    await using copy = await createDatabase(major)
    const role = `reader_${database.name}`
    await database.query(`
    CREATE ROLE ${role};
    SELECT lo_from_bytea(1000, '');
    SELECT lo_from_bytea(1001, decode(repeat('00ff', 131072), 'hex'));
    SELECT lo_from_bytea(1002, decode(repeat('ab', 262145), 'hex'));
    SELECT lo_from_bytea(1003, (SELECT string_agg(sha256(i::text::bytea), ''::bytea ORDER BY i) FROM generate_series(1, 100000) i));
    SELECT lo_from_bytea(2000 + i, sha256(i::text::bytea)) FROM generate_series(1, 5000) i;
    GRANT SELECT ON LARGE OBJECT 1003 TO ${role} WITH GRANT OPTION;
    GRANT UPDATE ON LARGE OBJECT 1003 TO PUBLIC;
    REVOKE UPDATE ON LARGE OBJECT 1002 FROM CURRENT_USER;
    ALTER LARGE OBJECT 1001 OWNER TO ${role};
    COMMENT ON LARGE OBJECT 1000 IS E'it''s\\n"two" \\\\ lines';`)
    const { out } = await readAll(database)
    for (const { head, bytes } of out.segments) {
      const detail = parseSegmentDetail(head.detail)
      if (detail.kind !== 'script') continue
      expect(String(bytes)).toMatch(/^([A-Z][^\n]*;\n)*$/)
    }
    await loadSegments(copy.url, out.segments)
    const all = `
    SELECT l.oid, md5(lo_get(l.oid)), length(lo_get(l.oid)), pg_get_userbyid(lomowner) AS owner, lomacl::text AS acl,
           obj_description(l.oid, 'pg_largeobject') AS comment
      FROM pg_largeobject_metadata l ORDER BY 1`
    expect(await copy.query(all)).toEqual(await database.query(all))
    await copy.query(`DROP OWNED BY ${role}`)
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  },
)

test('a large object that the role may not read fails the backup as a matter of permission', async () => {
  await using database = await createDatabase(18)
  const role = `plain_${database.name}`
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; SELECT lo_from_bytea(1234, 'x')`)
  const url = new URL(database.url)
  url.username = role
  await expect(readAll(database, { url: url.href })).rejects.toMatchObject({
    code: 'permission',
    message: expect.stringContaining('large object'),
  })
  await database.query(`DROP ROLE ${role}`)
})

test('a lane that is lost amid a table gets another connection and reads it again', async () => {
  await using database = await createDatabase(18)
  await fill(database, 'big', 30)
  await fill(database, 'small', 1)
  const out = collectSegments()
  const writer = interfere(out, 'public.big', async () => {
    const lane = (await backends(database)).find(backend => backend.query.startsWith('COPY "public"."big"'))
    await database.query('SELECT pg_terminate_backend($1)', [lane?.pid])
  })
  const { detail } = await sourceOf(database).read(writer, new AbortController().signal)
  expect(parseDatabaseDetail(detail).rows).toEqual({ 'public.big': 30_000, 'public.small': 1000 })
  expect(textOf(out, 'public.big').split('\n')).toHaveLength(30_000 + 4)
})

test('a leader that is lost ends the backup with an error that says to start again', async () => {
  await using database = await createDatabase(18)
  await fill(database, 'big', 30)
  const writer = interfere(collectSegments(), 'public.big', async () => {
    const [leader] = await backends(database)
    await database.query('SELECT pg_terminate_backend($1)', [leader?.pid])
  })
  await expect(sourceOf(database).read(writer, new AbortController().signal)).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('held the snapshot'),
  })
  await expectNoBackends(database)
})

test('an abort ends the reading with its reason and leaves no backend', async () => {
  await using database = await createDatabase(18)
  await fill(database, 'big', 30)
  const controller = new AbortController()
  const reason = new ComebackError('cancelled', 'Enough.')
  const writer = interfere(collectSegments(), 'public.big', async () => controller.abort(reason))
  await expect(sourceOf(database).read(writer, controller.signal)).rejects.toBe(reason)
  await expectNoBackends(database)
})

test('a writer that fails ends the reading with its own error and leaves no backend', async () => {
  await using database = await createDatabase(18)
  await fill(database, 'big', 30)
  const full = new ComebackError('store-full', 'No room.')
  const writer = interfere(collectSegments(), 'public.big', async () => {
    throw full
  })
  await expect(sourceOf(database).read(writer, new AbortController().signal)).rejects.toBe(full)
  await expectNoBackends(database)
})

test('when one lane fails, reading ends only when no other is at work any more', async () => {
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE slow AS SELECT 1 AS a; CREATE TABLE bad AS SELECT 1 AS a')
  const out = collectSegments()
  const started = Promise.withResolvers<void>()
  let working = 0
  const writer: SegmentWriter = {
    ...out,
    async segment(head, bytes) {
      if (head.name === 'public.bad') {
        await started.promise
        throw new ComebackError('store-full', 'The store is full.')
      }
      if (head.name !== 'public.slow') return await out.segment(head, bytes)
      working++
      started.resolve()
      // A store that takes its time with a pack.
      await sleep(1_000)
      working--
      return await out.segment(head, bytes)
    },
  }
  const reading = sourceOf(database).read(writer, new AbortController().signal)
  await expect(reading).rejects.toMatchObject({ code: 'store-full' })
  expect(working).toBe(0)
})

test('a table that stays locked is named when time is up', async () => {
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE busy (); CREATE TABLE idle ()')
  const migration = await connected(database)
  await migration.query('BEGIN; LOCK TABLE busy')
  await expect(readAll(database, { lockTimeout: 300 })).rejects.toMatchObject({
    code: 'timeout',
    message: expect.stringContaining('public.busy'),
  })
  await migration.end()
  await expectNoBackends(database)
})

test('a migration that begins amid the backup waits for it, and does not stop it', async () => {
  await using database = await createDatabase(18)
  await fill(database, 'big', 30)
  await fill(database, 'later', 1)
  const migration = await connected(database)
  let migrated: Promise<unknown> = Promise.resolve()
  const out = collectSegments()
  const writer = interfere(out, 'public.big', async () => {
    await expect.poll(() => textOf(out, 'schema, post-data'), { timeout: 20_000 }).not.toBe('')
    migrated = migration.query('ALTER TABLE later ADD COLUMN new integer')
    await sleep(300)
  })
  const { detail } = await sourceOf(database, { lanes: 1 }).read(writer, new AbortController().signal)
  expect(parseDatabaseDetail(detail).rows).toEqual({ 'public.big': 30_000, 'public.later': 1000 })
  await migrated
  await migration.end()
})

test('rows of excluded tables and of partitions of excluded tables are left out, and said to be', async () => {
  await using database = await createDatabase(18)
  await database.query(`
    CREATE SCHEMA audit;
    CREATE TABLE audit.logs AS SELECT 1 AS a;
    CREATE TABLE logs AS SELECT 1 AS a;
    CREATE TABLE kept AS SELECT 1 AS a;
    CREATE TABLE parted (a integer) PARTITION BY LIST (a);
    CREATE TABLE leaf PARTITION OF parted FOR VALUES IN (1);
    INSERT INTO parted VALUES (1);`)
  const { out, detail, problems } = await readAll(database, {
    excludeTableData: ['LOGS', 'public.parted', 'nothing_*'],
  })
  expect(Object.keys(detail.rows).toSorted()).toEqual(['audit.logs', 'public.kept'])
  expect(detail.excludedData).toEqual(
    expect.arrayContaining([
      { schema: 'public', name: 'logs' },
      { schema: 'public', name: 'leaf' },
    ]),
  )
  expect(detail.excludedData).toHaveLength(2)
  expect(textOf(out, 'schema, pre-data')).toContain('CREATE TABLE public.logs')
  expect(problems.map(problem => problem.message)).toEqual([expect.stringContaining('nothing_*')])
})

test('a backup of the schema alone holds no rows, no values and no large objects', async () => {
  await using database = await createDatabase(18)
  await database.query(`CREATE TABLE t (id serial); INSERT INTO t DEFAULT VALUES; SELECT lo_from_bytea(0, 'x');
    CREATE MATERIALIZED VIEW filled AS SELECT * FROM t`)
  const { out, detail, problems } = await readAll(database, { schemaOnly: true })
  expect(out.segments.map(segment => segment.head.name)).toEqual(['schema, pre-data', 'schema, post-data'])
  expect(textOf(out, 'schema, post-data')).not.toContain('REFRESH')
  expect(detail).toMatchObject({ schemaOnly: true, rows: {} })
  expect(problems).toEqual([])
})

test('an empty database gives a valid backup and a warning', async () => {
  await using database = await createDatabase(18)
  await using copy = await createDatabase(18)
  const { out, problems } = await readAll(database)
  expect(problems).toEqual([
    expect.objectContaining({ severity: 'warning', message: expect.stringContaining('is empty') }),
  ])
  await loadSegments(copy.url, out.segments)
})

test('bytes of unknown encoding pass through an SQL_ASCII database unchanged', async () => {
  await using database = await createDatabase(18, `TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`)
  await database.query(`CREATE TABLE t AS SELECT convert_from('\\xe9ff41', 'SQL_ASCII') AS latin`)
  const { out, detail } = await readAll(database)
  expect(detail.encoding).toBe('SQL_ASCII')
  const segment = out.segments.find(one => one.head.name === 'public.t')
  expect(segment?.bytes.includes(Buffer.from([0xe9, 0xff, 0x41]))).toBe(true)
})

test("rows that users added to an extension's tables are read, in the order of their foreign keys", async () => {
  await using database = await createDatabase(18)
  // What an extension's script does with pg_extension_config_dump().
  await database.query(`
    CREATE EXTENSION hstore;
    CREATE TABLE kinds (id integer PRIMARY KEY, builtin boolean);
    CREATE TABLE a_settings (id integer, kind integer REFERENCES kinds);
    CREATE TABLE private (id integer);
    CREATE SEQUENCE config_sequence;
    CREATE SEQUENCE private_sequence;
    INSERT INTO kinds SELECT i, i <= 2 FROM generate_series(1, 5) i;
    INSERT INTO a_settings VALUES (1, 3);
    INSERT INTO private VALUES (1);
    ALTER EXTENSION hstore ADD TABLE kinds;
    ALTER EXTENSION hstore ADD TABLE a_settings;
    ALTER EXTENSION hstore ADD TABLE private;
    ALTER EXTENSION hstore ADD SEQUENCE config_sequence;
    ALTER EXTENSION hstore ADD SEQUENCE private_sequence;
    UPDATE pg_extension SET extconfig = ARRAY['a_settings', 'kinds', 'config_sequence']::regclass[]::oid[],
      extcondition = ARRAY['', 'WHERE NOT builtin', ''] WHERE extname = 'hstore';`)
  const { out, detail } = await readAll(database)
  expect(detail.rows).toEqual({ 'public.kinds': 3, 'public.a_settings': 1 })
  const added = out.segments.filter(segment => segment.head.group.endsWith('data'))
  expect(added.map(segment => segment.head.name)).toEqual(['public.kinds', 'public.a_settings'])
  expect(added.map(segment => segment.head.detail)).toEqual([
    expect.objectContaining({ rows: 'added' }),
    expect.objectContaining({ rows: 'added' }),
  ])
  expect(textOf(out, 'sequence values')).toBe(`SELECT pg_catalog.setval('"public"."config_sequence"', 1, false);\n`)
})

test('rows whose hash partition depends on the OIDs of an enum are loaded through the root', async () => {
  await using database = await createDatabase(18)
  await database.query(`
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE root (region integer, mood mood) PARTITION BY LIST (region);
    CREATE TABLE middle PARTITION OF root FOR VALUES IN (1) PARTITION BY HASH (mood);
    CREATE TABLE leaf (mood mood, region integer);
    ALTER TABLE middle ATTACH PARTITION leaf FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    CREATE TABLE plain PARTITION OF root FOR VALUES IN (2);
    INSERT INTO root VALUES (1, 'sad'), (2, 'ok');`)
  const { out } = await readAll(database)
  const into = (name: string) => out.segments.find(segment => segment.head.name === name)?.head.detail
  expect(into('public.leaf')).toMatchObject({ into: { schema: 'public', name: 'root' }, columns: ['mood', 'region'] })
  expect(textOf(out, 'public.leaf')).toBe('COPY "public"."root" ("mood", "region") FROM stdin;\nsad\t1\n\\.\n\n')
  expect(into('public.plain')).toMatchObject({ into: { schema: 'public', name: 'plain' } })
})

test('so are those whose hash may hold an OID in an array, a range, a row or the name of a table, and no others', async () => {
  await using database = await createDatabase(18)
  const types = ['mood[]', 'moods', 'pair', 'regclass', 'text', 'int', 'uuid', 'date']
  await database.query(`
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE moods AS RANGE (SUBTYPE = mood); CREATE TYPE pair AS (a int, m mood);
    ${types.map((type, at) => `CREATE TABLE r${at} (k ${type}) PARTITION BY HASH (k); CREATE TABLE p${at} PARTITION OF r${at} FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO r${at} VALUES (NULL);`).join('\n')}`)
  const { out } = await readAll(database)
  const through = types.filter((_, at) => {
    const detail = out.segments.find(segment => segment.head.name === `public.p${at}`)?.head.detail
    return JSON.stringify(detail).includes(`"into":{"schema":"public","name":"r${at}"}`)
  })
  expect(through).toEqual(['mood[]', 'moods', 'pair', 'regclass'])
})

test('a server without room for all lanes is read by those that there is room for', async () => {
  await using database = await createDatabase(18)
  const role = `narrow_${database.name}`
  await database.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 2;
    GRANT pg_read_all_data TO ${role};
    CREATE TABLE a AS SELECT 1 AS a;
    CREATE TABLE b AS SELECT 1 AS a;
    CREATE TABLE c AS SELECT 1 AS a;`)
  const url = new URL(database.url)
  url.username = role
  const { out, detail, problems } = await readAll(database, { url: url.href, lanes: 3, connectTimeout: 3000 })
  expect(Object.keys(detail.rows)).toHaveLength(3)
  expect(textOf(out, 'schema, post-data')).toContain('dump complete')
  expect(problems.every(problem => problem.severity === 'warning')).toBe(true)
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

async function connected(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  return client
}
