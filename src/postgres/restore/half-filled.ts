/**
 * A database that several lanes fill holds a part of a backup until they are done, and for good if they are killed. So it bears a
 * comment while that lasts, where the role may set one and nobody else has: whoever finds it is told what it is.
 */
import type { Connection } from '../connection/connection.ts'
import type { Backend } from '../connection/silence.ts'
import { isThere, MARK_OF, readMark, SESSIONS, setMark } from '../database-mark.ts'

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
  await setMark(connection, name, MARK + JSON.stringify({ backup, pid, started }))
}

/** It holds all of a backup now, or nothing. */
export async function unmarkHalfFilled(connection: Connection): Promise<void> {
  const { name, mark, mine } = await look(connection)
  if (mine && mark?.startsWith(MARK)) await setMark(connection, name, null)
}

/** A sentence on the restore that fills the database, or has ended without an end; undefined if there is no word of one. */
export async function halfFilled(connection: Connection): Promise<string | undefined> {
  const { mark, sessions } = await look(connection)
  const owner = ownerIn(mark)
  if (owner === undefined) return undefined
  return isThere(owner, sessions)
    ? `A restore of ${owner.backup} is filling it right now.`
    : `It is what a restore of ${owner.backup} has left that ended in the middle: a part of that backup.`
}

async function look(connection: Connection): Promise<Found> {
  const [found] = await connection.query<Found>(
    `SELECT d.datname::text AS name, ${MARK_OF} AS mark,
            pg_catalog.pg_has_role(d.datdba, 'USAGE') AS mine,
            ${SESSIONS} AS sessions
       FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`,
  )
  return found ?? { name: '', mark: null, mine: false, sessions: [] }
}

function ownerIn(mark: string | null): (Pick<Backend, 'pid' | 'started'> & { readonly backup: string }) | undefined {
  const { backup, pid, started } = readMark(mark, MARK) ?? {}
  if (typeof backup !== 'string' || !/^[\w-]{1,40}$/.test(backup)) return undefined
  return typeof pid === 'number' && typeof started === 'string' ? { backup, pid, started } : undefined
}
