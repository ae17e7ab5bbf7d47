/** A restore of an hour should not end with the news that somebody is connected: said before it begins. */
import { ComebackError } from '../../../errors.ts'
import type { Connection } from '../../connection/connection.ts'
import { adviceOn } from './exchange-names.ts'
import { describeSessions, preparedIn, sessionsAfter } from './sessions.ts'

/** Milliseconds that passing visitors get to leave. */
const PATIENCE = 5_000

/** Throws `timeout` where sessions of others would keep the database from being renamed, and may or must not be ended. */
export async function refuseOthers(
  connection: Connection,
  database: string,
  endSessions: boolean,
  signal: AbortSignal,
  patience = PATIENCE,
): Promise<void> {
  const prepared = await preparedIn(connection, [database])
  if (prepared.length > 0) {
    throw new ComebackError('timeout', `${database} holds prepared transactions: ${prepared.join(', ')}.`, {
      hint: 'Nothing was changed. COMMIT PREPARED or ROLLBACK PREPARED them first: they keep the database from being renamed.',
    })
  }
  const left = await sessionsAfter(connection, database, endSessions ? 0 : patience, signal)
  const disturbing = endSessions ? left.filter(({ mayEnd }) => !mayEnd) : left
  if (disturbing.length === 0) return
  throw new ComebackError(
    'timeout',
    `${describeSessions(disturbing, database)} Nobody may be connected when the databases are swapped.`,
    { hint: `Nothing was changed. ${adviceOn(disturbing.some(({ mayEnd }) => !mayEnd))}` },
  )
}
