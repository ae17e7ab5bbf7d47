/** Databases of a managed platform: a provider's own schemas, tables and roles, and an owner who is no superuser. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TestDatabase } from './database.ts'

const script = (name: string) => readFileSync(new URL(`../fixtures/sql/${name}`, import.meta.url), 'utf8')

export interface Platform extends AsyncDisposable {
  /** With every `p_` as the roles of this platform have it. */
  named(text: string): string
  /** As the owner reaches the database. */
  url(database: TestDatabase): string
  /** As the owner, several statements. */
  asOwner(database: TestDatabase, sql: string): Promise<void>
  /** What the owner has made there. */
  use(database: TestDatabase): Promise<void>
}

/** Makes new projects of the databases, which must be of one server. */
export async function platformOf(databases: readonly TestDatabase[]): Promise<Platform> {
  const id = `p${randomBytes(4).toString('hex')}_`
  const named = (text: string) => text.replace(/\bp_/g, id)
  const [first] = databases
  if (first === undefined) throw new Error('a platform needs a database')
  await first.query(
    named(`CREATE ROLE p_admin SUPERUSER; CREATE ROLE p_auth; CREATE ROLE p_storage; CREATE ROLE p_anon; CREATE ROLE p_member;
      CREATE ROLE p_service BYPASSRLS; CREATE ROLE p_owner LOGIN PASSWORD 'plain' CREATEDB CREATEROLE BYPASSRLS REPLICATION;
      GRANT p_anon, p_member, p_service TO p_owner`),
  )
  for (const database of databases) {
    await database.query(named(`ALTER DATABASE ${database.name} OWNER TO p_owner`))
    await database.query(named(script('platform.sql')))
  }
  return {
    named,
    url(database) {
      const url = new URL(database.url)
      url.username = named('p_owner')
      url.password = 'plain'
      return url.href
    },
    async asOwner(database, sql) {
      await database.query(named(`SET SESSION AUTHORIZATION p_owner; ${sql}`))
    },
    async use(database) {
      await database.query(named(`SET SESSION AUTHORIZATION p_owner; ${script('platform-user.sql')}`))
    },
    async [Symbol.asyncDispose]() {
      const roles = named('p_owner, p_admin, p_auth, p_storage, p_anon, p_member, p_service')
      const owned = await first.query(
        named(`SELECT datname AS name FROM pg_database WHERE datdba = 'p_owner'::regrole`),
      )
      const names = databases.map(({ name }) => name)
      for (const { name } of owned)
        if (!names.includes(String(name))) await first.query(`DROP DATABASE "${name}" WITH (FORCE)`)
      for (const database of databases) {
        await database.query(`ALTER DATABASE ${database.name} OWNER TO postgres`)
        await database.query(`DROP PUBLICATION IF EXISTS ${named('p_realtime')}, ${named('p_of_the_house')}`)
        for (const role of roles.split(', ')) await database.query(`DROP OWNED BY ${role} CASCADE`)
      }
      await first.query(`DROP ROLE ${roles}`)
    },
  }
}
