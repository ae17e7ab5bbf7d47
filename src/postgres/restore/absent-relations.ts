/**
 * An extension that the server could not make brings no tables, and a table that needs its types is not made either: the rows of such
 * tables, and the values of their sequences, have nowhere to go. They are left out and listed; all else is as without them.
 */
import { ComebackError } from '../../errors.ts'
import type { Relation } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import { keyOf } from './entry-subject.ts'
import type { RestoreContext } from './restore-context.ts'
import { sequenceIn } from './sequence-values.ts'

/** How they are called in the list of what could not be made. */
export const ABSENT_ROWS = 'ROWS of '
export const ABSENT_VALUE = 'VALUE of '

const HINT = 'The backup has it: comeback export writes it into a file. Restore again where what it needs can be made.'

/** The same restore without what has nowhere to go; when all tables are made. */
export async function withoutAbsent(context: RestoreContext): Promise<RestoreContext> {
  const { connection, plan, load, tolerance } = context
  if (tolerance === undefined) return context
  const installed = await connection.query<{ name: string }>('SELECT extname AS name FROM pg_catalog.pg_extension')
  const names = new Set(installed.map(({ name }) => name))
  const lacking = plan.detail.extensions.map(({ name }) => name).filter(name => !names.has(name))
  if (lacking.length === 0 && !tolerance.lacksTables) return context
  const what = tolerance.lacksTables ? 'the table' : `the extension ${lacking.join(' or ')}`
  const why = new ComebackError('unsupported', `${what} could not be made`)
  const relations = await connection.query<Relation>(
    'SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace',
  )
  const present = new Set(relations.map(relation => keyOf(relation)))
  const isThere = (what: string, relation: Relation) => {
    if (present.has(keyOf(relation))) return true
    tolerance.tell(`${what}${displayName(relation)}`, { outcome: 'left-out', later: [], hint: HINT }, why)
    return false
  }
  const added = plan.added.filter(({ into }) => isThere(ABSENT_ROWS, into))
  const loads = plan.loads.filter(({ into }) => isThere(ABSENT_ROWS, into))
  const rewrite = (statement: string) => {
    const sequence = sequenceIn(statement)
    if (sequence !== undefined && !isThere(ABSENT_VALUE, sequence)) return []
    return load.rewrite?.(statement) ?? [statement]
  }
  return { ...context, plan: { ...plan, added, loads }, load: { ...load, rewrite } }
}
