/** Tables that inherit, whose columns pg_dump cannot bring back in the order that they had. */
import { expect, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import type { ProofCheck, ProofFinding } from '../../../src/engine/proof.ts'
import { verdictOf } from '../../../src/engine/proof.ts'
import { isMoved } from '../../../src/postgres/column-order.ts'
import { parseDatabaseDetail } from '../../../src/postgres/detail.ts'
import { compareDatabase } from '../../../src/postgres/proof/compare-database.ts'
import { columnsOf } from '../../../src/postgres/proof/moved-columns.ts'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { backUp, restore } from '../round-trip.ts'

const FAMILY = `
  CREATE TABLE parent (a int, b text);
  CREATE TABLE attached (extra int, b text, a int); ALTER TABLE attached INHERIT parent;
  CREATE TABLE grown (x int DEFAULT 7) INHERITS (parent);
  CREATE TABLE nobody (b text, "Odd" text DEFAULT 'x
    y z', a int); ALTER TABLE nobody INHERIT parent;
  CREATE TABLE empty (x int DEFAULT 7) INHERITS (parent);
  ALTER TABLE parent ADD later text;
  CREATE TABLE straight (x int) INHERITS (parent);
  INSERT INTO attached VALUES (1, 'b', 2, 'l'), (3, NULL, 4, NULL); INSERT INTO grown (a, b, x, later) VALUES (1, 'b', 5, 'm'), (2, 'c', 6, 'n');
  INSERT INTO parent VALUES (9, 'p', 'q')`

const MOVED = ['attached', 'empty', 'grown', 'nobody'].map(name => `columns-moved public.${name}`)

interface Compared {
  readonly found: readonly string[]
  readonly findings: readonly ProofFinding[]
  readonly check: (name: string) => ProofCheck | undefined
}

async function compare(url: string, backup: StoredBackup): Promise<Compared> {
  const connect = { url, connectTimeout: 10_000, signal: new AbortController().signal }
  const detail = parseDatabaseDetail(backup.detail)
  const { findings, checks } = await compareDatabase({ backup, detail, connect, lanes: 2, progress: countProgress() })
  return {
    found: findings.map(({ code, subject }) => `${code} ${subject}`).sort(),
    findings,
    check: name => checks.find(check => check.name === name),
  }
}

function prove(url: string, backup: StoredBackup) {
  const prover = createDatabaseProver({
    ...{ url, connectTimeout: 2_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] },
  })
  return prover.prove(backup, { progress: countProgress() }, new AbortController().signal)
}

test('columns that moved are a note, of empty tables too, and their rows are compared by name', async () => {
  await using source = await createDatabase(18)
  await source.query(FAMILY)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const backup = await backUp(source.url)
  await restore(target.url, backup, { mode: 'parallel' })
  const { found, check, findings } = await compare(target.url, backup)
  expect(found).toEqual(MOVED)
  expect(check('rows')?.result).toBe('passed')
  expect(check('schema')).toMatchObject({
    result: 'passed',
    detail: expect.stringMatching(/; 4 tables have their columns in another order$/),
  })
  expect(findings[0]?.hint).toContain('pg_dump and psql bring them back in the same way')
  await target.query(`UPDATE grown SET later = 'z' WHERE a = 2`)
  const changed = await compare(target.url, backup)
  expect(changed.found).toEqual([...MOVED, 'rows-differ public.grown'])
  expect(changed.findings.find(({ code }) => code === 'rows-differ')?.message).toMatch(/row 2, column later\.$/)
  await target.query(`DELETE FROM attached WHERE a = 2`)
  expect((await compare(target.url, backup)).found).toContain('rows-missing public.attached')
})

test('of a backup that does not tell the order, the rows and the text do', async () => {
  await using source = await createDatabase(18)
  await source.query(FAMILY)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const told = await backUp(source.url)
  const { columnOrder: _, ...detail } = parseDatabaseDetail(told.detail)
  const backup = { ...told, detail }
  const { problems } = await restore(target.url, backup, { mode: 'parallel' })
  expect(problems).toEqual([])
  const { found, check } = await compare(target.url, backup)
  expect(found).toEqual(MOVED.filter(one => !one.includes('empty')))
  expect(check('rows')?.result).toBe('passed')
  expect(check('schema')?.result).toBe('passed')
})

test.each(['parallel', 'atomic', 'swap'] as const)(
  'a restore (%s) says whose columns come in another order',
  async mode => {
    await using source = await createDatabase(18)
    await source.query(FAMILY)
    await using target = await createDatabase(18, 'TEMPLATE template0')
    const { problems } = await restore(target.url, await backUp(source.url), { mode })
    expect(problems.filter(({ code }) => code === 'columns-moved')).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringMatching(
          /^The columns of public.attached, public.empty, public.grown, public.nobody came back/,
        ),
      },
    ])
  },
)

test('a proof of tables whose columns moved is a verified one, with a note', async () => {
  await using source = await createDatabase(18)
  await source.query(FAMILY)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const { findings, checks } = await prove(target.url, await backUp(source.url))
  expect(findings.map(({ code, subject }) => `${code} ${subject}`).sort()).toEqual(MOVED)
  expect(verdictOf(findings)).toBe('verified')
  expect(checks.filter(({ result }) => result !== 'passed').map(({ name }) => name)).toEqual(['assertions'])
})

test('a column that holds rows of such a table is no verified one: its values go by places', async () => {
  await using source = await createDatabase(18)
  await source.query(`
    CREATE TABLE parent (a text); CREATE TABLE child (b text) INHERITS (parent); ALTER TABLE parent ADD late text;
    CREATE TABLE holder (id int, rows child[]); INSERT INTO holder VALUES (1, ARRAY[ROW('a', 'b', 'late')::child]);
    CREATE TABLE nothing (id int, one child); INSERT INTO nothing VALUES (1, NULL)`)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  const backup = await backUp(source.url)
  const { problems } = await restore(target.url, backup, { mode: 'parallel' })
  expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'warning columns-moved',
    'partial columns-moved',
  ])
  const { found, check } = await compare(target.url, backup)
  expect(found).toEqual(['columns-moved public.child', 'rows-differ public.holder'])
  expect(check('rows')?.result).toBe('failed')
})

test("a table's columns are read off pg_dump's lines", () => {
  const entry = { type: 'TABLE', schema: 'public', name: 't', owner: null, offset: 0, length: 0, settings: {} }
  const sql = `CREATE TABLE public.t (
    a integer DEFAULT
CASE
    WHEN true THEN 1
END,
    "B ""b" text,
    grün text,
    CONSTRAINT c CHECK ((a > 0))
)`
  expect(columnsOf(entry, [sql])).toEqual(['a', '"B ""b"', 'grün'])
  expect(isMoved(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(isMoved(['a', 'b'], ['a', 'b'])).toBe(false)
  expect(isMoved(['a', 'b'], ['b', 'c'])).toBe(false)
})
