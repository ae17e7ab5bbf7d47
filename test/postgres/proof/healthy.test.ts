/** What looks like a fault and is none: each came back as it was backed up, and the proof is silent or says no more than a word. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProofResult, StoredBackup } from '../../../src/engine/ports.ts'
import { createDatabaseSource, type DatabaseSourceOptions } from '../../../src/postgres/dump.ts'
import { createDatabaseProver, type DatabaseProverOptions } from '../../../src/postgres/prove.ts'
import { collectSegments, countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'

const never = new AbortController().signal
let target: TestDatabase

beforeAll(async () => {
  target = await createDatabase(18)
})

afterAll(async () => {
  await target[Symbol.asyncDispose]()
})

async function backUp(sql: string, options: Partial<DatabaseSourceOptions> = {}): Promise<StoredBackup> {
  await using source = await createDatabase(18)
  await source.query(sql)
  const out = collectSegments()
  const common = { connectTimeout: 10_000, lanes: 1, schemaOnly: false, excludeTableData: [] }
  const result = await createDatabaseSource({ url: source.url, ...common, ...options }).read(out, never)
  return storedBackup(out.segments, result)
}

async function prove(backup: StoredBackup, options: Partial<DatabaseProverOptions> = {}): Promise<ProofResult> {
  const prover = createDatabaseProver({
    url: target.url,
    connectTimeout: 5_000,
    lanes: 2,
    disposable: true,
    confirm: undefined,
    assertions: [],
    ...options,
  })
  return await prover.prove(backup, { progress: countProgress() }, never)
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

function found({ findings }: ProofResult): readonly string[] {
  return findings.map(({ code, subject }) => `${code} ${subject}`)
}

function failed({ checks }: ProofResult): readonly string[] {
  return checks.flatMap(({ name, result }) => (result === 'failed' ? [name] : []))
}

/** As if the schema had been in a tablespace that this server does not have. */
function inTablespace(backup: StoredBackup, tablespace: string): StoredBackup {
  return {
    ...backup,
    segments: backup.segments.map(segment => {
      const detail = segment.detail as { readonly kind: string; readonly entries?: readonly object[] }
      if (detail.kind !== 'schema') return segment
      const entries = (detail.entries ?? []).map(entry => ({
        ...entry,
        settings: { default_tablespace: tablespace },
      }))
      return { ...segment, detail: { ...detail, entries } as StoredBackup['detail'] }
    }),
    // Nothing of the backup is as it is read again, so that entries are compared one by one.
    difference: async (segment, bytes) => {
      const same = await backup.difference(segment, bytes)
      return (segment.detail as { readonly kind: string }).kind === 'schema' ? 0 : same
    },
  }
}

test('tables of a tablespace that the server does not have lie elsewhere, and are the same', async () => {
  const backup = inTablespace(await backUp('CREATE TABLE t (i int PRIMARY KEY)'), 'fast_disk')
  const result = await prove(backup)
  expect(found(result)).toEqual(['target-differs restore'])
  expect(result.findings[0]?.message).toContain('fast_disk')
  expect(failed(result)).toEqual([])
})

test('an index of a partitioned table that some partition lacks was not valid before either', async () => {
  const result = await prove(
    await backUp(`CREATE TABLE parted (i int, j int) PARTITION BY RANGE (i);
      CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
      CREATE INDEX whole ON ONLY parted (j)`),
  )
  expect(found(result)).toEqual([])
})

test('constraints that were not validated stay so, and hide none of the same name on another table', async () => {
  const backup = await backUp(`CREATE TABLE a (i int);
    CREATE TABLE "b b" (i int);
    CREATE TABLE c (i int PRIMARY KEY);
    INSERT INTO a VALUES (1);
    ALTER TABLE a ADD CONSTRAINT "in; c" FOREIGN KEY (i) REFERENCES c NOT VALID;
    ALTER TABLE "b b" ADD CONSTRAINT "in; c" FOREIGN KEY (i) REFERENCES c`)
  expect(found(await prove(backup))).toEqual([])
  const tampered = await prove(backup, {
    restored: url => run(url, `UPDATE pg_constraint SET convalidated = false WHERE conname = 'in; c'`),
  })
  expect(found(tampered)).toEqual(['constraint-invalid constraint in; c of public."b b"'])
})

test('rows that were left out on request are worth a word, and missed by nobody', async () => {
  const excluded = await backUp('CREATE TABLE log (i int); INSERT INTO log VALUES (1)', { excludeTableData: ['log'] })
  const result = await prove(excluded)
  expect(found(result)).toEqual(['partial-backup rows'])
  expect(failed(result)).toEqual([])
  const bare = await prove(await backUp('CREATE TABLE log (i int); INSERT INTO log VALUES (1)', { schemaOnly: true }))
  expect(found(bare)).toEqual(['partial-backup rows'])
  expect(failed(bare)).toEqual([])
})

test('an index that cannot be checked keeps the others from passing for all', async () => {
  const backup = await backUp(`
    CREATE FUNCTION order_of(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN btint4cmp($1, $2); END';
    CREATE OPERATOR CLASS ordered FOR TYPE int USING btree AS
      OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 order_of(int, int);
    CREATE TABLE t (i int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3);
    CREATE INDEX odd ON t (i ordered)`)
  const result = await prove(backup, {
    restored: url =>
      run(
        url,
        `CREATE OR REPLACE FUNCTION public.order_of(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE
         AS 'BEGIN RAISE EXCEPTION ''of % and %'', $1, $2; END'`,
      ),
  })
  expect(found(result)).toEqual(['schema-differs FUNCTION public.order_of(integer, integer)'])
  expect(result.checks.find(({ name }) => name === 'amcheck')).toEqual({
    name: 'amcheck',
    result: 'not-run',
    detail: '1 tables and 1 B-tree indexes; the server refused 1 of 3 (SQLSTATE P0001)',
  })
})

test('assertions that only could not be asked fail nothing, and pass nothing', async () => {
  const backup = await backUp('CREATE TABLE t (i int)')
  const assertions = [
    { name: 'typo', sql: 'SELECT count(*) = 0 FROM tt' },
    { name: 'fine', sql: 'SELECT count(*) = 0 FROM t' },
  ]
  const result = await prove(backup, { assertions })
  expect(found(result)).toEqual(['assertion-error assertion typo'])
  expect(result.checks.find(({ name }) => name === 'assertions')).toEqual({
    name: 'assertions',
    result: 'not-run',
    detail: '1 of 2 hold, 1 could not be asked',
  })
})
