/** A role as a provider gives it: it owns databases and what is in them, and is no superuser. */
import { randomBytes } from 'node:crypto'
import type { TestDatabase } from './database.ts'

export interface OrdinaryRole extends AsyncDisposable {
  readonly name: string
  /** The database as this role reaches it. */
  url(database: TestDatabase): string
}

/** Gives it the databases, which must be of one server. `attributes`: `CREATEDB`. */
export async function ordinaryRole(databases: readonly TestDatabase[], attributes = ''): Promise<OrdinaryRole> {
  const name = `plain_${randomBytes(4).toString('hex')}`
  const [first] = databases
  if (first === undefined) throw new Error('a role needs a database')
  await first.query(`CREATE ROLE ${name} LOGIN PASSWORD 'plain' ${attributes}`)
  for (const database of databases) await first.query(`ALTER DATABASE ${database.name} OWNER TO ${name}`)
  return {
    name,
    url(database) {
      const url = new URL(database.url)
      url.username = name
      url.password = 'plain'
      return url.href
    },
    async [Symbol.asyncDispose]() {
      const names = databases.map(database => database.name)
      const owned = await first.query(`SELECT datname AS name FROM pg_database WHERE datdba = '${name}'::regrole`)
      for (const { name: other } of owned) {
        // What a swap has kept.
        if (!names.includes(String(other))) await first.query(`DROP DATABASE "${other}" WITH (FORCE)`)
      }
      for (const database of databases) {
        // A test may have closed it to writing.
        await database.query(`BEGIN READ WRITE; ALTER DATABASE ${database.name} OWNER TO postgres;
          REASSIGN OWNED BY ${name} TO postgres; DROP OWNED BY ${name}; COMMIT`)
      }
      await first.query(`DROP ROLE ${name}`)
    },
  }
}
