/**
 * A database that several lanes fill holds a part of a backup until they are done, and for good if they are killed. So it bears a
 * comment while that lasts, where the role may set one and nobody else has: whoever finds it is told what it is.
 */
import pg from 'pg'
import type { Connection } from '../connection/connection.ts'
import { type Backend, STARTED } from '../connection/silence.ts'

/** Begins the comment; which backup and whose session follow as JSON. */
const MARK = 'comeback, a restore under way: '

interface Found {
  readonly name: string
  readonly mark: string | null
  readonly mine: boolean
  readonly sessions: readonly string[]
}

export async function markHalfFilled(connection: Connection, backup: string): Promise<void> {
  const { name, mark, mine } = await look(connection)
  if (!mine || (mark !== null && !mark.startsWith(MARK))) return
  const { pid, started } = connection.backend
  await comment(connection, name, pg.escapeLiteral(MARK + JSON.stringify({ backup, pid, started })))
}

/** It holds all of a backup now, or nothing. */
export async function unmarkHalfFilled(connection: Connection): Promise<void> {
  const { name, mark, mine } = await look(connection)
  if (mine && mark?.startsWith(MARK)) await comment(connection, name, 'NULL')
}

/** A sentence on the restore that fills the database, or has ended without an end; undefined if there is no word of one. */
export async function halfFilled(connection: Connection): Promise<string | undefined> {
  const { mark, sessions } = await look(connection)
  const owner = ownerIn(mark)
  if (owner === undefined) return undefined
  return sessions.some(one => [`${owner.pid}@${owner.started}`, `${owner.pid}@`].includes(one))
    ? `A restore of ${owner.backup} is filling it right now.`
    : `It is what a restore of ${owner.backup} has left that ended in the middle: a part of that backup.`
}

async function look(connection: Connection): Promise<Found> {
  const [found] = await connection.query<Found>(
    `SELECT d.datname::text AS name, pg_catalog.shobj_description(d.oid, 'pg_database') AS mark,
            pg_catalog.pg_has_role(d.datdba, 'USAGE') AS mine,
            ARRAY(SELECT a.pid || '@' || coalesce(${STARTED}, '') FROM pg_catalog.pg_stat_activity AS a) AS sessions
       FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`,
  )
  return found ?? { name: '', mark: null, mine: false, sessions: [] }
}

function ownerIn(mark: string | null): (Pick<Backend, 'pid' | 'started'> & { readonly backup: string }) | undefined {
  if (mark === null || !mark.startsWith(MARK)) return undefined
  try {
    const { backup, pid, started } = JSON.parse(mark.slice(MARK.length)) as Readonly<Record<string, unknown>>
    // Whoever owns the database can write what he likes there.
    if (typeof backup !== 'string' || !/^[\w-]{1,40}$/.test(backup)) return undefined
    return typeof pid === 'number' && typeof started === 'string' ? { backup, pid, started } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function comment(connection: Connection, name: string, text: string): Promise<void> {
  await connection.query(`COMMENT ON DATABASE ${pg.escapeIdentifier(name)} IS ${text}`)
}
