/**
 * Servers and clients that npm does not have: PostgreSQL 15 from Debian at its newest minor, and 17, 18 and 19 at their newest, which
 * `.ci/newest-postgres` puts into a folder. Where one is missing, the test that needs it fails and says what makes it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startServerFrom, type TestServer } from './postgres.ts'

export type NewestMajor = 15 | 17 | 18 | 19

export interface NewestServer extends Omit<TestServer, 'major'> {
  readonly major: NewestMajor
  /** Paths of its own programs, which run here. */
  readonly pgDump: string
  readonly psql: string
}

const SERVERS = process.env.COMEBACK_SERVERS ?? '/var/cache/comeback-servers'

export async function startNewest(
  major: NewestMajor,
  settings: Readonly<Record<string, string>> = {},
): Promise<NewestServer> {
  const bin = `/usr/lib/postgresql/${major}/bin`
  // 18 came along with 19.
  const root = { 15: '/', 17: join(SERVERS, '17'), 18: join(SERVERS, '19'), 19: join(SERVERS, '19') }[major]
  const clients = major === 15 ? bin : join(SERVERS, 'clients', String(major))
  const wanted = [join(root, bin, 'postgres'), join(clients, 'pg_dump')]
  const missing = wanted.find(path => !existsSync(path))
  if (missing !== undefined) {
    const cure = major === 15 ? 'apt-get install postgresql-15' : '.ci/newest-postgres'
    throw new Error(`${missing} is not there: ${cure}`)
  }
  const server = await startServerFrom(bin, settings, root)
  return { ...server, major, pgDump: join(clients, 'pg_dump'), psql: join(clients, 'psql') }
}
