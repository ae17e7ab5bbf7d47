/** Values stay what they are, whatever the roles of source and target have set: nothing of it may reach a text. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { parseDatabaseDetail } from '../../src/postgres/detail.ts'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { createDatabaseProver } from '../../src/postgres/prove.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { FRANCS, makeLocales, PESOS } from '../support/locales.ts'
import { startNewest } from '../support/newest.ts'
import { type Major, startServer, type TestServer } from '../support/postgres.ts'
import { needTools } from '../support/stock-tool.ts'
import { THOROUGH } from '../support/thorough.ts'
import { backUp, read, restore, run } from './round-trip.ts'

/** Of those at their newest the one that sees this machine's files, of which the locales are some. */
const SERVERS: readonly (Major | 'newest 15')[] = THOROUGH ? [14, 15, 'newest 15', 16, 17, 18] : [14, 18]
const never = new AbortController().signal

/** What an operator, a framework or a provider may have given to a role; those that the server doesn't know are left out. */
const SOURCE = {
  lc_monetary: PESOS,
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-5',
  xmloption: 'document',
  quote_all_identifiers: 'on',
  array_nulls: 'off',
  transform_null_equals: 'on',
  search_path: 'hidden',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  idle_session_timeout: '10s',
  exit_on_error: 'on',
  backslash_quote: 'off',
  enable_tidscan: 'off',
}
const TARGET = {
  ...SOURCE,
  lc_monetary: FRANCS,
  DateStyle: 'SQL, MDY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'America/St_Johns',
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  icu_validation_level: 'error',
  timezone_abbreviations: 'Australia',
  row_security: 'off',
  check_function_bodies: 'on',
  client_min_messages: 'error',
  standard_conforming_strings: 'off',
}

const VALUES = `
  CREATE TYPE pair AS (cost money, parts text[]);
  CREATE TABLE v (
    id int PRIMARY KEY, cost money, costs money[], pair pair, texts text[], numbers int[], took interval, tooks interval[],
    f8 float8, f4 float4, bytes bytea, doc xml, at timestamptz, ats timestamptz[], time timetz, day date, during tstzrange,
    words tsvector, json jsonb, number numeric, bits bit varying, place point, path text,
    price money DEFAULT '1,234.56', moment timestamptz DEFAULT '2024-02-03 04:05:06+00', raw bytea DEFAULT '\\x00ff27');
  INSERT INTO v (id, cost, costs, pair, texts, numbers, took, tooks, f8, f4, bytes, doc, at, ats, time, day, during, words, json,
                 number, bits, place, path) VALUES
    (1, 12.34, ARRAY[1234567.89::numeric::money, NULL], (0.01::numeric::money, ARRAY['a', NULL, 'NULL']),
     ARRAY[NULL, 'NULL', 'null', ''], ARRAY[NULL, 1], '-1 year +2 mons -3 days 04:05:06.7', ARRAY[interval '-1 day', '-00:00:01'],
     0.1::float8 + 0.2, 1.1::float4 / 3, '\\x5c27000a41ff', XMLPARSE(CONTENT 'a <b/> c'), '0044-03-15 12:00:00 BC',
     ARRAY['2024-07-01 12:00:00+02'::timestamptz, 'infinity'], '12:00:00+05:45', '2024-02-01', '[2024-01-01 00:00+00,)',
     'a:1 ''b c'':2', '{"a": [null, 1e400]}', 1e-20, B'0101', '(0.1,0.2)', E'back\\\\slash ''quoted'''),
    (2, -98765432.10, '{}', NULL, '{}', NULL, '1 mon -1 day', NULL, 'NaN', '-Infinity', '', XMLPARSE(DOCUMENT '<a/>'),
     '12024-01-01 00:00:00+00', NULL, '23:59:59.999999-11', '0001-01-01', 'empty', '', 'null', 'NaN', B'', '(1e300,-0)', '');
  CREATE TABLE dated (at timestamptz, cost money) PARTITION BY RANGE (at);
  CREATE TABLE dated_1 PARTITION OF dated FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
  INSERT INTO dated VALUES ('2024-01-01 00:00:00+00', 0.99), ('2024-12-31 23:59:59+00', -0.01);
  CREATE VIEW compared AS SELECT id FROM v WHERE path = NULL OR cost > 3.50::money;
  CREATE TABLE checked (t text, CHECK (t = NULL OR t <> 'x'));
  CREATE VIEW seen AS SELECT id, cost FROM v;
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n, sum(cost) AS cost FROM seen;`

const LOOKING = `SET lc_monetary = 'C'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 3; SET array_nulls = on; SET quote_all_identifiers = off`
const CONTENTS = `
  SELECT 'v' AS name, to_jsonb(array_agg(v::text ORDER BY id))::text AS rows FROM v
  UNION ALL SELECT 'dated_1', to_jsonb(array_agg(d::text ORDER BY at))::text FROM dated_1 d
  UNION ALL SELECT 'counted', to_jsonb(array_agg(c::text))::text FROM counted c
  UNION ALL SELECT 'compared', pg_get_viewdef('compared'::regclass)
  UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'checked'::regclass AND contype = 'c'
  UNION ALL SELECT 'default ' || adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef
  UNION ALL SELECT 'bound', pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'dated_1'
   ORDER BY 1`

