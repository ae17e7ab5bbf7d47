import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../../../src/errors.ts'
import { createDatabase, type TestDatabase } from '../../../support/database.ts'
import { fingerprint } from '../../../support/fingerprint.ts'
import { ordinaryRole } from '../../../support/ordinary-role.ts'
import { MAJORS } from '../../../support/thorough.ts'
import { backUp, breaking, failure, restore, SHOP } from '../../round-trip.ts'

const KEPT = '_before_20261123T020000Z-7f3a91'
const NOTHING_LEFT = "SELECT count(*)::int AS n FROM pg_database WHERE datname LIKE $1 || '\\_%'"

/** What a database is besides its contents. */
async function outside({ query, name }: TestDatabase) {
  return await query(
    `SELECT pg_get_userbyid(datdba) AS owner, encoding, datcollate, datctype, datconnlimit, datallowconn,
            (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl,
            shobj_description(d.oid, 'pg_database') AS comment,
            ARRAY(SELECT setrole::regrole || ' ' || setconfig::text FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY 1) AS settings
       FROM pg_database d WHERE datname = $1`,
    [name],
  )
}

function elsewhere(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${name}`
  return other.href
}

async function query(url: string, sql: string): Promise<void> {
  const client = await connected(url)
  await client.query(sql)
  await client.end()
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'a shop' })
  client.on('error', () => {})
  await client.connect()
  return client
}

describe.each(MAJORS)('on PostgreSQL %i, as an ordinary role', major => {
  test('a swap puts the backup in the place of the database, and keeps the old one as it was', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major, "ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    await query(owner.url(source), SHOP)
    await target.query(`CREATE TABLE mine AS SELECT 1 AS id; CREATE SCHEMA apart`)
    for (const sql of [
      `ALTER DATABASE ${target.name} SET search_path TO shop, "Odd,Name", public`,
      `ALTER DATABASE ${target.name} SET application_name TO 'it''s'`,
      `ALTER ROLE ${owner.name} IN DATABASE ${target.name} SET work_mem TO '7MB'`,
      `COMMENT ON DATABASE ${target.name} IS 'our ''shop'''`,
      `ALTER DATABASE ${target.name} CONNECTION LIMIT 7`,
      `REVOKE TEMP ON DATABASE ${target.name} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${target.name} TO pg_monitor WITH GRANT OPTION`,
      `ALTER DATABASE ${target.name} SET default_transaction_read_only TO on`,
    ]) {
      await target.query(sql)
    }
    const before = await fingerprint(target.url)
    const around = await outside(target)
    const result = await restore(owner.url(target), await backUp(source.url), { mode: 'swap' })
    expect(result.problems.map(({ message }) => message)).toEqual([
      'The source sorts text by C.UTF-8, the target by C.',
      ...(major === 14 ? ['Schema public belongs to postgres: its owner, grants and comment stay.'] : []),
    ])
    expect(result.summary[1]).toContain(`--discard ${target.name}${KEPT} --confirm ${target.name}${KEPT}`)
    expect(await fingerprint(target.url)).toEqual(await fingerprint(source.url))
    expect(await outside(target)).toEqual(around)
    expect(await fingerprint(elsewhere(target.url, `${target.name}${KEPT}`))).toEqual(before)
    expect(await outside({ ...target, name: `${target.name}${KEPT}` })).toEqual(around)
  })

  test('the same backup can be swapped in twice', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE TABLE t AS SELECT 1 AS i')
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    await restore(owner.url(target), backup, { mode: 'swap' })
    const { summary, problems } = await restore(owner.url(target), backup, { mode: 'swap' })
    expect(summary[1]).toContain(`${target.name}${KEPT}-2.`)
    expect(problems.map(({ message }) => message)).toContain(
      `The database ${target.name}${KEPT}, kept by an earlier swap, still takes up space.`,
    )
  })

  test('without the right to create databases, or to own this one, nothing is begun, and what is missing is said', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE TABLE t AS SELECT 1 AS i')
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target])
    const before = await fingerprint(target.url)
    const error = await failure(restore(owner.url(target), backup, { mode: 'swap' }))
    expect(error).toMatchObject({ code: 'permission' })
    expect(error.message).toContain(`the role ${owner.name} lacks the right to create databases (CREATEDB).`)
    expect(error.hint).toContain(`ALTER ROLE "${owner.name}" CREATEDB`)
    await target.query(`ALTER DATABASE ${target.name} OWNER TO postgres`)
    const foreign = await failure(restore(owner.url(target), backup, { mode: 'swap' }))
    expect(foreign.message).toContain(`ownership of ${target.name}, which belongs to postgres`)
    expect(foreign.hint).toContain(`GRANT "postgres" TO "${owner.name}"`)
    expect(await fingerprint(target.url)).toEqual(before)
    expect(await target.query(NOTHING_LEFT, [target.name])).toEqual([{ n: 0 }])
  })

  test('a session of somebody else is named before anything is done', async () => {
    await using source = await createDatabase(major)
    await source.query('CREATE TABLE t AS SELECT 1 AS i')
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    const client = await connected(owner.url(target))
    const error = await failure(restore(owner.url(target), backup, { mode: 'swap' }))
    expect(error.code).toBe('timeout')
    expect(error.message).toMatch(
      new RegExp(`^1 session uses ${target.name}: pid \\d+ \\(role ${owner.name}, a shop, from 127\\.0\\.0\\.1\\)\\.`),
    )
    expect(error.hint).toContain('--end-sessions')
    await client.end()
    const superuser = await connected(target.url)
    const other = await failure(restore(owner.url(target), backup, { mode: 'swap', endSessions: true }))
    expect(other.hint).toContain('a superuser’s sessions only a superuser can end')
    await superuser.end()
    expect(await target.query(NOTHING_LEFT, [target.name])).toEqual([{ n: 0 }])
  })

  test('with --end-sessions those who are connected work on until the swap, and find the new database after it', async () => {
    await using source = await createDatabase(major)
    await using target = await createDatabase(major)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    await query(owner.url(source), SHOP)
    await target.query(`CREATE TABLE mine (i int); ALTER TABLE mine OWNER TO ${owner.name}`)
    const stop = new AbortController()
    let written = 0
    const writing = (async () => {
      let client = await connected(owner.url(target))
      while (!stop.signal.aborted) {
        try {
          await client.query('INSERT INTO mine VALUES (1)')
          written++
        } catch {
          if (stop.signal.aborted) return
          client = await connected(owner.url(target)).catch(() => client)
        }
      }
      await client.end().catch(() => {})
    })()
    await restore(owner.url(target), await backUp(source.url), { mode: 'swap', endSessions: true })
    stop.abort()
    await writing
    expect(await fingerprint(target.url)).toEqual(await fingerprint(source.url))
    const kept = await fingerprint(elsewhere(target.url, `${target.name}${KEPT}`))
    expect(written).toBeGreaterThan(10)
    expect(kept.rows['public.mine']).toMatch(new RegExp(`^(${written}|${written + 1}) `))
  })
})

describe('a swap that fails leaves the old database untouched and nothing beside it', () => {
  const phases = ['Creating the database', 'Creating tables', 'Loading rows', 'Counting rows', 'Collecting', 'Swapping']
  test.each(phases)('cancelled while: %s', async phase => {
    await using source = await createDatabase(18)
    await source.query(SHOP)
    await using target = await createDatabase(18)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const before = [await fingerprint(target.url), await outside(target)]
    const abort = new AbortController()
    const progress = {
      phase: (text: string) => {
        if (text.startsWith(phase)) abort.abort(new ComebackError('cancelled', 'Stop.'))
      },
      advance: () => {},
    }
    const error = await failure(
      restore(owner.url(target), await backUp(source.url), { mode: 'swap' }, abort.signal, progress),
    )
    expect(error.message).toBe(`Stop. The new database was dropped again; ${target.name} is as it was.`)
    expect([await fingerprint(target.url), await outside(target)]).toEqual(before)
    expect(await target.query(NOTHING_LEFT, [target.name])).toEqual([{ n: 0 }])
  })

  test('with subscriptions and roles that it made', async () => {
    await using source = await createDatabase(14)
    const role = `made_${source.name}`
    await source.query(`CREATE ROLE ${role}; ${SHOP}; ALTER TABLE public.orders OWNER TO ${role}; GRANT USAGE ON SCHEMA shop TO ${role};
      CREATE SUBSCRIPTION far CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = 'far')`)
    const backup = await backUp(source.url)
    await source.query('ALTER SUBSCRIPTION far SET (slot_name = NONE)')
    await source.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
    await using target = await createDatabase(18)
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const abort = new AbortController()
    const progress = {
      phase: (text: string) => {
        if (text.startsWith('Counting rows')) abort.abort(new ComebackError('cancelled', 'Stop.'))
      },
      advance: () => {},
    }
    const options = { mode: 'swap', createRoles: true } as const
    const error = await failure(restore(target.url, backup, options, abort.signal, progress))
    expect(error.message).toBe(`Stop. The new database was dropped again; ${target.name} is as it was.`)
    expect(await target.query(NOTHING_LEFT, [target.name])).toEqual([{ n: 0 }])
    expect(await target.query('SELECT FROM pg_roles WHERE rolname = $1', [role])).toEqual([])
  })

  test('a damaged backup', async () => {
    await using source = await createDatabase(18)
    await source.query(SHOP)
    const broken = breaking(await backUp(source.url), 'public.orders', 500_000, () => {
      throw new ComebackError('damaged', 'A chunk is damaged.')
    })
    await using target = await createDatabase(18)
    await using owner = await ordinaryRole([source, target], 'CREATEDB')
    await target.query('CREATE TABLE mine AS SELECT 1 AS id')
    const before = await fingerprint(target.url)
    const error = await failure(restore(owner.url(target), broken, { mode: 'swap' }))
    expect(error.code).toBe('damaged')
    expect(error.message).toContain(`The new database was dropped again; ${target.name} is as it was.`)
    expect(await fingerprint(target.url)).toEqual(before)
    expect(await target.query(NOTHING_LEFT, [target.name])).toEqual([{ n: 0 }])
  })
})
