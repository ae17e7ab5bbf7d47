/** Sets the sequences to the values that the backup holds for them. */
import type { Segment } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import type { EntryFilter } from './entry-filter.ts'
import { keyOf } from './entry-subject.ts'
import type { LoadContext } from './load.ts'
import { runScript } from './run-script.ts'
import { sequenceIn } from './sequence-values.ts'

const SEQUENCES = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S'`

/**
 * When all sequences have been created. What a backup holds for one that nothing creates is left out and listed: older versions have backed
 * up the values of identity columns in tables that belong to an extension, which neither pg_dump nor the extension makes.
 */
export async function setSequences(
  connection: Connection,
  segments: readonly Segment[],
  filter: EntryFilter,
  load: LoadContext,
): Promise<void> {
  if (segments.length === 0) return
  const present = new Set((await connection.query<Relation>(SEQUENCES)).map(keyOf))
  const rewrite = (statement: string) => {
    const wanted = load.rewrite?.(statement) ?? [statement]
    const sequence = sequenceIn(statement)
    if (sequence === undefined || wanted.length === 0 || present.has(keyOf(sequence))) return wanted
    const entry = { type: 'SEQUENCE SET', ...sequence, owner: null, offset: 0, length: 0, settings: {} }
    filter.leaveOut({ entry, statements: [statement] }, 'nothing in the backup creates it, nor does an extension')
    return []
  }
  for (const segment of segments) await runScript(connection, segment, filter, { ...load, rewrite })
}
