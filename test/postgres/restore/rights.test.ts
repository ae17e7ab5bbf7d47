/** After any restore everybody may do what the backup lets them, whatever default privileges the target has. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { SelectionOptions } from '../../../src/postgres/restore/selection.ts'
import { createDatabase, type SharedMajor, type TestDatabase } from '../../support/database.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { defaultPrivilegesOf, privilegesOf } from '../../support/privileges.ts'
import { MAJORS, THOROUGH } from '../../support/thorough.ts'
import { backUp, breaking, failure, restore } from '../round-trip.ts'

interface Api extends AsyncDisposable {
  /** A role with no rights of its own besides what everybody has, and two that rights are granted to. */
  readonly roles: readonly [nobody: string, anon: string, signedIn: string]
}

async function apiRoles(database: TestDatabase): Promise<Api> {
  const id = randomBytes(4).toString('hex')
  const roles = [`nobody_${id}`, `anon_${id}`, `Signed in ${id}`] as const
  for (const role of roles) await database.query(`CREATE ROLE "${role}"`)
  return {
    roles,
    async [Symbol.asyncDispose]() {
      for (const role of roles) await database.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
    },
  }
}

/** As a platform with an API has it: whatever its owner makes is the API's. */
const OPENING = (owner: string, [, anon, signedIn]: Api['roles'], inSchema = 'IN SCHEMA public') => `
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} ${inSchema} GRANT ALL ON TABLES TO ${anon}, "${signedIn}" WITH GRANT OPTION;
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} ${inSchema} GRANT ALL ON SEQUENCES TO ${anon}, "${signedIn}";
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} ${inSchema} GRANT ALL ON FUNCTIONS TO ${anon};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} ${inSchema} GRANT ALL ON TYPES TO ${anon}`

const EVERYWHERE = (owner: string, roles: Api['roles']) => `
  ${OPENING(owner, roles, '')};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE USAGE ON TYPES FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE TRIGGER ON TABLES FROM ${owner};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} GRANT ALL ON SCHEMAS TO ${roles[1]}`

const SHUT = ([, anon, signedIn]: Api['roles']) => `
  CREATE SCHEMA inner_room;
  CREATE TABLE public.secrets (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, w text); INSERT INTO secrets (v) VALUES ('k');
  CREATE TABLE public.open (id serial PRIMARY KEY, v text); INSERT INTO public.open (v) VALUES ('o');
  CREATE TABLE inner_room.parted (i int) PARTITION BY LIST (i); CREATE TABLE inner_room.part PARTITION OF inner_room.parted DEFAULT;
  CREATE VIEW public.all_secrets AS SELECT * FROM secrets; CREATE MATERIALIZED VIEW public.kept AS SELECT v FROM secrets;
  CREATE VIEW public.late AS SELECT id, v FROM secrets GROUP BY id;
  CREATE FUNCTION public.definer() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT v FROM public.secrets';
  CREATE FUNCTION public.plain() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE public.act() LANGUAGE sql AS 'SELECT 1';
  CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
  CREATE TYPE public.state AS ENUM ('a'); CREATE DOMAIN public.short AS varchar(3); CREATE TYPE inner_room.pair AS (a int, b int);
  SELECT lo_from_bytea(4711, 'large');
  REVOKE ALL ON public.secrets, public.all_secrets, public.kept, public.late FROM ${anon}, "${signedIn}";
  REVOKE ALL ON SEQUENCE secrets_id_seq, open_id_seq FROM ${anon}, "${signedIn}";
  REVOKE ALL ON FUNCTION public.definer(), public.total(int) FROM PUBLIC, ${anon}; REVOKE ALL ON PROCEDURE public.act() FROM ${anon};
  GRANT EXECUTE ON FUNCTION public.plain() TO PUBLIC; REVOKE USAGE ON TYPE public.state FROM PUBLIC, ${anon};
  GRANT SELECT (w) ON public.secrets TO ${anon}; GRANT SELECT ON public.open TO "${signedIn}"; GRANT ALL ON inner_room.part TO "${signedIn}"`

const ALL = { tables: [], schemas: [], schemaOnly: false, dataOnly: false }
const CHOSEN: readonly Partial<SelectionOptions>[] = [
  { tables: ['secrets', 'inner_room.*'] },
  { schemas: ['public', 'inner_room'] },
]
const WAYS = [
  ['as a superuser', false],
  ['as an ordinary owner', true],
] as const
const OPEN = [
  ['in the schema', OPENING],
  ['everywhere', EVERYWHERE],
] as const

interface Pair {
  readonly source: TestDatabase
  readonly target: TestDatabase
  readonly api: Api
  /** The role that restores, with the URL under which it reaches a database. */
  readonly owner: string
  readonly url: (database: TestDatabase) => string
}

async function withPair(major: SharedMajor, ordinary: boolean, work: (pair: Pair) => Promise<void>): Promise<void> {
  await using source = await createDatabase(major)
  await using target = await createDatabase(major)
  await using api = await apiRoles(source)
  await using role = await ordinaryRole([source, target])
  // What the role granted to the others must be gone before they are.
  try {
    await (ordinary
      ? work({ source, target, api, owner: role.name, url: role.url })
      : work({ source, target, api, owner: 'postgres', url: ({ url }) => url }))
  } finally {
    for (const { query } of [source, target]) {
      for (const one of [...api.roles, role.name]) await query(`DROP OWNED BY "${one}" CASCADE`)
    }
    for (const { query } of [source, target]) await dropDefaults(query)
  }
}

