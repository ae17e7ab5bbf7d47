/**
 * The comparison: the backup's own reading side is run over the restored database, against the backup's index. What comes out
 * the same is proved to the last byte without a look into the store; only what differs is looked at once more, to say what and where.
 */
import type { StoredBackup } from '../../engine/ports.ts'
import {
  type CheckName,
  PROOF_CODES,
  type ProofCheck,
  type ProofFinding,
  type ProvenTable,
} from '../../engine/proof.ts'
import {
  type DatabaseDetail,
  isImported,
  parseDatabaseDetail,
  parseSegmentDetail,
  type SegmentDetail,
} from '../detail.ts'
import type { Table } from '../dump/plan.ts'
import { createDatabaseSource } from '../dump.ts'
import { diagnoseLargeObjects } from './large-object-diagnosis.ts'
import { attempt, type ComparisonRequest, isDifferent, type Looking, notLookedFor, textOf } from './looking.ts'
import { movedByDetail, movedFindings } from './moved-columns.ts'
import { cutsOf, rowsSegments } from './row-cuts.ts'
import { findRows, provenTables, rowsDetail } from './row-findings.ts'
import { findSchema, schemaDetail } from './schema-findings.ts'
import { createComparison } from './segment-comparison.ts'
import { diagnoseSequences, incrementsOf } from './sequence-diagnosis.ts'

export interface ComparisonResult {
  readonly checks: readonly ProofCheck[]
  readonly findings: readonly ProofFinding[]
  readonly tables: readonly ProvenTable[]
}

/**
 * Throws what reading a database throws. What fails while it is found out where something differs ends that search alone: a
 * finding says so, and what else was found still counts.
 */
export async function compareDatabase(request: ComparisonRequest): Promise<ComparisonResult> {
  const { backup, detail, connect: target, lanes, pgDump, progress } = request
  const segments = rowsSegments(backup, detail)
  const comparison = createComparison(backup, progress)
  let tables: readonly Table[] = []
  const source = createDatabaseSource({
    url: target.url,
    connectTimeout: target.connectTimeout,
    lanes,
    schemaOnly: detail.schemaOnly,
    excludeTableData: [],
    written: detail.settings ?? {},
    cuts: async (leader, found) => {
      tables = found
      return await cutsOf(leader, found, segments)
    },
    ...(pgDump === undefined ? {} : { pgDump }),
  })
  const read = await source.read(comparison, target.signal)
  const now = parseDatabaseDetail(read.detail)
  const unread = new Set(comparison.missing())
  const looking = { ...request, segments, comparison, unread }
  const schema = await findSchema(looking, now)
  const moved = [...movedByDetail(detail, now, segments, tables), ...schema.moved]
  const ofOrder = await attempt(looking, 'Looking at the order of columns', on => movedFindings(on, moved))
  const isOrder = ({ code }: ProofFinding) => code === 'columns-moved'
  const rows = [...(await findRows(looking)), ...ofOrder.filter(one => !isOrder(one))]
  const ofSchema = [...schema.findings, ...ofOrder.filter(isOrder)]
  const sequences = await findSequences(looking)
  const objects = await findLargeObjects(looking)
  const proven = provenTables(segments, tables, detail)
  return {
    checks: [
      check('rows', rows, rowsDetail(proven, detail)),
      check('schema', ofSchema, schemaDetail(schema, ofOrder.filter(isOrder).length)),
      ...withoutData(detail, [
        check('sequences', sequences, 'every value'),
        check('large-objects', objects, largeObjectsDetail(backup, detail)),
      ]),
    ],
    findings: [...rows, ...ofSchema, ...sequences, ...objects],
    tables: proven,
  }
}

/** What was not compared to its end has no tick, and without a difference no cross either. */
function check(name: CheckName, findings: readonly ProofFinding[], detail: string): ProofCheck {
  const verdicts = findings.map(({ code }) => PROOF_CODES[code])
  if (verdicts.includes('failed')) return { name, result: 'failed', detail: failedDetail(name, findings, detail) }
  const unknown = findings.find(({ code }) => PROOF_CODES[code] === 'could-not-verify')
  return unknown === undefined
    ? { name, result: 'passed', detail }
    : { name, result: 'not-run', detail: unknown.message }
}

/** A cross says what is wrong; the schema's is judged again when it is known what the restore left out. */
function failedDetail(name: CheckName, findings: readonly ProofFinding[], detail: string): string {
  if (name === 'schema') return detail
  const what = { rows: 'table', sequences: 'sequence' }[name as string] ?? 'large object'
  const count = findings.filter(({ code }) => PROOF_CODES[code] === 'failed').length
  return `${count.toLocaleString('en')} ${what}${count === 1 ? ' is' : 's are'} not as backed up`
}

function withoutData({ schemaOnly }: DatabaseDetail, checks: readonly ProofCheck[]): readonly ProofCheck[] {
  if (!schemaOnly) return checks
  return checks.map(({ name }) => ({ name, result: 'not-run', detail: 'the backup is of the schema alone' }))
}

async function findSequences(looking: Looking): Promise<readonly ProofFinding[]> {
  const { backup, comparison } = looking
  const isOf = (detail: SegmentDetail) => detail.kind === 'script' && detail.content === 'sequences'
  if (!isDifferent(looking, isOf)) return []
  const stored = backup.segments.find(({ detail }) => isOf(parseSegmentDetail(detail)))
  const different = [...comparison.different.values()].find(({ detail }) => isOf(detail))
  return await attempt(looking, 'Looking for sequences that differ', async connection => {
    const before = stored === undefined ? '' : (await textOf(looking, stored.name)).toString('utf8')
    const after = different?.text?.toString('utf8') ?? ''
    const found = diagnoseSequences(before, after, await incrementsOf(connection))
    const isAbsent = ({ subject }: ProofFinding) => looking.absent?.has(subject.replace(/^sequence /, '')) ?? false
    return found.map(one => (isAbsent(one) ? notLookedFor(one.subject) : one))
  })
}

async function findLargeObjects(looking: Looking): Promise<readonly ProofFinding[]> {
  const { backup, detail, connect: target } = looking
  const isOf = (detail: SegmentDetail) => detail.kind === 'script' && detail.content === 'large-objects'
  if (!isDifferent(looking, isOf)) return []
  const contentsOnly = isImported(detail)
  return await attempt(looking, 'Looking for large objects that differ', connection =>
    diagnoseLargeObjects({ backup, connection, contentsOnly, signal: target.signal }),
  )
}

function largeObjectsDetail({ segments }: StoredBackup, detail: DatabaseDetail): string {
  const bytes = segments.flatMap(({ detail, bytes }) => {
    const parsed = parseSegmentDetail(detail)
    return parsed.kind === 'script' && parsed.content === 'large-objects' ? [bytes] : []
  })
  if (bytes.length === 0) return 'the database has none'
  return isImported(detail) ? 'their contents, byte for byte' : 'with owners, grants and comments, byte for byte'
}
