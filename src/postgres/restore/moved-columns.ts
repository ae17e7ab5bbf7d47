/** What a restore tells of tables whose columns it could not bring back in the order that they had. */
import type { Problem } from '../../engine/ports.ts'
import { listColumnOrder, movedTables } from '../column-order.ts'
import type { Connection } from '../connection/connection.ts'
import { rowColumns, rowColumnText, SHUFFLED_HINT } from '../row-columns.ts'
import { displayName } from '../sql-text.ts'
import type { RestorePlan } from './restore-plan.ts'

/** Names that a message lists; the problem's entries have them all. */
const NAMED = 5

export const MOVED_HINT =
  'pg_dump and psql bring them back in the same way, and no row is lost. What goes by the place of a column sees it: SELECT *, INSERT without a list of columns, and functions and programs that rely on either. Name the columns there.'

/** When all is there. Older backups do not tell the order. */
export async function movedProblems(
  connection: Connection,
  { detail, preData }: RestorePlan,
): Promise<readonly Problem[]> {
  const { columnOrder = [] } = detail
  const made = new Set(
    preData.flatMap(({ entry: { type, schema, name } }) =>
      type.endsWith('TABLE') && schema !== null ? [displayName({ schema, name })] : [],
    ),
  )
  const before = columnOrder.filter(table => made.has(displayName(table)))
  if (before.length === 0) return []
  const moved = movedTables(before, await listColumnOrder(connection))
  if (moved.length === 0) return []
  const names = moved.map(displayName)
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  const code = 'columns-moved'
  const shuffled = await rowColumns(connection, moved)
  return [
    {
      severity: 'warning',
      code,
      message: `The columns of ${names.slice(0, NAMED).join(', ')}${more} came back in another order, as a table that inherits begins with the columns of what it inherits from.`,
      hint: MOVED_HINT,
      entries: names.map(name => `TABLE ${name}`),
    },
    ...shuffled.map(
      (column): Problem => ({ severity: 'partial', code, message: rowColumnText(column), hint: SHUFFLED_HINT }),
    ),
  ]
}
