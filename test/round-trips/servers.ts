/**
 * The servers of the round trips, each with the pg_dump and psql to compare with: its own, or those of the next major that has some.
 * Or the one that the environment names, with its programs, such as a container of a platform's image.
 */
import { type NewestMajor, startNewest } from '../support/newest.ts'
import { startServer } from '../support/postgres.ts'

export interface RoundTripServer {
  /** What the engine is told to read the schema with. */
  readonly client: string
  readonly pgDump: string
  readonly psql: string
  /** Of a superuser. */
  url(database?: string): string
  stop(): Promise<void>
}

/** `ROUND_TRIP_URL`: of a superuser. `ROUND_TRIP_MAJOR`: its version. `ROUND_TRIP_PG_DUMP` and `ROUND_TRIP_PSQL`: paths. */
function namedServer(url: string): RoundTripServer {
  const { ROUND_TRIP_PG_DUMP: pgDump = 'pg_dump', ROUND_TRIP_PSQL: psql = 'psql' } = process.env
  const inDatabase = (database: string) => Object.assign(new URL(url), { pathname: `/${database}` }).href
  return {
    client: pgDump,
    pgDump,
    psql,
    url: database => (database === undefined ? url : inDatabase(database)),
    stop: async () => {},
  }
}

/** Those that the round trips are made on, by name: all by the bundled pg_dump, but for what is newer. */
export function roundTripServers(named = process.env.ROUND_TRIP_URL) {
  if (named !== undefined)
    return [
      {
        name: 'the server that was named',
        major: Number(process.env.ROUND_TRIP_MAJOR),
        start: async () => namedServer(named),
      },
    ]
  return [
    { name: 'PostgreSQL 14', major: 14, start: () => fromNpm(14) },
    { name: 'PostgreSQL 15', major: 15, start: async () => ({ client: 'bundled', ...(await startNewest(15)) }) },
    { name: 'PostgreSQL 15 by its own pg_dump', major: 15, start: () => byItsOwn(15) },
    { name: 'PostgreSQL 16', major: 16, start: () => fromNpm(16) },
    { name: 'PostgreSQL 17', major: 17, start: async () => ({ client: 'bundled', ...(await startNewest(17)) }) },
    { name: 'PostgreSQL 18', major: 18, start: async () => ({ client: 'bundled', ...(await startNewest(18)) }) },
    { name: 'PostgreSQL 19', major: 19, start: () => byItsOwn(19) },
  ]
}

async function byItsOwn(major: NewestMajor): Promise<RoundTripServer> {
  const server = await startNewest(major)
  return { client: server.pgDump, ...server }
}

async function fromNpm(major: 14 | 16): Promise<RoundTripServer> {
  const { pgDump, psql } = await programsOf(17)
  return { client: 'bundled', ...(await startServer(major)), pgDump, psql }
}

async function programsOf(major: NewestMajor) {
  const server = await startNewest(major)
  await server.stop()
  return server
}
