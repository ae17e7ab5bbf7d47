/** Back into a managed platform, as the ordinary role that people have there: what the provider has put there stays. */
import { describe, expect, test } from 'vitest'
import type { SinkResult } from '../../../src/engine/ports.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type SharedMajor, type TestDatabase } from '../../support/database.ts'
import { type Platform, platformOf } from '../../support/platform.ts'
import { privilegesOf } from '../../support/privileges.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, restore, sinkOf } from '../round-trip.ts'

const ALL = { tables: [], schemas: [], schemaOnly: false, dataOnly: false }
const never = new AbortController().signal
const ROLES = ['p_owner', 'p_auth', 'p_storage', 'p_anon', 'p_member', 'p_service']

async function stateOf({ query }: TestDatabase, { named }: Platform) {
  const [counts] =
    await query(`SELECT (SELECT count(*) FROM public.profiles)::int AS profiles, (SELECT count(*) FROM public.secrets)::int AS secrets,
    (SELECT count(*) FROM private.notes)::int AS notes, (SELECT count(*) FROM auth.users)::int AS users,
    (SELECT string_agg(DISTINCT provider, ' ') FROM auth.identities) AS providers, (SELECT count(*) FROM storage.objects)::int AS objects,
    (SELECT last_value FROM auth.identities_id_seq)::int AS sequence`)
  const hung = await query(`SELECT tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT polname::text FROM pg_policy UNION ALL SELECT conname::text FROM pg_constraint WHERE contype = 'f' ORDER BY 1`)
  const published = await query(
    named(`SELECT tablename::text AS name FROM pg_publication_tables WHERE pubname = 'p_realtime'`),
  )
  const owners = await query(`SELECT n.nspname || '.' || c.relname AS name, pg_get_userbyid(c.relowner)::text AS owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_|^information_schema' ORDER BY 1`)
  return { counts, hung, published, owners }
}

/** The backup's rows that the restore says it left. */
function left({ problems }: SinkResult): string[] {
  return problems.flatMap(({ severity, entries }) => (severity === 'partial' ? (entries ?? []) : [])).sort()
}

async function withProjects(
  major: SharedMajor,
  work: (source: TestDatabase, fresh: TestDatabase, platform: Platform) => Promise<void>,
): Promise<void> {
  await using source = await createDatabase(major)
  await using fresh = await createDatabase(major)
  await using platform = await platformOf([source, fresh])
  await platform.use(source)
  await work(source, fresh, platform)
}

