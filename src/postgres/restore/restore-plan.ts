/** A backup sorted into what is done when. The order is that of pg_restore, since pg_dump writes for it. */
import { isUtf8 } from 'node:buffer'
import type { Segment, SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import { MiB } from '../../format/sizes.ts'
import {
  type DatabaseDetail,
  parseDatabaseDetail,
  parseSegmentDetail,
  type Relation,
  type RowsDetail,
  type SchemaDetail,
  type SchemaEntry,
} from '../detail.ts'
import { inDumpOrder } from '../looking.ts'
import { PREAMBLE, statementsOf } from '../schema/entries.ts'

/** Bytes of schema text that are held in memory; a schema of 10,000 tables has about 20 MiB. */
const SCHEMA_LIMIT = 1024 * MiB

export interface RestorePlan {
  readonly detail: DatabaseDetail
  readonly preData: readonly PlannedEntry[]
  /** In pg_dump's order. */
  readonly loads: readonly TableLoad[]
  /** Rows that join those an extension brings along, in the order of their foreign keys, which exist already. */
  readonly added: readonly TableLoad[]
  readonly sequences: readonly Segment[]
  readonly largeObjects: readonly Segment[]
  readonly postData: readonly PlannedEntry[]
  /** Grants come after everything that the restoring role must do itself: a `REVOKE` from the owner would stop a COPY. */
  readonly permissions: readonly PlannedEntry[]
  /** Event triggers, which would fire on the restore's own statements, and the contents of materialized views. */
  readonly last: readonly PlannedEntry[]
}

export interface PlannedEntry {
  readonly entry: SchemaEntry
  /** Without closing semicolons. */
  readonly statements: readonly string[]
  /** Whether the restoring role may make it shows only when it tries. */
  readonly optional?: true
}

export interface TableLoad {
  /** The table to load. */
  readonly into: Relation
  /** All rows of the table are here: it may be truncated first. */
  readonly own: boolean
  /** In the order in which their rows lie. */
  readonly ranges: readonly RangeSegment[]
  readonly bytes: number
}

export interface RangeSegment {
  readonly segment: Segment
  readonly detail: RowsDetail
  /** How many rows the Source counted. */
  readonly rows: number | undefined
}

/** Reads the schema (not the rows) and sorts. Throws `damaged` if the details make no sense. */
export async function planRestore(
  backup: StoredBackup,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const { detail, segments } = parsed(backup)
  const entries: Record<SchemaDetail['section'], PlannedEntry[]> = { 'pre-data': [], 'post-data': [] }
  const ranges: RangeSegment[] = []
  const scripts = { sequences: [] as Segment[], 'large-objects': [] as Segment[] }
  for (const { segment, part } of segments) {
    if (part.kind === 'schema')
      entries[part.section].push(...(await readEntries(backup, segment, part, progress, signal)))
    else if (part.kind === 'script') scripts[part.content].push(segment)
    else ranges.push({ segment, detail: part, rows: detail.rows[segment.name] })
  }
  const all = [...entries['pre-data'], ...entries['post-data']]
  return {
    detail,
    preData: entries['pre-data'].filter(({ entry }) => passOf(entry) === 'main'),
    loads: groupLoads(ranges.filter(range => range.detail.rows === 'own')).toSorted((a, b) =>
      inDumpOrder(a.into, b.into),
    ),
    added: groupLoads(ranges.filter(range => range.detail.rows === 'added')),
    sequences: scripts.sequences,
    largeObjects: scripts['large-objects'],
    postData: entries['post-data'].filter(({ entry }) => passOf(entry) === 'main'),
    permissions: all.filter(({ entry }) => passOf(entry) === 'permissions'),
    last: all.filter(({ entry }) => passOf(entry) === 'last'),
  }
}

/** `TABLE public.users`, as messages name an entry. */
export function entryName(entry: SchemaEntry): string {
  return `${entry.type} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.name}`
}

function parsed(backup: StoredBackup) {
  try {
    return {
      detail: parseDatabaseDetail(backup.detail),
      segments: backup.segments.map(segment => ({ segment, part: parseSegmentDetail(segment.detail) })),
    }
  } catch (cause) {
    throw new ComebackError('damaged', `The index of backup ${backup.id} does not describe a database.`, {
      hint: 'It was perhaps written by a newer version of Comeback. Try again with that one.',
      cause,
    })
  }
}

async function readEntries(
  backup: StoredBackup,
  segment: Segment,
  part: SchemaDetail,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<PlannedEntry[]> {
  if (segment.bytes > SCHEMA_LIMIT) {
    throw new ComebackError(
      'unsupported',
      `${segment.name} has ${segment.bytes} bytes, more than can be held in memory.`,
    )
  }
  const pieces: Uint8Array[] = []
  for await (const piece of backup.read(segment, signal)) {
    pieces.push(piece)
    progress.advance(piece.length)
  }
  const text = Buffer.concat(pieces)
  if (!isUtf8(text)) {
    // Only a database without an encoding has such a schema, and pg sends statements as UTF-8.
    throw new ComebackError('unsupported', `${segment.name} of backup ${backup.id} is not valid UTF-8.`, {
      hint: 'Export the backup, and restore its files with psql.',
    })
  }
  return part.entries
    .filter(entry => entry.type !== PREAMBLE)
    .map(entry => ({ entry, statements: statementsOf(text, entry) }))
}

/** pg_restore's three passes over an archive (`_tocEntryRestorePass` in pg_backup_archiver.c). */
function passOf({ type, name }: SchemaEntry): 'main' | 'permissions' | 'last' {
  if (type === 'ACL' || type === 'DEFAULT ACL') return 'permissions'
  if (type === 'EVENT TRIGGER' || type === 'MATERIALIZED VIEW DATA') return 'last'
  if ((type === 'COMMENT' || type === 'SECURITY LABEL') && name.startsWith('EVENT TRIGGER ')) return 'last'
  return 'main'
}

function groupLoads(ranges: readonly RangeSegment[]): TableLoad[] {
  const groups = Map.groupBy(ranges, ({ detail }) => JSON.stringify([detail.into.schema, detail.into.name]))
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    const own = group.every(({ detail }) => detail.rows === 'own' && isSame(detail.table, detail.into))
    return {
      into: first.detail.into,
      own,
      // A root's partitions keep the order in which they were read.
      ranges: own ? group.toSorted((a, b) => a.detail.from - b.detail.from) : group,
      bytes: group.reduce((sum, { segment }) => sum + segment.bytes, 0),
    }
  })
}

function isSame(a: Relation, b: Relation): boolean {
  return a.schema === b.schema && a.name === b.name
}
