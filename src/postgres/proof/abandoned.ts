/**
 * Databases of proofs that were killed. Each bears a comment that names the session of the run that made it, and is dropped by the
 * next proof on that server once that session is gone and nobody is connected. What bears none, or is left on purpose, is told of.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ProofFinding } from '../../engine/proof.ts'
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Backend } from '../connection/silence.ts'
import { isThere, MARK_OF, readMark, SESSIONS, setMark } from '../database-mark.ts'
import type { ProofDatabase } from './disposable.ts'

/** Begins the comment; the session follows as JSON. */
const MARK = 'comeback, a proof under way: '
const LEFT = 'comeback, left by a proof for what comes next'
/** Milliseconds. */
const PAUSE = 1_000
const NAME = '^comeback_proof_[0-9a-f]{8}$'

export async function markUnderWay(connection: Connection, { name }: ProofDatabase): Promise<void> {
  await setMark(connection, name, MARK + JSON.stringify(connection.backend))
}

/** Nobody's session stands for it any more: whoever goes on with it drops it. */
export async function markLeft(connection: Connection, { name }: ProofDatabase): Promise<void> {
  await setMark(connection, name, LEFT)
}

export interface Abandoned {
  /** Nobody's for certain. */
  readonly dead: readonly string[]
  /** May be somebody's, or be meant to stay. */
  readonly doubtful: readonly string[]
}

export async function findAbandoned(connection: Connection): Promise<Abandoned> {
  const rows = await connection.query<{ name: string; mark: string | null; busy: boolean; sessions: string[] }>(
    `SELECT d.datname::text AS name, ${MARK_OF} AS mark,
            EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS s WHERE s.datid = d.oid) AS busy,
            ${SESSIONS} AS sessions
       FROM pg_catalog.pg_database AS d WHERE d.datname ~ $1 ORDER BY 1`,
    [NAME],
  )
  const idle = rows.filter(({ busy }) => !busy)
  const isDead = ({ mark, sessions }: (typeof rows)[number]) => {
    const owner = ownerIn(mark)
    return owner !== undefined && !isThere(owner, sessions)
  }
  return {
    dead: idle.filter(isDead).map(({ name }) => name),
    doubtful: idle
      .filter(row => !isDead(row) && ownerIn(row.mark) === undefined && row.mark !== LEFT)
      .map(({ name }) => name),
  }
}

/** Drops them, and says what it could not drop. */
export async function clearAbandoned(
  connection: Connection,
  say: (text: string) => void,
): Promise<readonly ProofFinding[]> {
  let { dead, doubtful } = await findAbandoned(connection)
  if (doubtful.length > 0) {
    // One that was made this very moment gets its comment now.
    await sleep(PAUSE)
    ;({ dead, doubtful } = await findAbandoned(connection))
  }
  const findings: ProofFinding[] = doubtful.map(name => ({
    ...notCleared(name, 'nothing says whose it is'),
    hint: `If no proof is under way on this server: DROP DATABASE ${pg.escapeIdentifier(name)}`,
  }))
  for (const name of dead) {
    try {
      // Without FORCE: whoever has come meanwhile keeps it.
      await connection.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)}`)
      say(`Dropped ${name}, which a proof that was killed had left`)
    } catch (error) {
      findings.push(notCleared(name, asComebackError(error).message))
    }
  }
  return findings
}

function notCleared(name: string, why: string): ProofFinding {
  const message = `The database ${name} of an earlier proof, which was killed, is still there: ${why}.`
  return { code: 'not-cleared', subject: name, message }
}

function ownerIn(mark: string | null): Pick<Backend, 'pid' | 'started'> | undefined {
  const { pid, started } = readMark(mark, MARK) ?? {}
  return typeof pid === 'number' && typeof started === 'string' && started !== '' ? { pid, started } : undefined
}
