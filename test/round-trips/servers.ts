/**
 * The servers of the round trips, each with the pg_dump and psql to compare with: its own, or those of the next major that has some.
 * Or the one that the environment names, with its programs, such as a container of a platform's image.
 */
import { type NewestMajor, startNewest } from '../support/newest.ts'
import { startServer } from '../support/postgres.ts'

export interface RoundTripServer {
  readonly pgDump: string
  readonly psql: string
  /** Of a superuser. */
  url(database?: string): string
  stop(): Promise<void>
}

/** `ROUND_TRIP_URL`: of a superuser. `ROUND_TRIP_PG_DUMP` and `ROUND_TRIP_PSQL`: paths. */
function namedServer(url: string): RoundTripServer {
  const { ROUND_TRIP_PG_DUMP: pgDump = 'pg_dump', ROUND_TRIP_PSQL: psql = 'psql' } = process.env
  const inDatabase = (database: string) => Object.assign(new URL(url), { pathname: `/${database}` }).href
  return { pgDump, psql, url: database => (database === undefined ? url : inDatabase(database)), stop: async () => {} }
}

const MAJORS = [14, 15, 16, 17, 18, 19] as const

/** Those that the round trips are made on, by name. */
export function roundTripServers(named = process.env.ROUND_TRIP_URL) {
  if (named !== undefined) return [{ name: 'the server that was named', start: async () => namedServer(named) }]
  return MAJORS.map(major => ({ name: `PostgreSQL ${major}`, start: () => startOwn(major) }))
}

async function startOwn(major: (typeof MAJORS)[number]): Promise<RoundTripServer> {
  if (major !== 14 && major !== 16) return await startNewest(major)
  const { pgDump, psql } = await programsOf(17)
  return { ...(await startServer(major)), pgDump, psql }
}

async function programsOf(major: NewestMajor) {
  const server = await startNewest(major)
  await server.stop()
  return server
}
