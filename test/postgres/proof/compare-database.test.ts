/** A restored database, as it is and tampered with: each change is found and named, and nothing else is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { compareDatabase } from '../../../src/postgres/proof/compare-database.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createEverything } from '../../fixtures/everything.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, cutIntoRanges, read, restore, SHOP } from '../round-trip.ts'

const never = new AbortController().signal

async function compare(backup: StoredBackup, url: string) {
  const detail = parseDatabaseDetail(backup.detail)
  const target = { url, connectTimeout: 10_000, signal: never }
  return await compareDatabase({ backup, detail, connect: target, lanes: 2, progress: countProgress() })
}

test.each(MAJORS)('on PostgreSQL %i one of everything is the same after a restore', async major => {
  await using source = await createEverything(major)
  await using target = await createDatabase(major, 'TEMPLATE template0')
  const backup = await backUp(source.url)
  await restore(target.url, backup, { mode: 'parallel' })
  const { checks, findings, tables } = await compare(backup, target.url)
  expect(findings).toEqual([])
  expect(checks.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'rows passed',
    'schema passed',
    'sequences passed',
    'large-objects passed',
  ])
  expect(tables.length).toBeGreaterThan(10)
})

const MORE = `
  CREATE TABLE public.empty (i int);
  CREATE TABLE public.keys (k text PRIMARY KEY, weird text, "Größe" int);
  INSERT INTO public.keys SELECT 'k' || i, E'tab\\t line\\n back\\\\slash' || i, i FROM generate_series(1, 1000) i;
  CREATE TABLE public.wide (i int, big text); ALTER TABLE public.wide ALTER big SET STORAGE EXTERNAL;
  INSERT INTO public.wide SELECT i, repeat('x', 1000 + i) FROM generate_series(1, 50) i;
  CREATE VIEW public.cheap AS SELECT k FROM public.keys WHERE "Größe" < 10;
  CREATE FUNCTION public.over(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION public.over(text) RETURNS int LANGUAGE sql AS 'SELECT 2';
  CREATE TABLE public.guarded (i int); ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON public.guarded USING (i > 0);
  CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE INSERT ON public.guarded FOR EACH ROW EXECUTE FUNCTION public.noop();
  COMMENT ON TABLE public.keys IS 'keys';
  GRANT SELECT ON public.keys TO PUBLIC;
  CREATE SEQUENCE public.counter START 5; SELECT nextval('public.counter'), nextval('public.counter');
  SELECT lo_from_bytea(778, decode(repeat('ab', 300000), 'hex'));`

/** What is done to the restored database, and all that must be said of it: codes and subjects. */
type Change = readonly [what: string, sql: string, findings: readonly string[], where?: RegExp]
const CHANGES: readonly Change[] = [
  [
    'one byte of one row changed',
    `UPDATE public.keys SET weird = weird || '.' WHERE k = 'k17'`,
    ['rows-differ public.keys'],
    /row 17/,
  ],
  [
    'a row missing',
    `DELETE FROM public.keys WHERE k = 'k500'`,
    ['rows-missing public.keys'],
    /^1 of 1,000 rows .* row 500\.$/,
  ],
  ['the last row missing', `DELETE FROM public.keys WHERE k = 'k1000'`, ['rows-missing public.keys'], /row 1,000\.$/],
  [
    'a row duplicated',
    `INSERT INTO public.wide SELECT * FROM public.wide WHERE i = 3`,
    ['rows-extra public.wide'],
    /1 row more than were backed up \(50\).* row 51\.$/,
  ],
  [
    'all rows written again in another order',
    `CREATE TEMP TABLE x AS SELECT * FROM public.wide; TRUNCATE public.wide; INSERT INTO public.wide SELECT * FROM x ORDER BY i DESC`,
    ['rows-reordered public.wide'],
  ],
  ['a table emptied', 'TRUNCATE public.wide', ['rows-missing public.wide'], /^50 of 50 rows/],
  ['a row in a table that was empty', 'INSERT INTO public.empty VALUES (1)', ['rows-extra public.empty']],
  ['a table dropped', 'DROP TABLE public.wide', ['table-missing public.wide', 'schema-missing TABLE public.wide']],
  [
    'a table too many',
    'CREATE TABLE public.more AS SELECT 1 AS i',
    ['rows-extra public.more', 'schema-extra TABLE public.more'],
  ],
  ['a partition without a row', 'DELETE FROM shop.event_2 WHERE n = 600', ['rows-missing shop.event_2']],
  ['a sequence behind', `SELECT setval('public.counter', 5)`, ['sequence-differs sequence public.counter'], /behind/],
  [
    'a sequence not called yet',
    `SELECT setval('public.counter', 6, false)`,
    ['sequence-differs sequence public.counter'],
    /behind/,
  ],
  ['a sequence ahead', `SELECT setval('public.counter', 100)`, ['sequence-differs sequence public.counter'], /ahead/],
  [
    'a large object changed',
    `SELECT lo_put(778, 262144, 'X')`,
    ['large-object-differs large object 778'],
    /is not as it was backed up/,
  ],
  ['a large object missing', 'SELECT lo_unlink(777)', ['large-object-differs large object 777'], /did not come back/],
  [
    'a large object too many',
    `SELECT lo_from_bytea(779, 'x')`,
    ['large-object-differs large object 779'],
    /was not backed up/,
  ],
  [
    'a grant on a large object',
    'GRANT SELECT ON LARGE OBJECT 778 TO PUBLIC',
    ['large-object-differs large object 778'],
  ],
  [
    'a view changed',
    'CREATE OR REPLACE VIEW public.cheap AS SELECT k FROM public.keys WHERE "Größe" < 11',
    ['schema-differs VIEW public.cheap'],
    /line/,
  ],
  ['a grant missing', 'REVOKE SELECT ON public.keys FROM PUBLIC', ['schema-missing ACL public.TABLE keys']],
  ['a function dropped', 'DROP FUNCTION public.over(text)', ['schema-missing FUNCTION public.over(text)']],
  [
    'one of two functions of a name changed',
    `CREATE OR REPLACE FUNCTION public.over(int) RETURNS int LANGUAGE sql AS 'SELECT 3'`,
    ['schema-differs FUNCTION public.over(integer)'],
  ],
  [
    'an owner changed',
    'ALTER FUNCTION public.noop() OWNER TO pg_monitor',
    ['schema-differs FUNCTION public.noop()'],
    /owner/,
  ],
  ['a trigger disabled', 'ALTER TABLE public.guarded DISABLE TRIGGER t', ['schema-differs TRIGGER public.guarded t']],
  ['a policy missing', 'DROP POLICY p ON public.guarded', ['schema-missing POLICY public.guarded p']],
  [
    'row level security off',
    'ALTER TABLE public.guarded DISABLE ROW LEVEL SECURITY',
    ['schema-missing ROW SECURITY public.guarded'],
  ],
  ['a comment changed', `COMMENT ON TABLE public.keys IS 'locks'`, ['schema-differs COMMENT public.TABLE keys']],
  ['a default changed', 'ALTER TABLE public.empty ALTER i SET DEFAULT 7', ['schema-differs TABLE public.empty']],
  ['an index missing', 'DROP INDEX public.orders_twice_idx', ['schema-missing INDEX public.orders_twice_idx']],
  [
    'a foreign key missing',
    'ALTER TABLE public.orders DROP CONSTRAINT orders_customer_fkey',
    ['schema-missing FK CONSTRAINT public.orders orders_customer_fkey'],
  ],
]