async function dropDefaults(query: TestDatabase['query']): Promise<void> {
  await query('DELETE FROM pg_default_acl')
}

async function asOwner({ owner }: Pair, database: TestDatabase, sql: string): Promise<void> {
  await database.query(`SET SESSION AUTHORIZATION ${owner}; ${sql}`)
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  describe.each(WAYS)('%s', (_, ordinary) => {
    describe.each(THOROUGH ? OPEN : OPEN.slice(1))('default privileges of the target %s', (_where, opening) => {
      test.each(['parallel', 'atomic', 'swap'] as const)('open nothing in a %s restore', async mode => {
        await withPair(major, ordinary, async pair => {
          const { source, target, api, owner, url } = pair
          if (ordinary) await source.query(`ALTER ROLE ${owner} CREATEDB`)
          await asOwner(pair, source, SHUT(api.roles))
          const backup = await backUp(url(source))
          await asOwner(pair, target, opening(owner, api.roles))
          if (mode !== 'parallel')
            await asOwner(pair, target, 'CREATE TABLE public.secrets (i int); CREATE SCHEMA inner_room')
          const { problems } = await restore(url(target), backup, { mode })
          const told = problems.filter(({ message }) =>
            message.startsWith('Default privileges that the backup does not'),
          )
          expect(told).toHaveLength(mode === 'swap' ? 0 : 1)
          const all = [...api.roles, owner]
          expect(await privilegesOf(target, all)).toEqual(await privilegesOf(source, all))
          expect(await defaultPrivilegesOf(target)).toEqual(await defaultPrivilegesOf(source))
        })
      })

      test.each(CHOSEN)('open nothing in what is chosen, %j, and stay as they were elsewhere', async selection => {
        await withPair(major, ordinary, async pair => {
          const { source, api, owner, url } = pair
          await asOwner(pair, source, `CREATE SCHEMA aside; ${opening(owner, api.roles)}`)
          await asOwner(pair, source, opening(owner, api.roles, 'IN SCHEMA aside'))
          await asOwner(pair, source, SHUT(api.roles))
          const backup = await backUp(url(source))
          const all = [...api.roles, owner]
          const [before, defaults] = [await privilegesOf(source, all), await defaultPrivilegesOf(source)]
          if ('tables' in selection)
            await asOwner(pair, source, 'DROP TABLE public.secrets CASCADE; DROP TABLE inner_room.parted')
          const gone = 'tables' in selection ? /all_secrets|kept|late|definer/ : /(?!)/
          await restore(url(source), backup, { mode: 'atomic', selection: { ...ALL, ...selection } })
          const others = (list: readonly string[]) => list.filter(one => !gone.test(one))
          expect(others(await privilegesOf(source, all))).toEqual(others(before))
          expect(await defaultPrivilegesOf(source)).toEqual(defaults)
        })
      })
    })

    test('the rows alone, with large objects, give nobody more either', async () => {
      await withPair(major, ordinary, async pair => {
        const { source, api, owner, url } = pair
        await asOwner(pair, source, SHUT(api.roles))
        const backup = await backUp(url(source))
        const all = [...api.roles, owner]
        const before = await privilegesOf(source, all)
        await asOwner(pair, source, EVERYWHERE(owner, api.roles))
        if (major >= 18)
          await asOwner(pair, source, `ALTER DEFAULT PRIVILEGES GRANT ALL ON LARGE OBJECTS TO ${api.roles[1]}`)
        const defaults = await defaultPrivilegesOf(source)
        await restore(url(source), backup, { selection: { ...ALL, dataOnly: true } })
        expect(await privilegesOf(source, all)).toEqual(before)
        expect(await defaultPrivilegesOf(source)).toEqual(defaults)
      })
    })

    test('a schema that is there keeps no grant that the backup does not have', async () => {
      await withPair(major, ordinary, async pair => {
        const { source, target, api, owner, url } = pair
        for (const one of [source, target]) await one.query(`ALTER SCHEMA public OWNER TO ${owner}`)
        await asOwner(pair, source, SHUT(api.roles))
        await asOwner(pair, target, `GRANT ALL ON SCHEMA public TO ${api.roles[1]}`)
        await restore(url(target), await backUp(url(source)))
        expect(await privilegesOf(target, api.roles)).toEqual(await privilegesOf(source, api.roles))
      })
    })

    test('a parallel restore that fails leaves default privileges and schemas as they were', async () => {
      await withPair(major, ordinary, async pair => {
        const { source, target, api, owner, url } = pair
        await target.query(`ALTER SCHEMA public OWNER TO ${owner}`)
        await asOwner(
          pair,
          source,
          `${SHUT(api.roles)}; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${api.roles[1]}`,
        )
        const backup = await backUp(url(source))
        await asOwner(pair, target, `${EVERYWHERE(owner, api.roles)}; ${OPENING(owner, api.roles)}`)
        await asOwner(
          pair,
          target,
          `GRANT USAGE ON SCHEMA public TO ${api.roles[1]}; COMMENT ON SCHEMA public IS 'mine'`,
        )
        const state = async () => [
          await defaultPrivilegesOf(target),
          await privilegesOf(target, [...api.roles, owner]),
          await target.query(`SELECT obj_description('public'::regnamespace) AS comment`),
        ]
        const before = await state()
        const broken = breaking(backup, 'public.open', 1, () => {
          throw new Error('the wire broke')
        })
        expect((await failure(restore(url(target), broken))).message).toContain('the target is empty again')
        expect(await state()).toEqual(before)
      })
    })
  })
})
