/** A connection to another database of the same server: from inside of a database it can be neither renamed nor dropped. */
import { asComebackError, ComebackError } from '../../../errors.ts'
import type { Connection } from '../../connection/connection.ts'
import { inDatabase, parseDatabaseUrl } from '../../connection/connection-url.ts'
import { openForClearingUp, type TargetOptions } from '../restore-sessions.ts'

/** Present on nearly every server; the second one only in case, as it should be in nobody's way. */
const USUAL = ['postgres', 'template1']
/** Databases of other people that are tried after them. */
const OTHERS = 3

const ALLOWED = `
  SELECT datname AS name FROM pg_catalog.pg_database
   WHERE datallowconn AND NOT datistemplate AND pg_catalog.has_database_privilege(oid, 'CONNECT') AND datname <> ALL($1)
   ORDER BY datname LIMIT ${OTHERS}`

/**
 * The options of a database that is none of `busy`, and that can be connected to. `connection` leads to any database of the
 * server. Throws `permission`, with what was tried.
 */
export async function findMaintenance(
  connection: Connection,
  target: TargetOptions,
  busy: readonly string[],
): Promise<TargetOptions> {
  const own = parseDatabaseUrl(target.url).database
  const others = await connection.query<{ name: string }>(ALLOWED, [[...USUAL, ...busy]])
  const names = new Set([own, ...USUAL, ...others.map(({ name }) => name)])
  const reasons: string[] = []
  for (const name of names) {
    if (busy.includes(name)) continue
    const options = { ...target, url: inDatabase(target.url, name) }
    try {
      await using probe = await openForClearingUp(options)
      await probe.query('SELECT 1')
      return options
    } catch (error) {
      reasons.push(asComebackError(error).message)
    }
  }
  throw new ComebackError(
    'permission',
    `No other database of the server lets this role in, from which ${busy.join(' and ')} could be renamed: ${reasons.join(' ')}`,
    { hint: 'Grant CONNECT on the database postgres, or on any other one, to the role.' },
  )
}
