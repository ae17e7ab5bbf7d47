/** The values of sequences, as the statements with which pg_dump sets them. */

import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName, lineLiteral, qualified } from '../sql-text.ts'
import { EXTENSION_MEMBERSHIP, IS_BACKED_UP, IS_IDENTITY_OF_EXTENSION } from './tables.ts'

/** First version that tells all values in one query. */
const SEQUENCE_DATA = 180_000
/** Sequences that one statement asks for where each must be read like a table. */
const BATCH = 200

interface SequenceValue extends Relation {
  /** Null where the role may not know. */
  readonly last: string | null
  readonly called: boolean
}

/**
 * One statement a line; empty if there are no sequences. Values are not transactional: read after the snapshot was taken,
 * they are never behind the rows.
 */
export async function readSequences(connection: Connection): Promise<string> {
  const values = connection.serverVersion >= SEQUENCE_DATA ? await readAll(connection) : await readEach(connection)
  return values.map(setval).join('')
}

function setval(value: SequenceValue): string {
  if (value.last === null) {
    throw new ComebackError('permission', `The value of the sequence ${displayName(value)} may not be read.`, {
      hint: `Grant it to the role that backs up: GRANT SELECT ON SEQUENCE ${qualified(value)} TO …`,
    })
  }
  return `SELECT pg_catalog.setval(${lineLiteral(qualified(value))}, ${value.last}, ${value.called});\n`
}

const SEQUENCES = `
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ${EXTENSION_MEMBERSHIP}`
const CONDITION = `
  WHERE c.relkind = 'S' AND ${IS_BACKED_UP} AND (is_config OR NOT ${IS_IDENTITY_OF_EXTENSION})
  ORDER BY n.nspname, c.relname`

async function readAll(connection: Connection): Promise<SequenceValue[]> {
  return await connection.query<SequenceValue>(
    `SELECT n.nspname AS schema, c.relname AS name, v.last_value::text AS last, v.is_called AS called
     ${SEQUENCES} CROSS JOIN LATERAL pg_catalog.pg_get_sequence_data(c.oid) v ${CONDITION}`,
  )
}

async function readEach(connection: Connection): Promise<SequenceValue[]> {
  const sequences = await connection.query<Relation>(
    `SELECT n.nspname AS schema, c.relname AS name ${SEQUENCES} ${CONDITION}`,
  )
  const values: SequenceValue[] = []
  for (let first = 0; first < sequences.length; first += BATCH) {
    const batch = sequences.slice(first, first + BATCH)
    const each = batch.map(
      (sequence, index) =>
        `SELECT ${index} AS index, last_value::text AS last, is_called AS called FROM ${qualified(sequence)}`,
    )
    const read = await connection.query<{ index: number; last: string; called: boolean }>(each.join(' UNION ALL '))
    for (const { index, last, called } of read) {
      const sequence = batch[index]
      if (sequence !== undefined) values.push({ ...sequence, last, called })
    }
  }
  return values
}
