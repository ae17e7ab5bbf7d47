/** What runs with its owner's rights lends nobody those of the restoring role where that owner cannot be given back. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type SharedMajor, type TestDatabase } from '../../support/database.ts'
import { type OrdinaryRole, ordinaryRole } from '../../support/ordinary-role.ts'
import { THOROUGH } from '../../support/thorough.ts'
import { backUp, restore, sinkOf } from '../round-trip.ts'

interface Roles extends AsyncDisposable {
  readonly app: string
  readonly other: string
  readonly reader: string
  readonly guest: OrdinaryRole
}

/** An owner whom the restoring role may not act for, an owner whom it may, and somebody who reads. */
async function rolesOf(target: TestDatabase, source: TestDatabase): Promise<Roles> {
  const id = randomBytes(4).toString('hex')
  const [app, other, reader] = [`app_${id}`, `other_${id}`, `reader_${id}`] as const
  const guest = await ordinaryRole([target])
  await target.query(`ALTER SCHEMA public OWNER TO ${guest.name}`)
  for (const name of [app, other, reader]) await target.query(`CREATE ROLE ${name} LOGIN PASSWORD 'plain'`)
  await target.query(`GRANT ${other} TO ${guest.name}; GRANT CREATE ON SCHEMA public TO ${other}`)
  return {
    ...{ app, other, reader, guest },
    async [Symbol.asyncDispose]() {
      for (const database of [source, target]) await database.query(`DROP OWNED BY ${app}, ${other}, ${reader} CASCADE`)
      await target.query(`DROP ROLE ${app}, ${other}, ${reader}`)
      await guest[Symbol.asyncDispose]()
    },
  }
}

const SCHEMA = ({ app, other, reader }: Roles) => `
  GRANT CREATE, USAGE ON SCHEMA public TO ${app}, ${other}, ${reader};
  CREATE TABLE own (v text); INSERT INTO own VALUES ('own'); CREATE TABLE foreign_one (v text); INSERT INTO foreign_one VALUES ('secret');
  CREATE TABLE walled (v text); INSERT INTO walled VALUES ('mine'), ('walled'); ALTER TABLE walled ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON walled TO ${app} USING (v = 'mine'); GRANT SELECT ON walled TO ${app};
  CREATE VIEW of_own AS SELECT * FROM own; CREATE VIEW of_other AS SELECT * FROM foreign_one; CREATE VIEW of_walled AS SELECT * FROM walled;
  CREATE VIEW of_server AS SELECT rolname FROM pg_roles; CREATE VIEW of_secrets AS SELECT rolname FROM pg_authid;
  CREATE VIEW inner_one AS SELECT * FROM foreign_one; CREATE VIEW outer_one AS SELECT * FROM inner_one;
  CREATE MATERIALIZED VIEW kept AS SELECT * FROM walled;
  CREATE FUNCTION definer() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT v FROM public.walled';
  CREATE FUNCTION invoker(a text DEFAULT 'SECURITY DEFINER') RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE PROCEDURE act(INOUT n int) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN SELECT count(*) INTO n FROM public.walled; END';
  CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.own SELECT v FROM public.foreign_one; RETURN NEW; END';
  CREATE TABLE trap (v text); CREATE TRIGGER t BEFORE INSERT ON trap FOR EACH ROW EXECUTE FUNCTION on_insert();
  CREATE TABLE ruled (v text); CREATE RULE copy AS ON INSERT TO ruled DO ALSO INSERT INTO own SELECT v FROM foreign_one;
  CREATE FUNCTION by_super() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';
  GRANT SELECT ON outer_one, of_own, of_other, of_walled, of_server, of_secrets, kept TO ${reader} ; GRANT INSERT ON trap, ruled TO ${reader};
  ALTER TABLE own OWNER TO ${app}; ALTER TABLE foreign_one OWNER TO ${other}; ALTER TABLE walled OWNER TO ${other};
  ALTER VIEW inner_one OWNER TO ${app}; ALTER VIEW outer_one OWNER TO ${app}; ALTER VIEW of_own OWNER TO ${app}; ALTER VIEW of_other OWNER TO ${app}; ALTER VIEW of_walled OWNER TO ${app};
  ALTER VIEW of_server OWNER TO ${app}; ALTER VIEW of_secrets OWNER TO ${app}; ALTER MATERIALIZED VIEW kept OWNER TO ${app};
  ALTER FUNCTION definer() OWNER TO ${app}; ALTER FUNCTION invoker(text) OWNER TO ${app}; ALTER PROCEDURE act(int) OWNER TO ${app};
  ALTER FUNCTION on_insert() OWNER TO ${app}; ALTER TABLE trap OWNER TO ${app}; ALTER TABLE ruled OWNER TO ${app}`

