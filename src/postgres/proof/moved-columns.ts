/**
 * Columns that come back in another order than they had. pg_dump has no words for it: a table that inherits begins with its parents'
 * columns when it is made again, whatever order it grew in. Its rows are the same, column by column; `SELECT *` is not.
 */
import type { ProofFinding } from '../../engine/proof.ts'
import type { Relation, SchemaEntry } from '../detail.ts'
import { displayName } from '../sql-text.ts'

const HINT =
  "Nothing is lost: only SELECT * and INSERT without a list of columns see the difference, and no restore of pg_dump's text keeps that order. Where it matters, make the table anew in the source with its columns in the order of what it inherits from."
/** A line of `CREATE TABLE` that begins with a column's name, as pg_dump writes it: in lower case unless it is quoted. */
const COLUMN = /^ {4}((?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)) /u

export function movedColumns(table: Relation): ProofFinding {
  const subject = displayName(table)
  const message = `The columns of ${subject} came back in another order, which is a limit of pg_dump: a table that inherits begins with the columns of what it inherits from.`
  return { code: 'columns-moved', subject, message, hint: HINT }
}

/** Whether both are the same names, in another order. */
export function isMoved(before: readonly string[], after: readonly string[]): boolean {
  if (before.length !== after.length || before.every((name, place) => name === after[place])) return false
  const sorted = after.toSorted()
  return before.toSorted().every((name, place) => name === sorted[place])
}

/** The columns that a table's entry names; those that it merely inherits have no line there. */
export function columnsOf({ type }: SchemaEntry, statements: readonly string[]): readonly string[] {
  if (type !== 'TABLE' && type !== 'FOREIGN TABLE') return []
  const [create = ''] = statements
  return create.split('\n').flatMap(line => COLUMN.exec(line)?.[1] ?? [])
}
