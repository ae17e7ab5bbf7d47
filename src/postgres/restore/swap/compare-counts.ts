/** The proof of a restore before it goes live: as many rows in each table as the backup's index says. */
import { ComebackError } from '../../../errors.ts'
import type { Connection } from '../../connection/connection.ts'
import { serverError } from '../../connection/server-error.ts'
import type { Relation } from '../../detail.ts'
import { displayName, qualified } from '../../sql-text.ts'
import type { RestorePlan } from '../restore-plan.ts'
import { runTasks } from '../run-tasks.ts'

export interface ExpectedRows {
  readonly table: Relation
  /** Rows that were routed through a partition root: they lie in its partitions, perhaps with others. */
  readonly routed: boolean
  readonly rows: number
}

/** Throws `mismatch`. Rows that join those of an extension are not looked at: how many there are is the extension's affair. */
export async function compareCounts(lanes: readonly Connection[], plan: RestorePlan): Promise<void> {
  await runTasks(
    lanes,
    expectedRows(plan).map(expected => ({
      weight: expected.rows,
      needs: [],
      shared: [],
      exclusive: [],
      run: lane => compare(lane, expected),
    })),
  )
}

/** Without the tables whose rows the index does not count. */
export function expectedRows({ loads }: Pick<RestorePlan, 'loads'>): ExpectedRows[] {
  return loads.flatMap(({ into, own, ranges }) => {
    const counts = ranges.map(({ rows }) => rows)
    if (counts.includes(undefined)) return []
    return [{ table: into, routed: !own, rows: counts.reduce<number>((sum, rows) => sum + (rows ?? 0), 0) }]
  })
}

async function compare(lane: Connection, { table, routed, rows }: ExpectedRows): Promise<void> {
  let counted: number
  try {
    const [row] = await lane.query<{ count: string }>(
      `SELECT count(*) AS count FROM ${routed ? '' : 'ONLY '}${qualified(table)}`,
    )
    counted = Number(row?.count)
  } catch (error) {
    throw serverError(error, `Counting the rows of ${displayName(table)}`)
  }
  if (routed ? counted >= rows : counted === rows) return
  throw new ComebackError('mismatch', `${displayName(table)} holds ${counted} rows, the backup ${rows}.`)
}
