/**
 * The comparison: the backup's own reading side is run over the restored database, against the backup's index. What comes out
 * the same is proved to the last byte without a look into the store; only what differs is looked at once more, to say what and where.
 */
import type { SinkProgress, StoredBackup } from '../../engine/ports.ts'
import type { CheckName, ProofCheck, ProofFinding, ProvenTable } from '../../engine/proof.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { prepareSession } from '../connection/session.ts'
import { type DatabaseDetail, parseDatabaseDetail, parseSegmentDetail } from '../detail.ts'
import { listTables } from '../dump/tables.ts'
import { createDatabaseSource } from '../dump.ts'
import { displayName } from '../sql-text.ts'
import { cutsOf, type RowsSegment, rowsSegments } from './row-cuts.ts'
import { diagnoseRows, type RowsGroup } from './row-diagnosis.ts'
import { diagnoseSchema, type SchemaText } from './schema-diagnosis.ts'
import { diagnoseLargeObjects, diagnoseSequences } from './script-diagnosis.ts'
import { type Comparison, createComparison, type Different } from './segment-comparison.ts'

/** Milliseconds. Nobody else is there to hold a lock. */
const LOCK_TIMEOUT = 60_000

export interface ComparisonRequest {
  readonly backup: StoredBackup
  readonly detail: DatabaseDetail
  readonly connect: ConnectOptions
  readonly lanes: number
  readonly pgDump?: string
  readonly progress: SinkProgress
}

export interface ComparisonResult {
  readonly checks: readonly ProofCheck[]
  readonly findings: readonly ProofFinding[]
  readonly tables: readonly ProvenTable[]
}

