/** What a database has besides its contents: named where it was not asked for, applied where it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../../src/engine/ports.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { type OrdinaryRole, ordinaryRole } from '../../support/ordinary-role.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, restore, sinkOf } from '../round-trip.ts'

/** All but the name. */
async function outside({ query, name }: TestDatabase, role: string) {
  const [row] = await query(
    `SELECT pg_get_userbyid(datdba) AS owner, datconnlimit AS limit, shobj_description(d.oid, 'pg_database') AS comment,
            (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl,
            ARRAY(SELECT setrole::regrole || ' ' || setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY 1) AS settings,
            has_database_privilege('pg_signal_backend', d.oid, 'CONNECT') AS open
       FROM pg_database d WHERE datname = $1`,
    [name],
  )
  return JSON.parse(JSON.stringify(row).replaceAll(role, 'THE ROLE'))
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  let source: TestDatabase
  let app: OrdinaryRole
  let backup: StoredBackup

  beforeAll(async () => {
    source = await createDatabase(major)
    app = await ordinaryRole([source])
    for (const sql of [
      'CREATE SCHEMA shop',
      'CREATE TABLE shop.t (i int)',
      `ALTER DATABASE ${source.name} SET search_path TO shop, "Odd,Name", public`,
      `ALTER DATABASE ${source.name} SET "app.Secret" TO 'hidden ''value'''`,
      `ALTER DATABASE ${source.name} SET timezone TO 'Europe/Zurich'`,
      `ALTER ROLE ${app.name} IN DATABASE ${source.name} SET work_mem TO '7MB'`,
      `COMMENT ON DATABASE ${source.name} IS 'our ''shop'''`,
      `REVOKE ALL ON DATABASE ${source.name} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${source.name} TO pg_monitor WITH GRANT OPTION`,
      `ALTER DATABASE ${source.name} CONNECTION LIMIT 17`,
    ]) {
      await source.query(sql)
    }
    backup = await backUp(source.url)
  })

  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await source[Symbol.asyncDispose]()
  })

  test('what was not asked for is named, without its values, and nothing of it is done', async () => {
    await using target = await createDatabase(major)
    const before = await outside(target, 'postgres')
    const named = {
      severity: 'warning',
      message: `The backup's database has what is no part of its contents, and what the target does not have: search_path, app.Secret, TimeZone, work_mem of role ${app.name}, who may connect, comment, connection limit, owner.`,
      hint: 'It was not applied. Restore with --database-settings, which does so.',
    }
    const seen = await sinkOf(target.url).inspect(backup, countProgress(), new AbortController().signal)
    expect(seen.problems).toContainEqual(named)
    const { problems } = await restore(target.url, backup)
    expect(problems).toContainEqual(named)
    expect(JSON.stringify(problems)).not.toContain('hidden')
    expect(await outside(target, 'postgres')).toEqual(before)
  })

  test.each(['parallel', 'atomic', 'swap'] as const)('all of it comes back by %s where it is asked for', async mode => {
    await using target = await createDatabase(major)
    if (mode !== 'parallel') await target.query('CREATE TABLE other (i int)')
    const { problems } = await restore(target.url, backup, { mode, databaseSettings: true })
    expect(problems).toEqual([])
    expect(await outside(target, app.name)).toEqual(await outside(source, app.name))
    // Over the database that has it already, there is nothing to say.
    expect((await restore(target.url, backup, { mode: 'atomic' })).problems).toEqual([])
    await target.query(`ALTER DATABASE ${target.name} OWNER TO postgres`)
    await target.query(`ALTER ROLE ${app.name} IN DATABASE ${target.name} RESET ALL`)
  })

  test('an owner who is another role may what the owner might; what it may not do is told with the statement', async () => {
    await using target = await createDatabase(major)
    await using mine = await ordinaryRole([target])
    const { problems } = await restore(mine.url(target), backup, { databaseSettings: true })
    const [told] = problems.filter(({ message }) => message.startsWith('Not applied'))
    // Since 15 a parameter that no extension knows is the superuser's to set.
    expect(told?.message).toMatch(
      /^Not applied to the database: (app\.Secret, )?work_mem of role \w+, owner\. The server said: /,
    )
    expect(told?.hint).toContain(`ALTER ROLE "${app.name}" IN DATABASE "${target.name}" SET "work_mem" TO …`)
    expect(told?.hint).not.toContain('7MB')
    const now = await outside(target, mine.name)
    expect(now).toMatchObject({ owner: 'THE ROLE', limit: 17, open: false })
    expect(now.acl).toEqual((await outside(source, app.name)).acl)
    await target.query(`ALTER DATABASE ${target.name} CONNECTION LIMIT -1`)
  })

  test('a part of the backup is no reason to speak of it', async () => {
    await using target = await createDatabase(major)
    await target.query('CREATE SCHEMA shop')
    const selection = { tables: ['shop.t'], schemas: [], schemaOnly: false, dataOnly: false }
    expect((await restore(target.url, backup, { selection })).problems).toEqual([])
  })
})
