/** From one server to another of which the restoring role is only a guest: what it may not do is left out and listed. */
import { describe, expect, test } from 'vitest'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type SharedMajor, type TestDatabase } from '../../support/database.ts'
import { backUp, failure, restore, sinkOf } from '../round-trip.ts'

/** Two servers, whose roles have nothing to do with each other. */
const WAYS: readonly (readonly [from: SharedMajor, to: SharedMajor, mode: 'atomic' | 'parallel'])[] = [
  [18, 14, 'atomic'],
  [18, 14, 'parallel'],
  [14, 18, 'atomic'],
  [14, 18, 'parallel'],
]

interface Guest {
  readonly url: string
  readonly name: string
}

/** A role that owns its database and may do nothing else. */
async function asGuest(target: TestDatabase, attributes: string, work: (guest: Guest) => Promise<void>): Promise<void> {
  const name = `guest_${target.name}`
  await target.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret' ${attributes}; ALTER DATABASE ${target.name} OWNER TO ${name};
    ALTER SCHEMA public OWNER TO ${name}`)
  try {
    await work({ name, url: target.url.replace('postgres:secret@', `${name}:secret@`) })
  } finally {
    await target.query(`REASSIGN OWNED BY ${name} TO postgres; DROP OWNED BY ${name}; DROP ROLE ${name}`)
  }
}

const SUPERUSERS = `
  CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw; COMMENT ON EXTENSION postgres_fdw IS 'far'; CREATE EXTENSION citext;
  CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.on_ddl(); COMMENT ON EVENT TRIGGER watch IS 'w';
  CREATE TABLE public.t (id int PRIMARY KEY, h hstore); INSERT INTO t SELECT i, 'a=>1' FROM generate_series(1, 20) i;
  CREATE PUBLICATION everything FOR ALL TABLES; COMMENT ON PUBLICATION everything IS 'p';
  CREATE PUBLICATION just_t FOR TABLE public.t;
  CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE);
  CREATE FOREIGN DATA WRAPPER far; COMMENT ON FOREIGN DATA WRAPPER far IS 'f';
  CREATE SERVER there FOREIGN DATA WRAPPER far; CREATE USER MAPPING FOR PUBLIC SERVER there;
  CREATE LANGUAGE other HANDLER plpgsql_call_handler; COMMENT ON LANGUAGE other IS 'l';
  CREATE CAST (json AS uuid) WITH INOUT; COMMENT ON CAST (json AS uuid) IS 'c';
  CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler`

const REFUSED: Readonly<Record<number, readonly string[]>> = Object.fromEntries(
  [14, 18].map(major => [
    major,
    [
      'ACCESS METHOD heap_too: the restoring role may not create it.',
      'CAST CAST (json AS uuid): the restoring role may not create it.',
      'COMMENT LANGUAGE other, EXTENSION postgres_fdw, CAST (json AS uuid), FOREIGN DATA WRAPPER far, PUBLICATION everything and 1 more: what it is about was left out.',
      'EVENT TRIGGER watch: the restoring role may not create it.',
      'EXTENSION postgres_fdw: the restoring role may not create it.',
      'FOREIGN DATA WRAPPER far: the restoring role may not create it.',
      `PROCEDURAL LANGUAGE other: the server does not ${major === 14 ? 'have' : 'support'} it.`,
      'PUBLICATION everything: the restoring role may not create it.',
      'SERVER there: foreign data wrapper far, which it needs, was left out.',
      `SUBSCRIPTION sub: ${major === 14 ? 'the server is too old to understand it' : 'the restoring role may not create it'}.`,
      'USER MAPPING USER MAPPING public SERVER there: server there, which it needs, was left out.',
    ],
  ]),
)

describe.each(WAYS)('from PostgreSQL %i to %i, %s', (from, to, mode) => {
  test('what takes a superuser is left out and listed, with what is said about it; the rows are there', async () => {
    await using source = await createDatabase(from)
    await source.query(SUPERUSERS)
    const backup = await backUp(source.url)
    await using target = await createDatabase(to)
    await target.query('CREATE EXTENSION citext')
    await asGuest(target, '', async ({ url, name }) => {
      const { problems } = await restore(url, backup, { mode })
      const left = problems.flatMap(({ message }) => (message.startsWith('Left out: ') ? [message.slice(10)] : []))
      expect(left.sort()).toEqual(REFUSED[to])
      expect(problems.map(({ message }) => message)).toContain(
        'The comment on extension citext was left out: another role owns the extension.',
      )
      expect(await target.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 20 }])
      expect(await target.query("SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = 't'")).toEqual([
        { owner: name },
      ])
    })
  })

  test('missing roles are created on request, with what is theirs', async () => {
    await using source = await createDatabase(from)
    const [owner, reader] = [`owner_${source.name}`, `"Reader ${source.name}"`]
    await source.query(`CREATE ROLE ${owner}; CREATE ROLE ${reader}; CREATE SCHEMA theirs AUTHORIZATION ${owner};
      CREATE TABLE public.t (id serial PRIMARY KEY); CREATE TABLE theirs.u (i int); CREATE TABLE theirs.mine (i int);
      ALTER TABLE public.t OWNER TO ${owner}; ALTER TABLE theirs.u OWNER TO ${owner}; ALTER TABLE theirs.mine OWNER TO ${reader};
      INSERT INTO t SELECT generate_series(1, 5); GRANT SELECT ON t TO ${reader}; GRANT USAGE ON SCHEMA theirs TO ${reader};
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${reader} USING (true);
      ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA theirs GRANT SELECT ON TABLES TO ${reader}`)
    const backup = await backUp(source.url)
    await source.query(`DROP OWNED BY ${reader}; DROP OWNED BY ${owner}; DROP ROLE ${owner}, ${reader}`)
    await using target = await createDatabase(to)
    try {
      await asGuest(target, '', async ({ url, name }) => {
        const error = await failure(restore(url, backup, { mode, createRoles: true }))
        expect(error).toMatchObject({ code: 'permission', hint: expect.stringContaining('CREATEROLE') })
        expect(error.message).toContain(
          `${name} may not create the roles that the target lacks: ${reader.slice(1, -1)}, ${owner}.`,
        )
        const { problems } = await restore(url, backup, { mode })
        expect(problems.map(({ message }) => message)).toContainEqual(
          expect.stringContaining(`Role ${owner} does not exist`),
        )
        await target.query(`DROP SCHEMA theirs CASCADE; DROP TABLE t`)
      })
      await asGuest(target, 'CREATEROLE', async ({ url }) => {
        const options = { mode, createRoles: true }
        const found = await sinkOf(url, options).inspect(backup, countProgress(), new AbortController().signal)
        const { problems } = await restore(url, backup, options)
        expect(problems).toEqual(found.problems)
        expect(problems.map(({ message }) => message).filter(message => !/postgres|older/.test(message))).toEqual([
          `Roles that the target lacked are created without login: ${reader.slice(1, -1)}, ${owner}.`,
        ])
        expect(
          await target.query(
            `SELECT tablename::text AS t, tableowner::text AS owner FROM pg_tables WHERE schemaname IN ('public', 'theirs') ORDER BY 1`,
          ),
        ).toEqual([
          { t: 'mine', owner: reader.slice(1, -1) },
          { t: 't', owner },
          { t: 'u', owner },
        ])
        const [grants] =
          await target.query(`SELECT has_table_privilege('${reader.slice(1, -1)}', 'public.t', 'SELECT') AS reads,
          has_schema_privilege('${reader.slice(1, -1)}', 'theirs', 'CREATE') AS creates, has_schema_privilege('${owner}', 'public', 'CREATE') AS "createsToo",
          (SELECT rolcanlogin FROM pg_roles WHERE rolname = '${owner}') AS login`)
        expect(grants).toEqual({ reads: true, creates: false, createsToo: from < 15, login: false })
      })
    } finally {
      await target
        .query(`DROP OWNED BY ${reader}; DROP OWNED BY ${owner}; DROP ROLE ${owner}, ${reader}`)
        .catch(() => [])
    }
  })
})