/** Throws what reading a database throws; damage of the backup as `damaged`. */
export async function compareDatabase(request: ComparisonRequest): Promise<ComparisonResult> {
  const { backup, detail, connect: target, lanes, pgDump, progress } = request
  const segments = rowsSegments(backup, detail)
  const comparison = createComparison(backup, progress)
  const source = createDatabaseSource({
    url: target.url,
    connectTimeout: target.connectTimeout,
    lanes,
    schemaOnly: detail.schemaOnly,
    excludeTableData: [],
    cuts: (leader, tables) => cutsOf(leader, tables, segments),
    ...(pgDump === undefined ? {} : { pgDump }),
  })
  const read = await source.read(comparison, target.signal)
  const now = parseDatabaseDetail(read.detail)
  const unread = new Set(comparison.missing())
  await using connection = await connect(target)
  await prepareSession(connection, detail.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8', LOCK_TIMEOUT)
  const looking = { ...request, segments, comparison, unread, connection }
  const rows = await findRows(looking)
  const schema = await findSchema(looking, now)
  const sequences = await findSequences(looking)
  const objects = await findLargeObjects(looking)
  return {
    checks: [
      check('rows', rows, rowsDetail(segments, detail)),
      check('schema', schema, `${entryCount(backup).toLocaleString('en')} entries of pg_dump, text for text`),
      check('sequences', sequences, 'every value'),
      check('large-objects', objects, largeObjectsDetail(backup)),
    ],
    findings: [...rows, ...schema, ...sequences, ...objects],
    tables: tablesOf(segments),
  }
}

interface Looking extends ComparisonRequest {
  readonly segments: readonly RowsSegment[]
  readonly comparison: Comparison
  readonly unread: ReadonlySet<string>
  readonly connection: Connection
}

function check(name: CheckName, findings: readonly ProofFinding[], detail: string): ProofCheck {
  const real = findings.filter(({ code }) => code !== 'rows-reordered')
  return { name, result: real.length === 0 ? 'passed' : 'failed', detail }
}

async function findRows(looking: Looking): Promise<readonly ProofFinding[]> {
  const { segments, comparison, unread, connection, backup } = looking
  const wrong = new Map<string, RowsGroup['into']>()
  for (const { name, detail } of segments) {
    if (unread.has(name) || comparison.different.has(name)) wrong.set(displayName(detail.into), detail.into)
  }
  for (const { detail } of comparison.different.values()) {
    if (detail.kind === 'rows') wrong.set(displayName(detail.into), detail.into)
  }
  if (wrong.size === 0) return []
  const tables = await listTables(connection)
  const findings: ProofFinding[] = []
  for (const [name, into] of wrong) {
    looking.progress.phase(`Looking for what differs in ${name}`)
    const group = {
      into,
      segments: segments.filter(({ detail }) => displayName(detail.into) === name),
      tables: tables.filter(table => displayName(table.into) === name),
    }
    const isThere = group.tables.length > 0
    const ordered = group.segments.every(({ detail }) => detail.rows === 'own' && displayName(detail.table) === name)
    if (isThere) {
      const finding = await diagnoseRows(backup, connection, { ...group, ordered }, looking.connect.signal)
      // Worth a word only where an order was to be expected; and a table that was empty, and is, was read all the same.
      if (finding.code !== 'rows-reordered' || (ordered && group.segments.length > 0)) findings.push(finding)
    } else findings.push({ code: 'table-missing', subject: name, message: `The table ${name} did not come back.` })
  }
  return findings
}

async function findSchema(looking: Looking, now: DatabaseDetail): Promise<readonly ProofFinding[]> {
  const { backup, comparison, unread, detail, connection } = looking
  const findings: ProofFinding[] = []
  const named = await connection.query<{ name: string }>('SELECT spcname::text AS name FROM pg_catalog.pg_tablespace')
  const tablespaces = new Set(named.map(({ name }) => name))
  for (const segment of backup.segments) {
    const stored = parseSegmentDetail(segment.detail)
    const different = comparison.different.get(segment.name)
    if (stored.kind !== 'schema' || (different === undefined && !unread.has(segment.name))) continue
    const text = await textOf(looking, segment.name)
    findings.push(...diagnoseSchema({ text, entries: stored.entries }, schemaText(different), tablespaces))
  }
  for (const [name, different] of comparison.different) {
    if (different.detail.kind !== 'schema' || backup.segments.some(segment => segment.name === name)) continue
    findings.push(...diagnoseSchema({ text: Buffer.alloc(0), entries: [] }, schemaText(different), tablespaces))
  }
  if (findings.length === 0 || detail.pgDump === now.pgDump) return findings
  const subjects = findings.map(({ subject }) => subject)
  return [
    {
      code: 'schema-not-comparable',
      subject: 'schema',
      message: `The schema was written by ${detail.pgDump} and read again by ${now.pgDump}; ${subjects.length} entries differ, which may be their wording alone: ${subjects.slice(0, 5).join(', ')}${subjects.length > 5 ? ' and others' : ''}.`,
      hint: 'Verify a backup that this version of Comeback has made.',
    },
  ]
}

function schemaText(different: Different | undefined): SchemaText {
  const { detail, text } = different ?? {}
  return { text: text ?? Buffer.alloc(0), entries: detail?.kind === 'schema' ? detail.entries : [] }
}

async function findSequences(looking: Looking): Promise<readonly ProofFinding[]> {
  const { backup, comparison, unread } = looking
  const isOf = ({ detail }: { readonly detail: unknown }) => {
    const parsed = parseSegmentDetail(detail)
    return parsed.kind === 'script' && parsed.content === 'sequences'
  }
  const stored = backup.segments.find(isOf)
  const different = [...comparison.different.values()].find(isOf)
  if (different === undefined && (stored === undefined || !unread.has(stored.name))) return []
  const before = stored === undefined ? '' : (await textOf(looking, stored.name)).toString('utf8')
  return diagnoseSequences(before, different?.text?.toString('utf8') ?? '')
}

async function findLargeObjects(looking: Looking): Promise<readonly ProofFinding[]> {
  const { backup, comparison, unread, connection, connect: target } = looking
  const isOf = (detail: unknown) => {
    const parsed = parseSegmentDetail(detail)
    return parsed.kind === 'script' && parsed.content === 'large-objects'
  }
  const same = backup.segments.every(
    ({ name, detail }) => !isOf(detail) || !(unread.has(name) || comparison.different.has(name)),
  )
  if (same && ![...comparison.different.values()].some(({ detail }) => isOf(detail))) return []
  return await diagnoseLargeObjects(backup, connection, target.signal)
}

async function textOf({ backup, connect: target }: Looking, name: string): Promise<Buffer> {
  const segment = backup.segments.find(one => one.name === name)
  if (segment === undefined) return Buffer.alloc(0)
  const parts: Buffer[] = []
  for await (const part of backup.read(segment, target.signal)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

function rowsDetail(segments: readonly RowsSegment[], { schemaOnly, excludedData }: DatabaseDetail): string {
  if (schemaOnly) return 'the backup is of the schema alone'
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0)
  const tables = new Set(segments.map(({ detail }) => displayName(detail.table))).size
  const left = excludedData.length === 0 ? '' : `; the rows of ${excludedData.length} were left out of the backup`
  return `${rows.toLocaleString('en')} rows of ${tables.toLocaleString('en')} tables, byte for byte${left}`
}

function largeObjectsDetail({ segments }: StoredBackup): string {
  const bytes = segments.flatMap(({ detail, bytes }) => {
    const parsed = parseSegmentDetail(detail)
    return parsed.kind === 'script' && parsed.content === 'large-objects' ? [bytes] : []
  })
  return bytes.length === 0 ? 'the database has none' : 'with owners, grants and comments, byte for byte'
}

function entryCount({ segments }: StoredBackup): number {
  return segments.reduce((sum, { detail }) => {
    const parsed = parseSegmentDetail(detail)
    return sum + (parsed.kind === 'schema' ? parsed.entries.length : 0)
  }, 0)
}

function tablesOf(segments: readonly RowsSegment[]): readonly ProvenTable[] {
  return [...Map.groupBy(segments, ({ detail }) => displayName(detail.table))]
    .map(([name, pieces]) => ({
      name,
      rows: pieces.reduce((sum, { rows }) => sum + rows, 0),
      bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    }))
    .sort((a, b) => b.bytes - a.bytes)
}
