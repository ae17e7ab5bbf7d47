/** The end of what a swap kept, or a killed one left, when it is not needed any more. */
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { serverError } from '../connection/server-error.ts'
import { sqlStateOf } from '../connection/sql-state.ts'
import { restoreSessions, type TargetOptions } from './restore-sessions.ts'
import { isDiscardable, leftoversOf } from './swap/database-names.ts'
import { describeSessions, sessionsOf } from './swap/sessions.ts'
import { databaseName } from './target.ts'

const IN_USE = '55006'

const FACTS = `
  SELECT pg_catalog.pg_get_userbyid(datdba) AS owner, pg_catalog.pg_has_role(datdba, 'USAGE') AS ours,
         CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT')
              THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(oid)) END AS size
    FROM pg_catalog.pg_database WHERE datname = $1`

const NAMES = 'SELECT datname AS name FROM pg_catalog.pg_database ORDER BY 1'

interface Facts {
  readonly owner: string
  readonly ours: boolean
  readonly size: string | null
}

export interface DiscardOptions extends TargetOptions {
  /** Drop it even if somebody is connected. */
  readonly endSessions: boolean
}

/**
 * Drops a database that bears one of the names that swaps give, and no other. The URL is that of the database itself, or of
 * another one of the same server. Returns lines for people. Throws `usage`, `not-found`, `permission`, `timeout` if somebody
 * is connected.
 */
export async function discardDatabase(
  options: DiscardOptions,
  name: string,
  confirm: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!isDiscardable(name)) {
    throw new ComebackError('usage', `The database ${JSON.stringify(name)} is none that a restore has kept.`, {
      hint: 'Such a database is called NAME_before_ID, or NAME_restoring_… after a restore that was killed.',
    })
  }
  const sessions = restoreSessions(options, signal)
  try {
    const connection = await sessions.open()
    const current = await databaseName(connection)
    if (current === name) {
      throw new ComebackError('usage', `${name} is the very database that the URL names.`, {
        hint: 'Nothing was dropped. Give the URL of the database that took its place.',
      })
    }
    const [facts] = await connection.query<Facts>(FACTS, [name])
    if (facts === undefined) {
      const names = await connection.query<{ name: string }>(NAMES)
      throw absent(
        name,
        connection.description,
        current,
        names.map(one => one.name),
      )
    }
    refuseUnconfirmed(name, confirm, facts)
    try {
      await connection.query(`DROP DATABASE ${pg.escapeIdentifier(name)}${options.endSessions ? ' WITH (FORCE)' : ''}`)
    } catch (error) {
      if (sqlStateOf(error) !== IN_USE) throw serverError(error, `Dropping the database ${name}`)
      throw new ComebackError(
        'timeout',
        `The database ${name} is in use. ${describeSessions(await sessionsOf(connection, [name]), name)}`,
        { hint: 'A restore may be filling it. Wait until they have gone, or use --end-sessions.', cause: error },
      )
    }
    return [`The database ${name} was dropped${facts.size === null ? '' : `, which held ${facts.size}`}.`]
  } finally {
    await sessions.close()
  }
}

function refuseUnconfirmed(name: string, confirm: string | undefined, { owner, ours, size }: Facts): void {
  if (!ours) {
    throw new ComebackError('permission', `The database ${name} belongs to ${owner}, who alone may drop it.`, {
      hint: 'Use the URL of that role.',
    })
  }
  if (confirm === name) return
  const message =
    confirm === undefined
      ? `The database ${name}${size === null ? '' : ` with its ${size}`} would be gone for good.`
      : `--confirm names ${JSON.stringify(confirm)}, but what would be dropped is ${name}.`
  throw new ComebackError('usage', message, { hint: `To drop it, add --confirm ${name}.` })
}

function absent(name: string, place: string, current: string, names: readonly string[]): ComebackError {
  const { kept, restoring } = leftoversOf(current, names)
  const there = [...kept, ...restoring]
  return new ComebackError('not-found', `There is no database ${name} on the server of ${place}.`, {
    hint: there.length === 0 ? 'Nothing is left of earlier restores of this one.' : `There is: ${there.join(', ')}.`,
  })
}
