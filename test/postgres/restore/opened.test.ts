/** What event triggers of the target grant, which the restoring role cannot keep quiet. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { backUp, restore } from '../round-trip.ts'

test.each(['parallel', 'atomic'] as const)(
  'a foreign server is opened to nobody, and who grants with grants is named: %s',
  async mode => {
    await using source = await createDatabase(18)
    await using target = await createDatabase(18, 'TEMPLATE template0')
    await using owner = await ordinaryRole([target])
    const guest = `guest_${randomBytes(4).toString('hex')}`
    await source.query(
      'CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE TABLE t (i int); GRANT SELECT ON t TO PUBLIC',
    )
    await target.query(`CREATE ROLE ${guest}; CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${owner.name};
    ALTER SCHEMA public OWNER TO ${owner.name}; CREATE SCHEMA house;
    CREATE FUNCTION house.open() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
      DECLARE made record; BEGIN FOR made IN SELECT * FROM pg_catalog.pg_event_trigger_ddl_commands() WHERE object_type = 'server' LOOP
        EXECUTE 'GRANT ALL ON FOREIGN SERVER ' || made.object_identity || ' TO ${guest}'; END LOOP; END$$;
    CREATE FUNCTION house.note() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN NOTIFY changed; END$$;
    CREATE EVENT TRIGGER opener ON ddl_command_end WHEN TAG IN ('CREATE SERVER') EXECUTE FUNCTION house.open();
    CREATE EVENT TRIGGER granter ON ddl_command_end WHEN TAG IN ('GRANT', 'REVOKE') EXECUTE FUNCTION house.open();
    CREATE EVENT TRIGGER noter ON ddl_command_end EXECUTE FUNCTION house.note()`)
    try {
      const { problems } = await restore(owner.url(target), await backUp(source.url), { mode })
      expect(await target.query(`SELECT has_server_privilege('${guest}', 'far', 'USAGE') AS may`)).toEqual([
        { may: false },
      ])
      expect(problems.flatMap(({ entries = [] }) => entries).filter(entry => entry.startsWith('EVENT'))).toEqual([
        'EVENT TRIGGER granter',
      ])
    } finally {
      await target.query(
        `DROP EVENT TRIGGER opener; DROP EVENT TRIGGER granter; DROP EVENT TRIGGER noter; DROP OWNED BY ${guest}; DROP ROLE ${guest}`,
      )
    }
  },
)
