/** An empty database of its own for a test, on one of the servers that the test run shares. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** Those that run all through a test run; a test that needs another one starts it. */
export type SharedMajor = 14 | 15 | 18

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  readonly name: string
  /** Runs SQL (several statements allowed) as the superuser and returns the rows of a single statement. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
}

export async function createDatabase(major: SharedMajor, options = ''): Promise<TestDatabase> {
  const admin = inject(`postgres${major}`)
  const name = `test_${randomBytes(6).toString('hex')}`
  await once(admin, `CREATE DATABASE ${name} ${options}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return {
    url: url.href,
    name,
    query: (sql, values) => once(url.href, sql, values),
    async [Symbol.asyncDispose]() {
      // A database that subscribes to something can't be dropped, forced or not; its subscriptions have no slots.
      const subscriptions = await once(
        url.href,
        `SELECT quote_ident(subname) AS name FROM pg_subscription
         WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      for (const { name } of subscriptions) await once(url.href, `DROP SUBSCRIPTION ${name}`)
      await once(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function once(url: string, sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = await client.query(sql, values === undefined ? undefined : [...values])
    return result.rows
  } finally {
    await client.end()
  }
}
