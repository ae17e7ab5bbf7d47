/**
 * Databases of proofs that were killed. Each bears a comment that names the session of the run that made it, and is dropped by the
 * next proof on that server once that session is gone and nobody is connected. What bears none, or is left on purpose, is told of.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ProofFinding } from '../../engine/proof.ts'
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type Backend, STARTED } from '../connection/silence.ts'
import type { ProofDatabase } from './disposable.ts'

/** Begins the comment; the session follows as JSON. */
const MARK = 'comeback, a proof under way: '
const LEFT = 'comeback, left by a proof for what comes next'
/** Milliseconds. */
const PAUSE = 1_000
const NAME = '^comeback_proof_[0-9a-f]{8}$'

export async function markUnderWay(connection: Connection, { name }: ProofDatabase): Promise<void> {
  await comment(connection, name, MARK + JSON.stringify(connection.backend))
}

/** Nobody's session stands for it any more: whoever goes on with it drops it. */
export async function markLeft(connection: Connection, { name }: ProofDatabase): Promise<void> {
  await comment(connection, name, LEFT)
}

export interface Abandoned {
  /** Nobody's for certain. */
  readonly dead: readonly string[]
  /** May be somebody's, or be meant to stay. */
  readonly doubtful: readonly string[]
}

export async function findAbandoned(connection: Connection): Promise<Abandoned> {
  const rows = await connection.query<{ name: string; mark: string | null; busy: boolean; sessions: string[] }>(
    `SELECT d.datname::text AS name, pg_catalog.shobj_description(d.oid, 'pg_database') AS mark,
            EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS s WHERE s.datid = d.oid) AS busy,
            ARRAY(SELECT a.pid || '@' || coalesce(${STARTED}, '') FROM pg_catalog.pg_stat_activity AS a) AS sessions
       FROM pg_catalog.pg_database AS d WHERE d.datname ~ $1 ORDER BY 1`,
    [NAME],
  )
  const idle = rows.filter(({ busy }) => !busy)
  const isDead = ({ mark, sessions }: (typeof rows)[number]) => {
    const owner = ownerIn(mark)
    // Of a session of another role only the number is to be seen.
    return (
      owner !== undefined && !sessions.some(one => [`${owner.pid}@${owner.started}`, `${owner.pid}@`].includes(one))
    )
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
  if (mark === null || !mark.startsWith(MARK)) return undefined
  try {
    const { pid, started } = JSON.parse(mark.slice(MARK.length)) as Partial<Backend>
    return typeof pid === 'number' && typeof started === 'string' && started !== '' ? { pid, started } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function comment(connection: Connection, name: string, text: string): Promise<void> {
  await connection.query(`COMMENT ON DATABASE ${pg.escapeIdentifier(name)} IS ${pg.escapeLiteral(text)}`)
}