describe('a change of the restored database', () => {
  let source: TestDatabase
  let restored: TestDatabase
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(18, 'TEMPLATE template0')
    await source.query(SHOP)
    await source.query(MORE)
    restored = await createDatabase(18, 'TEMPLATE template0')
    backup = await backUp(source.url)
    await restore(restored.url, backup, { mode: 'parallel' })
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
    await restored[Symbol.asyncDispose]()
  })

  test.each(CHANGES.map(change => ({ what: change[0], change })))('$what is found and named', async ({ change }) => {
    const [, sql, expected, where = /./] = change
    await using target = await createDatabase(18, `TEMPLATE ${restored.name}`)
    await target.query(sql)
    const { findings } = await compare(backup, target.url)
    expect(findings.map(({ code, subject }) => `${code} ${subject}`).sort()).toEqual([...expected].sort())
    expect(findings.map(({ message }) => message).join('\n')).toMatch(where)
    // What stands in a table never stands in a report.
    expect(JSON.stringify(findings)).not.toMatch(/back\\|slash|xxxx|SELECT [123]|locks/)
  })

  test('without any nothing is found', async () => {
    await using target = await createDatabase(18, `TEMPLATE ${restored.name}`)
    const { findings, checks } = await compare(backup, target.url)
    expect(findings).toEqual([])
    expect(checks.every(({ result }) => result === 'passed')).toBe(true)
  })
})

describe('a table of several pieces', () => {
  let source: TestDatabase
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(14)
    await source.query(`CREATE TABLE public.long (i int, t text); INSERT INTO public.long
      SELECT i, repeat(md5(i::text), i % 40) FROM generate_series(1, 5000) i`)
    const { segments, result } = await read(source.url)
    const cut = cutIntoRanges(segments, 'public.long', 4)
    const { rows, ...detail } = parseDatabaseDetail(result.detail)
    const counts = Object.fromEntries([0, 1, 2, 3].map(index => [`public.long [${index}-${index + 1})`, 1250]))
    // As the Source names them, in their order.
    const named = cut.map(segment => ({
      ...segment,
      head: { ...segment.head, name: segment.head.name.replace(/\[(\d)\]/, (_, n) => `[${n}-${Number(n) + 1})`) },
    }))
    backup = storedBackup(named, { detail: { ...detail, rows: { ...rows, ...counts } } })
  })

  afterAll(async () => {
    await source[Symbol.asyncDispose]()
  })

  test.each([
    ['nothing', 'SELECT 1', []],
    ['a row of the third piece changed', 'UPDATE public.long SET i = -i WHERE i = 3000', ['rows-differ public.long']],
    ['rows of the first piece missing', 'DELETE FROM public.long WHERE i < 300', ['rows-missing public.long']],
    ['whole pieces missing', 'DELETE FROM public.long WHERE i > 1250', ['rows-missing public.long']],
    ['all rows missing', 'DELETE FROM public.long', ['rows-missing public.long']],
    ['a row too many', `INSERT INTO public.long VALUES (0, '')`, ['rows-extra public.long']],
  ])('is read again in the same pieces: %s', async (_, sql, expected) => {
    await using target = await createDatabase(14)
    await restore(target.url, backup, { mode: 'parallel' })
    await target.query(sql)
    const { findings } = await compare(backup, target.url)
    expect(findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual(expected)
  })
})
