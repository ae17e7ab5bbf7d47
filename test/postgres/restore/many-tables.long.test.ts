/** Two thousand tables on a server with PostgreSQL's own settings: too many for one transaction over as many, never for a swap. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { lockNeeds } from '../../../src/postgres/restore/lock-table.ts'
import { planRestore } from '../../../src/postgres/restore/restore-plan.ts'
import { countProgress } from '../../fakes/segments.ts'
import { startServer, type TestServer } from '../../support/postgres.ts'
import { backUp, failure, restore, sinkOf } from '../round-trip.ts'

const TABLES = 2000
const KEPT = '_before_20261123T020000Z-7f3a91'

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** In batches: the server has no room for the locks of them all. */
async function tables(url: string, count: number): Promise<void> {
  for (let first = 1; first <= count; first += 200) {
    await query(
      url,
      `DO $$ BEGIN FOR i IN ${first}..${Math.min(count, first + 199)} LOOP
         EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, note text)', i);
         EXECUTE format('INSERT INTO t%s VALUES (%s)', i, i);
       END LOOP; END $$`,
    )
  }
}

/** The view has a line for each mode, the server's table a place for each object. */
const LOCKED = `
  SELECT count(DISTINCT (locktype, database, relation, classid, objid))::int AS count FROM pg_locks
   WHERE pid <> pg_backend_pid()`
const COUNT = "SELECT count(*)::int AS tables FROM pg_class WHERE relname ~ '^t[0-9]+$' AND relkind = 'r'"

describe.each([14, 18] as const)('on PostgreSQL %i with its own settings', major => {
  let server: TestServer
  let source: string
  beforeAll(async () => {
    server = await startServer(major, { max_locks_per_transaction: '64', max_connections: '100' })
    source = await server.createDatabase('source')
    await query(server.url(), "CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain'")
    await tables(source, TABLES)
  })
  afterAll(async () => {
    await server.stop()
  })

  async function database(name: string): Promise<string> {
    const url = new URL(await server.createDatabase(name))
    await query(server.url(), `ALTER DATABASE ${name} OWNER TO plain`)
    if (major === 14) await query(server.url(name), 'GRANT ALL ON SCHEMA public TO plain')
    url.username = 'plain'
    url.password = 'plain'
    return url.href
  }

  test('two thousand over two thousand need too many locks: that is said before and after, and nothing is changed; a swap does it', async () => {
    const target = await database('crowded')
    await tables(target, TABLES)
    await query(target, 'UPDATE t7 SET note = $$mine$$')
    const backup = await backUp(source)
    const look = await sinkOf(target, { mode: 'atomic' }).inspect(backup, countProgress(), new AbortController().signal)
    const message = expect.stringMatching(
      /One transaction that restores 2,000 tables over what is there needs about [\d,]+ locks; with max_locks_per_transaction = 64 the server has room for about [78],\d+/,
    )
    const hint = expect.stringMatching(/Use --mode swap.* set max_locks_per_transaction to \d+ or more/)
    expect(look.problems).toContainEqual(expect.objectContaining({ message, hint }))
    const error = await failure(restore(target, backup, { mode: 'atomic' }))
    expect(error).toMatchObject({ code: 'server-error', message, hint })
    expect(await query(target, `${COUNT} UNION ALL SELECT count(*)::int FROM t7 WHERE note = 'mine'`)).toEqual([
      { tables: TABLES },
      { tables: 1 },
    ])

    await restore(target, backup, { mode: 'swap' })
    expect(await query(target, `${COUNT} UNION ALL SELECT count(*)::int FROM t7 WHERE note = 'mine'`)).toEqual([
      { tables: TABLES },
      { tables: 0 },
    ])
    expect(await query(server.url(`crowded${KEPT}`), COUNT)).toEqual([{ tables: TABLES }])
  }, 300_000)

  test('an atomic restore takes about as many locks as are said to be needed', async () => {
    const target = await database('smaller')
    await tables(target, 300)
    const other = await server.createDatabase('three_hundred')
    await tables(other, 300)
    const backup = await backUp(other)
    const signal = new AbortController().signal
    await using connection = await connect({ url: target, connectTimeout: 10_000, signal })
    const { needed } = await lockNeeds(connection, await planRestore(backup, countProgress(), signal))
    let taken = 0
    const done = new AbortController()
    const watching = (async () => {
      for (; !done.signal.aborted; await sleep(20)) {
        const [row] = await connection.query<{ count: number }>(LOCKED)
        taken = Math.max(taken, row?.count ?? 0)
      }
    })()
    await restore(target, backup, { mode: 'atomic' })
    done.abort()
    await watching
    expect(taken).toBeGreaterThan(needed * 0.8)
    expect(taken).toBeLessThan(needed * 1.2)
  }, 120_000)
})
