/** A new, empty database that is like the old one in all that a database has besides its contents. */
import pg from 'pg'
import type { Problem } from '../../../engine/ports.ts'
import type { Connection } from '../../connection/connection.ts'
import { serverError } from '../../connection/server-error.ts'
import { localeOptions } from '../../database-locale.ts'
import { propertyStatements, readProperties } from '../../database-properties.ts'
import { applyProperties } from '../database-settings.ts'
import type { OldDatabase } from './old-database.ts'

/** Throws what the server says if it makes no such database. */
export async function createBeside(maintenance: Connection, old: OldDatabase, name: string): Promise<void> {
  const { escapeIdentifier: id, escapeLiteral: literal } = pg
  const options = [
    `OWNER ${id(old.owner)}`,
    'TEMPLATE template0',
    `ENCODING ${literal(old.encoding)}`,
    ...localeOptions(old),
    ...(old.tablespace === 'pg_default' ? [] : [`TABLESPACE ${id(old.tablespace)}`]),
  ]
  try {
    await maintenance.query(`CREATE DATABASE ${id(name)} ${options.join(' ')}`)
  } catch (error) {
    throw serverError(error, `Creating the database ${name} beside ${old.name}`)
  }
}

/** Settings, grants, comment. What the role may not make again is told with the statement that somebody else can run. */
export async function carryOver(maintenance: Connection, old: OldDatabase, name: string): Promise<readonly Problem[]> {
  const properties = await readProperties(maintenance, old.name)
  // The limit comes last of all: the lanes may be more than it lets in.
  const wanted = { ...properties, connectionLimit: -1 }
  const statements = propertyStatements(wanted, name, await readProperties(maintenance, name))
  return await applyProperties(
    maintenance,
    statements.map(one => ({ ...one, shown: one.shown.replaceAll(name, old.name) })),
  )
}

/** What cannot be carried over, and is known beforehand. */
export function staysBehind({ name, slots, hasSecurityLabels }: OldDatabase): Problem[] {
  return [
    ...(slots.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `Replication slots belong to the old database ${name} and stay with it: ${slots.join(', ')}.`,
            hint: 'Their consumers must begin anew with slots of the new database.',
          },
        ]),
    ...(hasSecurityLabels
      ? [{ severity: 'warning' as const, message: `Security labels of the database ${name} are not carried over.` }]
      : []),
  ]
}