const USERS = (p: Platform) => [p.named(`auth.users (6 rows: p_auth's table has rows, which stay)`)]

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test.each(['parallel', 'atomic'] as const)('a backup comes back into a new project, %s', async mode => {
    await withProjects(major, async (source, fresh, platform) => {
      const backup = await backUp(platform.url(source))
      // A new project of most platforms passes for empty, this one has a function in schema public.
      if (mode === 'parallel') await fresh.query('DROP FUNCTION public.of_the_house()')
      const result = await restore(platform.url(fresh), backup, { mode })
      // The provider's own rows are the same in every new project.
      expect(left(result)).toEqual([])
      const [before, after] = [await stateOf(source, platform), await stateOf(fresh, platform)]
      // Without the right to keep it quiet, the provider's trigger has run once more.
      expect(after).toEqual({ ...before, counts: { ...before.counts, providers: 'mail!!' } })
      const roles = ROLES.map(platform.named)
      const held = async (database: TestDatabase) =>
        (await privilegesOf(database, roles)).filter(one => !one.includes('of_the_house'))
      expect(await held(fresh)).toEqual(await held(source))
      await platform.asOwner(fresh, `INSERT INTO auth.users (email) VALUES ('new@x')`)
      expect(await fresh.query(`SELECT count(*)::int AS n FROM public.profiles WHERE name = 'new@x'`)).toEqual([
        { n: 1 },
      ])
    })
  })

  test.each([
    ['the whole of it, in one transaction', { mode: 'atomic' }],
    ['its own schemas', { selection: { ...ALL, schemas: ['public', 'private'] } }],
    ['the rows alone', { selection: { ...ALL, dataOnly: true } }],
  ] as const)('a project is restored over itself: %s', async (_, options) => {
    await withProjects(major, async (source, _fresh, platform) => {
      const before = await stateOf(source, platform)
      const privileges = await privilegesOf(source, ROLES.map(platform.named))
      const backup = await backUp(platform.url(source))
      await platform.asOwner(
        source,
        'DELETE FROM public.secrets; UPDATE public.profiles SET name = NULL; DELETE FROM private.notes',
      )
      const result = await restore(platform.url(source), backup, options)
      // The provider's tables hold the rows of the backup.
      expect(left(result)).toEqual([])
      expect(await stateOf(source, platform)).toEqual(before)
      expect(await privilegesOf(source, ROLES.map(platform.named))).toEqual(privileges)
      expect(await source.query('SELECT count(name)::int AS n FROM profiles')).toEqual([{ n: 5 }])
    })
  })

  test.each([{ mode: 'atomic' }, { selection: { ...ALL, dataOnly: true } }] as const)(
    'rows that the provider’s tables hold in another way are told with their number, beforehand too: %j',
    async options => {
      await withProjects(major, async (source, _fresh, platform) => {
        await platform.asOwner(source, `INSERT INTO auth.users (email) VALUES ('back\\slash'||chr(10)||'line')`)
        const backup = await backUp(platform.url(source))
        await platform.asOwner(source, `UPDATE auth.users SET level = 'two' WHERE email = 'u1@x'`)
        const sink = sinkOf(platform.url(source), options)
        const { problems } = await sink.inspect(backup, countProgress(), new AbortController().signal)
        expect(left({ summary: [], problems })).toEqual(USERS(platform))
        const result = await restore(platform.url(source), backup, options)
        expect(left(result)).toEqual(USERS(platform))
      })
    },
  )

  test('a project is restored over itself: by a new database, where all becomes the owner’s, which is told', async () => {
    await withProjects(major, async (source, _fresh, platform) => {
      const before = await stateOf(source, platform)
      const backup = await backUp(platform.url(source))
      await platform.asOwner(source, 'DELETE FROM public.secrets')
      const { problems } = await restore(platform.url(source), backup, { mode: 'swap' })
      const { counts, hung, published } = await stateOf(source, platform)
      expect({ counts, hung, published }).toEqual({
        counts: before.counts,
        hung: before.hung,
        published: before.published,
      })
      expect(problems.map(({ message }) => message).join('\n')).toContain(
        platform.named('p_owner may not act as role p_auth. Left out: '),
      )
    })
  })

  test('a role whose rights are not inherited is given nothing that must be filled or granted afterwards', async () => {
    await using source = await createDatabase(major)
    await using fresh = await createDatabase(major)
    await using platform = await platformOf([source, fresh])
    await source.query(platform.named('ALTER ROLE p_owner NOINHERIT; GRANT p_storage TO p_owner'))
    if (major >= 16) await source.query(platform.named('GRANT p_storage TO p_owner WITH INHERIT FALSE, SET TRUE'))
    await source.query(
      platform.named(`CREATE TABLE public.t AS SELECT 1 AS i; ALTER TABLE public.t OWNER TO p_storage; GRANT SELECT ON public.t TO p_anon, p_owner;
      ALTER DEFAULT PRIVILEGES FOR ROLE p_storage GRANT SELECT ON TABLES TO p_anon`),
    )
    const backup = await backUp(platform.url(source))
    const { problems } = await restore(platform.url(fresh), backup, { mode: 'atomic' })
    expect(await fresh.query('SELECT i FROM public.t')).toEqual([{ i: 1 }])
    expect(problems).toContainEqual(
      expect.objectContaining({ hint: expect.stringContaining(platform.named('GRANT "p_storage" TO "p_owner"')) }),
    )
  })

  test('its own schemas come back into a new project that has its users', async () => {
    await withProjects(major, async (source, fresh, platform) => {
      const backup = await backUp(platform.url(source))
      const users = await source.query('SELECT id, email FROM auth.users')
      for (const { id, email } of users)
        await fresh.query('INSERT INTO auth.users (id, email) VALUES ($1, $2)', [id, email])
      await restore(platform.url(fresh), backup, {
        mode: 'atomic',
        selection: { ...ALL, schemas: ['public', 'private'] },
      })
      expect((await stateOf(fresh, platform)).counts).toMatchObject({ profiles: 5, secrets: 1, notes: 1, users: 5 })
    })
  })

  test('the provider may let the restoring role keep its triggers quiet', async () => {
    if (major < 15) return
    await withProjects(major, async (source, fresh, platform) => {
      await source.query(platform.named('GRANT SET ON PARAMETER session_replication_role TO p_owner'))
      try {
        await restore(platform.url(fresh), await backUp(platform.url(source)), { mode: 'atomic' })
        expect(await stateOf(fresh, platform)).toEqual(await stateOf(source, platform))
      } finally {
        await source.query(platform.named('REVOKE SET ON PARAMETER session_replication_role FROM p_owner'))
      }
    })
  })
  test.each(['parallel', 'atomic'] as const)(
    'what event triggers of the provider grant on new objects is nobody’s right after a restore, %s',
    async mode => {
      await withProjects(major, async (source, fresh, platform) => {
        const opener =
          platform.named(`CREATE FUNCTION extensions.open() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
          DECLARE made record; BEGIN FOR made IN SELECT * FROM pg_catalog.pg_event_trigger_ddl_commands() LOOP
            IF made.object_type IN ('table', 'view', 'sequence', 'function', 'schema', 'type') THEN
              EXECUTE 'GRANT ALL ON ' || replace(made.object_type, 'view', 'table') || ' ' || made.object_identity || ' TO p_anon WITH GRANT OPTION';
            END IF;
          END LOOP; END$$;
          CREATE EVENT TRIGGER p_opener ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE VIEW', 'CREATE SEQUENCE', 'CREATE FUNCTION', 'CREATE SCHEMA', 'CREATE TYPE')
            EXECUTE FUNCTION extensions.open(); SET SESSION AUTHORIZATION p_admin; ALTER FUNCTION extensions.open() OWNER TO p_admin`)
        await platform.asOwner(
          source,
          `CREATE TYPE private.closed AS ENUM ('a'); REVOKE ALL ON TYPE private.closed FROM PUBLIC`,
        )
        const target = mode === 'parallel' ? fresh : source
        await target.query(opener)
        if (mode === 'parallel') await fresh.query('DROP FUNCTION public.of_the_house()')
        const held = async (database: TestDatabase) =>
          (await privilegesOf(database, ROLES.map(platform.named))).filter(
            one => !/of_the_house|extensions[.]open/.test(one),
          )
        const before = await held(source)
        await restore(platform.url(target), await backUp(platform.url(source)), { mode })
        expect(await held(target)).toEqual(before)
      })
    },
  )

  test('what the restoring role may not make again on a table of the provider is not torn off, unless that is tolerated', async () => {
    await withProjects(major, async (source, _fresh, platform) => {
      await platform.asOwner(
        source,
        'CREATE FUNCTION public.may(text) RETURNS bool LANGUAGE sql STABLE AS $$SELECT true$$',
      )
      await source.query('CREATE POLICY people ON storage.objects AS RESTRICTIVE USING (public.may(name))')
      const backup = await backUp(platform.url(source))
      const before = await stateOf(source, platform)
      const foretold = await sinkOf(platform.url(source), { mode: 'atomic' }).inspect(backup, countProgress(), never)
      expect(foretold.refusal).toMatchObject({
        code: 'permission',
        message: expect.stringContaining('POLICY people ON storage.objects'),
      })
      await expect(restore(platform.url(source), backup, { mode: 'atomic' })).rejects.toMatchObject({
        code: 'permission',
        message: expect.stringContaining('POLICY people ON storage.objects'),
        hint: expect.stringContaining('Nothing was changed.'),
      })
      expect(await stateOf(source, platform)).toEqual(before)
      const result = await restore(platform.url(source), backup, { mode: 'atomic', tolerate: true })
      expect(left(result)).toEqual(['POLICY people ON storage.objects'])
    })
  })

  test('a policy newer than the backup that lets somebody in goes with what it calls, and is told', async () => {
    await withProjects(major, async (source, _fresh, platform) => {
      await platform.asOwner(
        source,
        'CREATE FUNCTION public.may(text) RETURNS bool LANGUAGE sql STABLE AS $$SELECT true$$',
      )
      const backup = await backUp(platform.url(source))
      await source.query('CREATE POLICY newer ON storage.objects USING (public.may(name))')
      const told = expect.objectContaining({
        severity: 'warning',
        message: 'Newer than the backup, and gone with what they call: POLICY newer ON storage.objects.',
      })
      const foretold = await sinkOf(platform.url(source), { mode: 'atomic' }).inspect(backup, countProgress(), never)
      expect(foretold).not.toHaveProperty('refusal')
      expect(foretold.problems).toContainEqual(told)
      expect((await restore(platform.url(source), backup, { mode: 'atomic' })).problems).toContainEqual(told)
      await source.query('CREATE POLICY closing ON storage.objects AS RESTRICTIVE USING (public.may(name))')
      await expect(restore(platform.url(source), backup, { mode: 'atomic' })).rejects.toMatchObject({
        code: 'permission',
      })
    })
  })
})
