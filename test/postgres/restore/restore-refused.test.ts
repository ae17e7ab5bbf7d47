/** Atomic restores that cannot have their way at once: what the role may not drop, locks of others, too many tables. */
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore, SHOP } from '../round-trip.ts'

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

describe.each(MAJORS)('on PostgreSQL %i, as an ordinary role', major => {
  test('what belongs to somebody else stays, all else is replaced, and that is said', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    await source.query(`GRANT ALL ON SCHEMA public TO ${owner.name}`)
    await target.query(`GRANT ALL ON SCHEMA public TO ${owner.name}`)
    await query(owner.url(source), SHOP)
    await query(owner.url(target), 'CREATE TABLE public.orders (old int)')
    // Since 15 the owner of the database owns schema public, too, and may drop whatever is in it.
    await target.query('CREATE TABLE public.providers AS SELECT 1 AS id; ALTER SCHEMA public OWNER TO postgres')
    const { problems } = await restore(owner.url(target), await backUp(source.url), { mode: 'atomic' })
    expect(problems.map(({ message }) => message)).toContain(
      "What others own in the schemas that are replaced, and the backup doesn't hold, stays: TABLE public.providers (postgres).",
    )
    const { 'public.providers': providers, ...rows } = (await fingerprint(target.url)).rows
    expect(providers).toMatch(/^1 /)
    expect(rows).toEqual((await fingerprint(source.url)).rows)
  })

  test('where the backup cannot do without its own of that, both reasons are told, and nothing is changed', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    await source.query(SHOP)
    await target.query(
      'CREATE TABLE public.orders AS SELECT 1 AS id; ALTER SCHEMA public OWNER TO postgres; CREATE SCHEMA shop',
    )
    await target.query(`ALTER SCHEMA shop OWNER TO ${owner.name}; GRANT ALL ON SCHEMA public TO ${owner.name}`)
    const before = await fingerprint(target.url)
    const error = await failure(restore(owner.url(target), await backUp(source.url), { mode: 'atomic' }))
    expect(error.message).toMatch(/Restoring MATERIALIZED VIEW shop\.first failed: column "customer" does not exist/)
    expect(error.message).toContain(
      'What is there and belongs to postgres stays as it is. Left out: TABLE public.orders, ',
    )
    expect(await fingerprint(target.url)).toEqual(before)
  })

  test('a schema that the role could not create again is emptied, not dropped', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source])
    await query(owner.url(source), 'CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 7 AS i')
    await target.query(`CREATE SCHEMA app AUTHORIZATION ${owner.name}; CREATE TABLE app.old (i int)`)
    await target.query(`ALTER TABLE app.old OWNER TO ${owner.name}`)
    try {
      await restore(owner.url(target), await backUp(source.url), { mode: 'atomic' })
      expect((await fingerprint(target.url)).rows).toEqual((await fingerprint(source.url)).rows)
    } finally {
      await target.query(`DROP OWNED BY ${owner.name}`)
    }
  })

  test('locks of another session end the restore after a while, with a name for who holds them', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    await query(owner.url(source), 'CREATE SCHEMA shop; CREATE TABLE shop.t AS SELECT 1 AS i')
    await query(owner.url(target), 'CREATE SCHEMA shop; CREATE TABLE shop.t AS SELECT 2 AS i')
    const backup = await backUp(source.url)
    const before = await fingerprint(target.url)
    const holder = new pg.Client({ connectionString: owner.url(target), application_name: 'a migration' })
    await holder.connect()
    await holder.query('BEGIN; SELECT * FROM shop.t')
    const error = await failure(restore(owner.url(target), backup, { mode: 'atomic', lockTimeout: 1000 }))
    expect(error.code).toBe('timeout')
    expect(error.message).toMatch(
      new RegExp(
        `the restore waited for 1 s for locks of others, pid \\d+ \\(role ${owner.name}, a migration, in its transaction for \\d+ s\\) on shop\\.t\\.$`,
      ),
    )
    expect(error.hint).toMatch(/SELECT pg_terminate_backend\(\d+\)/)
    await holder.end()
    expect(await fingerprint(target.url)).toEqual(before)
  })
})
