/** The comment of a database as the mark of the run that works on it, and whether the session that it names is still there. */
import pg from 'pg'
import type { Connection } from './connection/connection.ts'
import { type Backend, STARTED } from './connection/silence.ts'

/** Of `pg_database AS d`. */
export const MARK_OF = `pg_catalog.shobj_description(d.oid, 'pg_database')`

/** Those of the whole server, as `isThere` knows them. */
export const SESSIONS = `ARRAY(SELECT a.pid || '@' || coalesce(${STARTED}, '') FROM pg_catalog.pg_stat_activity AS a)`

/** Of a session of another role only the number is to be seen. */
export function isThere({ pid, started }: Pick<Backend, 'pid' | 'started'>, sessions: readonly string[]): boolean {
  return sessions.some(one => [`${pid}@${started}`, `${pid}@`].includes(one))
}

/** Null takes it away. */
export async function setMark(connection: Connection, database: string, mark: string | null): Promise<void> {
  const text = mark === null ? 'NULL' : pg.escapeLiteral(mark)
  await connection.query(`COMMENT ON DATABASE ${pg.escapeIdentifier(database)} IS ${text}`)
}

/** What follows that beginning as JSON; undefined for any other comment. Whoever owns the database can write what he likes there. */
export function readMark(mark: string | null, beginning: string): Readonly<Record<string, unknown>> | undefined {
  if (mark === null || !mark.startsWith(beginning)) return undefined
  try {
    return JSON.parse(mark.slice(beginning.length))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
