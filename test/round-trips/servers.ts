/** The servers of the round trips, each with the pg_dump and psql to compare with: its own, or those of the next major that has some. */
import { type NewestMajor, startNewest } from '../support/newest.ts'
import { startServer } from '../support/postgres.ts'

export type RoundTripMajor = 14 | 15 | 16 | 17 | 18 | 19

export const ROUND_TRIP_MAJORS: readonly RoundTripMajor[] = [14, 15, 16, 17, 18, 19]

export interface RoundTripServer {
  readonly major: RoundTripMajor
  readonly pgDump: string
  readonly psql: string
  url(database?: string): string
  stop(): Promise<void>
}

export async function startRoundTripServer(major: RoundTripMajor): Promise<RoundTripServer> {
  if (major !== 14 && major !== 16) return await startNewest(major)
  const { pgDump, psql } = await programsOf(17)
  return { ...(await startServer(major)), major, pgDump, psql }
}

async function programsOf(major: NewestMajor) {
  const server = await startNewest(major)
  await server.stop()
  return server
}
