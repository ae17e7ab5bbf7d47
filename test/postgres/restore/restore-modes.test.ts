import { describe, expect, test } from 'vitest'
import { countProgress, storedBackup } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, cutIntoRanges, failure, read, restore, SHOP, sinkOf } from '../round-trip.ts'

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('a target that is not empty is not filled in parallel, and the message names what it holds', async () => {
    await using target = await createDatabase(major)
    await target.query('CREATE TABLE mine (i int); CREATE TABLE "Yours" (i int); CREATE VIEW v AS SELECT 1')
    const backup = storedBackup([])
    const error = await failure(restore(target.url, backup, { mode: 'parallel' }))
    expect(error.code).toBe('not-empty')
    expect(error.message).toMatch(/2 tables, 1 view \(public\."Yours", public\.mine, public\.v\)\.$/)
    expect(error.hint).toContain('--mode atomic')
  })

  test('what extensions brought along leaves a target empty', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE EXTENSION pg_trgm; CREATE TABLE t (i int)')
    await using target = await createDatabase(major)
    await target.query('CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE SCHEMA ready')
    const backup = await backUp(source.url)
    const progress = countProgress()
    await sinkOf(target.url).restore(backup, progress, new AbortController().signal)
    expect((await fingerprint(target.url)).rows).toEqual({ 'public.t': '0 ' })
    expect(progress.bytes).toBe(backup.segments.reduce((sum, segment) => sum + segment.bytes, 0))
  })

  test('an extension that the backup lacks goes after the indexes that use it', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE TABLE t (i int)')
    await using target = await createDatabase(major)
    await target.query(`
      CREATE EXTENSION ltree;
      CREATE TABLE t (path ltree);
      CREATE INDEX ON t USING gist (path gist_ltree_ops(siglen = 100))`)
    await restore(target.url, await backUp(source.url), { mode: 'atomic' })
    expect(await fingerprint(target.url)).toEqual(await fingerprint(source.url))
  })

  test('rows lie in the order in which they were read, though updated, deleted, uneven, and in several ranges', async () => {
    await using source = await createDatabase(major)
    await source.query(`
      CREATE TABLE uneven (id int, t text);
      INSERT INTO uneven SELECT i, repeat(chr(33 + i % 90), (i * 7919) % 1500) FROM generate_series(1, 6000) i;
      DELETE FROM uneven WHERE id % 3 = 0;
      UPDATE uneven SET t = t || 'x' WHERE id % 5 = 0;
      INSERT INTO uneven SELECT i, repeat('é', 3500) FROM generate_series(6001, 6100) i;
      UPDATE uneven SET t = 'short' WHERE id % 7 = 0`)
    await source.query('VACUUM uneven')
    await source.query("INSERT INTO uneven SELECT i, 'in a hole' FROM generate_series(7001, 7500) i")
    const inOrder = 'SELECT count(*), md5(string_agg(id || t, chr(10) ORDER BY ctid)) FROM uneven'
    const { segments, result } = await read(source.url)
    const cut = cutIntoRanges(segments, 'public.uneven', 5)
    expect(cut).toHaveLength(segments.length + 4)
    const backup = storedBackup(cut, { detail: result.detail, pieceSize: 7777 })
    await using parallel = await createDatabase(major)
    await restore(parallel.url, { ...backup, detail: { ...Object(result.detail), rows: {} } })
    expect(await parallel.query(inOrder)).toEqual(await source.query(inOrder))
    await using atomic = await createDatabase(major)
    await atomic.query(
      'CREATE TABLE uneven (id int); INSERT INTO uneven SELECT generate_series(1, 10000); DELETE FROM uneven',
    )
    await restore(atomic.url, { ...backup, detail: { ...Object(result.detail), rows: {} } }, { mode: 'atomic' })
    expect(await atomic.query(inOrder)).toEqual(await source.query(inOrder))
  })

  test('roles that the target lacks are left out and told, and the rest is restored', async () => {
    await using source = await createDatabase(major)
    const role = `gone_${source.name}`
    await source.query(`CREATE ROLE ${role}; CREATE TABLE t (i int); ALTER TABLE t OWNER TO ${role}; GRANT SELECT ON t TO PUBLIC;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${role} USING (true); CREATE POLICY q ON t USING (i > 0)`)
    const backup = await backUp(source.url)
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    await using target = await createDatabase(major)
    const { problems } = await restore(target.url, backup)
    expect(problems.map(problem => problem.message)).toEqual([
      `Role ${role} does not exist on the target. Left out: 1 owner (TABLE public.t), 1 policy (POLICY public.t p).`,
    ])
    expect(await target.query('SELECT polname FROM pg_policy')).toEqual([{ polname: 'q' }])
  })

  test('an ordinary role restores its own database, in parallel and over it', async () => {
    await using source = await createDatabase(major)
    await source.query(SHOP.replace(/SELECT lo_from.*/, ''))
    await using target = await createDatabase(major)
    const role = `user_${target.name}`
    await target.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ALTER DATABASE ${target.name} OWNER TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`,
    )
    const url = target.url.replace('postgres:secret@', `${role}:secret@`)
    try {
      const backup = await backUp(source.url)
      const { problems } = await restore(url, backup)
      expect(problems.map(problem => problem.message)).toContainEqual(
        expect.stringContaining(`${role} may not act as role postgres`),
      )
      const first = await fingerprint(target.url)
      expect(first.rows).toEqual((await fingerprint(source.url)).rows)
      await target.query('TRUNCATE public.orders CASCADE')
      await restore(url, backup, { mode: 'atomic' })
      expect((await fingerprint(target.url)).rows).toEqual(first.rows)
    } finally {
      await target.query(`REASSIGN OWNED BY ${role} TO postgres; DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })

  test('over a database with other schemas, extensions and privileges, a copy equals its source', async () => {
    await using source = await createDatabase(major)
    await source.query(
      `CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext; CREATE EXTENSION hstore; CREATE TABLE t (h hstore); ${SHOP}`,
    )
    await using target = await createDatabase(major)
    await target.query(`CREATE EXTENSION pg_trgm; CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE SCHEMA shop;
      CREATE TABLE shop.x (c citext, h hstore); CREATE TABLE public.y (i int PRIMARY KEY); SELECT lo_create(777), lo_create(778);
      CREATE SCHEMA apart; CREATE TABLE apart.z (i int REFERENCES public.y);
      CREATE OPERATOR public.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE DOMAIN public.d AS int;
      CREATE AGGREGATE public.agg (int) (SFUNC = int4pl, STYPE = int); CREATE PROCEDURE public.p() LANGUAGE sql AS '';
      CREATE TYPE public.r AS RANGE (SUBTYPE = int); CREATE TYPE public.c AS (i int);
      CREATE SEQUENCE public.s; CREATE MATERIALIZED VIEW public.m AS SELECT 1; CREATE STATISTICS public.st ON i, (i + 1) FROM public.y;
      CREATE COLLATION public.coll FROM "C"; CREATE TEXT SEARCH CONFIGURATION public.conf (COPY = simple);
      ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC;
      ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC; COMMENT ON SCHEMA public IS 'x'`)
    const { problems } = await restore(target.url, await backUp(source.url), { mode: 'atomic' })
    expect(problems.map(problem => problem.message)).toEqual([
      "Schemas that the backup doesn't hold stay as they are: apart.",
      'Dropped with what they depended on, and not part of the backup: table constraint z_i_fkey on apart.z.',
      'Default privileges that the backup does not have were taken away: FOR ROLE postgres IN SCHEMA public ON TABLES, FOR ROLE postgres ON FUNCTIONS, FOR ROLE postgres ON TABLES.',
    ])
    await target.query('DROP SCHEMA apart CASCADE')
    expect(await fingerprint(target.url)).toEqual(await fingerprint(source.url))
  })
})

test('a newer server’s backup restores into an older one with a warning, or names the entry that does not', async () => {
  await using source = await createDatabase(18)
  await source.query(SHOP)
  await using target = await createDatabase(14)
  const { problems } = await restore(target.url, await backUp(source.url))
  expect(problems.map(problem => problem.message)).toEqual([
    'The backup is from PostgreSQL 18, the target is the older 14.',
  ])
  expect((await fingerprint(target.url)).rows).toEqual((await fingerprint(source.url)).rows)
  await source.query('CREATE TABLE newer (a int, b int GENERATED ALWAYS AS (a) VIRTUAL)')
  await using other = await createDatabase(14)
  const error = await failure(restore(other.url, await backUp(source.url)))
  expect(error.message).toMatch(/^Restoring TABLE public\.newer failed: syntax error/)
  expect(error.message).toMatch(/the target is empty again\.$/)
})

test('an encoding that cannot hold the text is refused before anything is done', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE t (i int)')
  await using target = await createDatabase(18, "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
  const error = await failure(restore(target.url, await backUp(source.url)))
  expect(error.code).toBe('unsupported')
  expect(error.hint).toContain("ENCODING 'UTF8'")
})