describe.each(SERVERS)('on PostgreSQL %s, between roles with settings of their own', which => {
  let locales: Disposable
  let server: Omit<TestServer, 'major'>
  let count = 0

  beforeAll(async () => {
    locales = makeLocales()
    server = which === 'newest 15' ? await startNewest(15) : await startServer(which)
    await run(server.url(), ...roleWith('source', SOURCE), ...roleWith('target', TARGET))
    await run(await server.createDatabase('shop'), VALUES)
  }, 60_000)

  afterAll(async () => {
    await server.stop()
    locales[Symbol.dispose]()
  })

  function roleWith(name: string, settings: Readonly<Record<string, string>>): string[] {
    const made = Object.entries(settings).map(
      ([setting, value]) => `DO $do$ BEGIN
        IF EXISTS (SELECT FROM pg_settings WHERE name = '${setting}') THEN
          ALTER ROLE ${name} SET ${setting} TO ${setting === 'search_path' ? value : `'${value}'`}; END IF; END $do$`,
    )
    return [`CREATE ROLE ${name} SUPERUSER LOGIN PASSWORD 'secret'`, ...made]
  }

  const as = (role: string, url: string) => url.replace('postgres:secret@', `${role}:secret@`)
  const shop = () => as('source', server.url('shop'))
  const contents = (url: string) => run(url, LOOKING, CONTENTS)

  async function newTarget(sql = ''): Promise<string> {
    const url = await server.createDatabase(`target_${count++}`)
    if (sql !== '') await run(url, sql)
    return url
  }

  test('everything comes back into an empty database', async () => {
    const url = await newTarget()
    expect((await restore(as('target', url), await backUp(shop()))).problems).toEqual([])
    expect(await contents(url)).toEqual(await contents(server.url('shop')))
  })

  test('everything takes the place of what was there, in one transaction and by a swap', async () => {
    const backup = await backUp(shop())
    for (const mode of ['atomic', 'swap'] as const) {
      const url = await newTarget('CREATE TABLE v (id int)')
      await restore(as('target', url), backup, { mode })
      expect(await contents(url)).toEqual(await contents(server.url('shop')))
    }
  })

  test('rows alone come back into their tables', async () => {
    const url = await newTarget(`${VALUES}; UPDATE v SET cost = 1, costs = NULL, texts = NULL; DELETE FROM dated`)
    const selection = { tables: [], schemas: [], schemaOnly: false, dataOnly: true }
    await restore(as('target', url), await backUp(shop()), { selection })
    await run(url, 'REFRESH MATERIALIZED VIEW counted')
    expect(await contents(url)).toEqual(await contents(server.url('shop')))
  })

  test('psql makes the same of the script', async context => {
    needTools(context, 'psql')
    // Not every minor version knows it, so that no script can set it.
    await run(server.url(), 'ALTER ROLE target RESET restrict_nonsystem_relation_kind')
    const { segments } = await read(shop())
    const out = collectSegments()
    for (const { head, bytes } of segments) await out.segment(head, [bytes].values() as never)
    const url = await newTarget()
    const psql = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', as('target', url)], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let said = ''
    psql.stderr.on('data', text => {
      said += text
    })
    psql.stdin.end(out.stock())
    await once(psql, 'close')
    expect(said).toBe('')
    expect(await contents(url)).toEqual(await contents(server.url('shop')))
  })

  async function findings(url: string, backup: StoredBackup) {
    const options = { connectTimeout: 5_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] }
    return (await createDatabaseProver({ url, ...options }).prove(backup, { progress: countProgress() }, never))
      .findings
  }

  test('a proof finds nothing to say, and drops its database again', async () => {
    const url = await newTarget()
    expect(await findings(as('target', url), await backUp(shop()))).toEqual([])
    expect(await run(url, "SELECT datname FROM pg_database WHERE datname LIKE 'comeback%'")).toEqual([])
  })

  test('a backup of an older version, written under settings of the source, is read under the same of the target', async () => {
    const out = collectSegments()
    const options = { connectTimeout: 5_000, lanes: 1, schemaOnly: false, excludeTableData: [], written: {} }
    const { detail } = await createDatabaseSource({ url: shop(), ...options }).read(out, never)
    const { settings: _, ...old } = parseDatabaseDetail(detail)
    const backup = storedBackup(out.segments, { detail: old, problems: [] })
    const url = await newTarget()
    await restore(as('source', url), backup)
    expect(await contents(url)).toEqual(await contents(server.url('shop')))
    expect(await findings(as('source', await newTarget()), backup)).toEqual([])
  })
})