const CLOSED = [
  'FUNCTION public.definer()',
  'FUNCTION public.on_insert()',
  'MATERIALIZED VIEW public.kept',
  'PROCEDURE public.act(integer)',
  'TABLE public.ruled',
  'VIEW public.of_other',
  'VIEW public.of_secrets',
  'VIEW public.of_walled',
  'VIEW public.outer_one',
]

const WAYS: readonly (readonly [SharedMajor, 'parallel' | 'atomic'])[] = [
  [18, 'parallel'],
  [18, 'atomic'],
  ...(THOROUGH
    ? ([
        [14, 'parallel'],
        [15, 'atomic'],
      ] as const)
    : ([[14, 'atomic']] as const)),
]

describe.each(WAYS)('into PostgreSQL %i, %s', (major, mode) => {
  test('what would lend the restoring role’s rights is closed and told one by one, and nothing else is', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major, 'TEMPLATE template0')
    await using roles = await rolesOf(target, source)
    const { app, reader, guest } = roles
    await source.query(SCHEMA(roles))
    const backup = await backUp(source.url)
    const url = guest.url(target)

    const preview = await sinkOf(url, { mode }).inspect(backup, countProgress(), new AbortController().signal)
    expect(preview.problems.map(({ message }) => message)).toContainEqual(
      expect.stringContaining(
        `so that nobody gets the rights of ${guest.name}: PROCEDURE public.act(integer), FUNCTION public.definer(), FUNCTION public.on_insert()`,
      ),
    )
    const { unmade = [] } = await restore(url, backup, { mode })
    expect(unmade.map(({ entry }) => entry).sort()).toEqual(CLOSED)
    for (const { reason, outcome } of unmade) {
      expect(reason).toBe(
        `it had the rights of its owner ${app}, which it could not be given back to, and would have those of ${guest.name}`,
      )
      expect(outcome).toBe('changed')
    }

    const reading = new pg.Client({ connectionString: url.replace(/\/\/[^@]+@/, `//${reader}:plain@`) })
    await reading.connect()
    await using _ = { [Symbol.asyncDispose]: () => reading.end() }
    const said = async (sql: string) =>
      await reading.query(sql).then(
        ({ rows }) => JSON.stringify(rows),
        error => String(error.code),
      )
    for (const sql of ['SELECT * FROM definer()', 'CALL act(1)', "INSERT INTO trap VALUES ('x')"]) {
      expect(await said(sql), sql).toBe('42501')
    }
    for (const view of ['inner_one', 'outer_one', 'of_other', 'of_walled', 'of_secrets', 'kept']) {
      expect(await said(`SELECT * FROM ${view}`), view).toBe('42501')
    }
    expect(await said('SELECT count(*) > 0 AS any FROM of_server')).toContain('true')
    expect(await said('SELECT * FROM of_own')).toContain('own')
    await said("INSERT INTO ruled VALUES ('x')")
    expect(await target.query('SELECT v FROM own')).toEqual([{ v: 'own' }])

    // As somebody would who has made the restoring role a member.
    await target.query(`GRANT ${app} TO ${guest.name}; GRANT CREATE ON SCHEMA public TO ${app}`)
    for (const { later } of unmade) for (const sql of later) await target.query(sql)
    await target.query(`GRANT ALL ON walled, foreign_one TO ${app}`)
    expect(await said('SELECT * FROM definer()')).toBe('[{"definer":"mine"}]')
    expect(await said('SELECT * FROM of_walled')).toBe('[{"v":"mine"}]')
  })
})

test('an owner who was a superuser is replaced by nobody with more rights', async () => {
  await using source = await createDatabase(18)
  await using target = await createDatabase(18, 'TEMPLATE template0')
  await using guest = await ordinaryRole([target])
  await target.query(`ALTER SCHEMA public OWNER TO ${guest.name}`)
  await source.query(`CREATE TABLE t (v text); CREATE VIEW v AS SELECT * FROM pg_authid;
    CREATE FUNCTION f() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::text'`)
  const result = await restore(guest.url(target), await backUp(source.url), { mode: 'parallel' })
  expect(result.unmade).toBeUndefined()
})
