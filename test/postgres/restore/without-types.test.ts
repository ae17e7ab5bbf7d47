/** A table of a type that the target does not have: it is left out with its rows, and keeps nobody else's. */
import { describe, expect, test } from 'vitest'
import type { SinkResult, StoredBackup } from '../../../src/engine/ports.ts'
import { verdictOf } from '../../../src/engine/proof.ts'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { MAJORS } from '../../support/thorough.ts'
import { failure, read, restore, sinkOf } from '../round-trip.ts'

const SCHEMA = `
  CREATE SCHEMA other; CREATE EXTENSION citext;
  CREATE TABLE places (id serial PRIMARY KEY, at citext, n int GENERATED ALWAYS AS IDENTITY); INSERT INTO places (at) VALUES ('a'), ('b');
  CREATE INDEX ON places (at); COMMENT ON TABLE places IS 'p'; CREATE TABLE visits (place int REFERENCES places, v text); INSERT INTO visits VALUES (1, 'v');
  CREATE TABLE other.places (i int); INSERT INTO other.places VALUES (7); COMMENT ON TABLE other.places IS 'mine'; REVOKE ALL ON other.places FROM postgres;
  CREATE VIEW seen AS SELECT at FROM places; CREATE TABLE grown (g int) INHERITS (places); INSERT INTO grown (at, n, g) VALUES ('c', 1, 1);
  CREATE TABLE parted (k int, at citext) PARTITION BY LIST (k); CREATE TABLE part PARTITION OF parted DEFAULT; INSERT INTO parted VALUES (1, 'x')`

/** As if the source had an extension of another name, which no server has. */
async function withoutExtension(url: string): Promise<StoredBackup> {
  const { segments, result } = await read(url)
  const renamed = segments.map(({ head, bytes }) => {
    const text = bytes.toString('latin1').replace(/EXTENSION (IF NOT EXISTS )?citext/g, 'EXTENSION $1nosuch')
    return {
      head: JSON.parse(JSON.stringify(head).replaceAll('"citext"', '"nosuch"')),
      bytes: Buffer.from(text, 'latin1'),
    }
  })
  return storedBackup(renamed, {
    ...result,
    detail: JSON.parse(JSON.stringify(result.detail).replaceAll('"citext"', '"nosuch"')),
  })
}

const LOST = ['TABLE public.grown', 'TABLE public.part', 'TABLE public.parted', 'TABLE public.places']

function lost({ unmade = [] }: SinkResult, what: string): readonly string[] {
  return unmade.flatMap(({ entry }) => (entry.startsWith(what) ? [entry] : [])).sort()
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test.each(['parallel', 'atomic', 'swap'] as const)('an extension that the server lacks: %s', async mode => {
    await using source = await createDatabase(major)
    await source.query(SCHEMA)
    const backup = await withoutExtension(source.url)
    await using target = await createDatabase(major, 'TEMPLATE template0')
    await target.query(mode === 'parallel' ? '' : 'CREATE TABLE before (i int)')
    const error = await failure(restore(target.url, backup, { mode }))
    expect(error.message).toBe('The target cannot install what the backup needs: nosuch.')
    expect(error.hint).toContain('--tolerate')
    const left = await target.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    expect(left).toEqual(mode === 'parallel' ? [] : [{ relname: 'before' }])
    const options = { mode, tolerate: true }
    const preview = await sinkOf(target.url, options).inspect(backup, countProgress(), new AbortController().signal)
    expect(preview).not.toHaveProperty('refusal')
    expect(preview.problems.map(({ message }) => message)).toContainEqual(expect.stringContaining('cannot install'))

    const result = await restore(target.url, backup, options)
    expect(lost(result, 'TABLE public')).toEqual(LOST)
    expect(lost(result, 'EXTENSION ')).toEqual(['EXTENSION nosuch'])
    expect(lost(result, 'ROWS of ')).toEqual(['ROWS of public.grown', 'ROWS of public.part', 'ROWS of public.places'])
    expect(result.unmade?.find(({ entry }) => entry === 'TABLE public.places')?.later.join()).toContain('CREATE TABLE')
    expect(result.summary[0]).toMatch(/^2 tables and 2 rows restored into /)
    expect(await target.query('SELECT v FROM visits')).toEqual([{ v: 'v' }])
    expect(
      await target.query(
        `SELECT i, obj_description('other.places'::regclass) AS c, has_table_privilege('public', 'other.places', 'SELECT') AS p FROM other.places`,
      ),
    ).toEqual([{ i: 7, c: 'mine', p: false }])
  })

  test('a type that cannot be made, and a proof of it', async () => {
    await using source = await createDatabase(major)
    await source.query(`CREATE FUNCTION even(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i % 2 = 0';
      CREATE DOMAIN even AS int CHECK (even(VALUE)); CREATE TABLE evens (e even); INSERT INTO evens VALUES (2);
      CREATE TABLE others (i int); INSERT INTO others VALUES (1), (2)`)
    const { segments, result: told } = await read(source.url)
    const broken = segments.map(({ head, bytes }) => ({
      head,
      bytes: Buffer.from(
        bytes.toString('latin1').replace('CREATE DOMAIN public.even AS', 'CREATE DOMAIN publix.even AS'),
        'latin1',
      ),
    }))
    const backup = storedBackup(broken, told)
    await using target = await createDatabase(major, 'TEMPLATE template0')
    expect(await failure(restore(target.url, backup))).toMatchObject({
      message: expect.stringContaining('TABLE public.evens'),
      hint: expect.stringContaining('--tolerate'),
    })
    const result = await restore(target.url, backup, { tolerate: true })
    expect(lost(result, '')).toEqual(['DOMAIN public.even', 'ROWS of public.evens', 'TABLE public.evens'])
    expect(await target.query('SELECT count(*)::int AS n FROM others')).toEqual([{ n: 2 }])
    await using empty = await createDatabase(major, 'TEMPLATE template0')
    const prover = createDatabaseProver({
      ...{ url: empty.url, connectTimeout: 2_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] },
    })
    const proof = await prover.prove(backup, { progress: countProgress() }, new AbortController().signal)
    expect(verdictOf(proof.findings)).toBe('failed')
    expect(proof.findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
      expect.arrayContaining([
        'restore-failed DOMAIN public.even',
        'restore-failed TABLE public.evens',
        'entry-skipped ROWS of public.evens',
      ]),
    )
    expect(proof.checks.find(({ name }) => name === 'rows')?.result).toBe('not-run')
  })
})
