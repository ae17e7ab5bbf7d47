/**
 * What the comparison of the schemas comes to. Where the texts differ, the server is asked what it makes of the backup's own
 * statements: an entry that came back as that is the same, in other words. By that, too, a schema can be compared that another
 * pg_dump wrote than reads it now.
 */
import type { ProofFinding } from '../../engine/proof.ts'
import { asComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type DatabaseDetail, parseSegmentDetail, type Relation, type SchemaDetail } from '../detail.ts'
import { PREAMBLE } from '../schema/entries.ts'
import { attempt, endsSearch, isDifferent, type Looking, textOf } from './looking.ts'
import { diagnoseSchema, type SchemaDifference, type SchemaText } from './schema-diagnosis.ts'
import { type ReloadedSchema, reloadSchema } from './schema-reload.ts'
import type { Different } from './segment-comparison.ts'

const NOTHING: SchemaText = { text: Buffer.alloc(0), entries: [] }
/** Names that a message lists. */
const NAMED = 5

export interface SchemaFindings {
  readonly findings: readonly ProofFinding[]
  /** Entries, all of them and those that came back in other words. */
  readonly entries: number
  readonly reworded: number
  /** Tables whose text has their columns in another order, and nothing else that differs. */
  readonly moved: readonly Relation[]
}

type Found = Pick<SchemaFindings, 'findings' | 'reworded' | 'moved'>

/** `now`: of the restored database. */
export async function findSchema(looking: Looking, now: DatabaseDetail): Promise<SchemaFindings> {
  const entries = entryCount(looking)
  if (!isDifferent(looking, ({ kind }) => kind === 'schema')) return { findings: [], entries, reworded: 0, moved: [] }
  let found: Found = { findings: [], reworded: 0, moved: [] }
  const findings = await attempt(looking, 'Looking for what differs in the schema', async connection => {
    found = await findingsOf(looking, now, connection)
    return found.findings
  })
  const ended = findings.some(endsSearch)
  if (!ended) return { ...found, findings, entries }
  const message = 'The schema differs, and how could not be found out.'
  return { ...found, findings: [...findings, { code: 'schema-not-comparable', subject: 'schema', message }], entries }
}

/** `moved`: tables whose columns came back in another order, as their text tells or not. */
export function schemaDetail({ entries, reworded, moved: byText }: SchemaFindings, moved: number): string {
  const count = (number: number) => number.toLocaleString('en')
  const all = `${count(entries)} ${entries === 1 ? 'entry' : 'entries'} of pg_dump`
  const same = entries - reworded - byText.length
  const order =
    moved === 0
      ? ''
      : `; ${count(moved)} ${moved === 1 ? 'table has its' : 'tables have their'} columns in another order`
  if (reworded === 0) return `${all}, ${same === entries ? '' : `${count(same)} of them `}text for text${order}`
  return `${all}: ${count(same)} text for text, ${count(reworded)} in other words that mean the same to the server${order}`
}

async function findingsOf(looking: Looking, now: DatabaseDetail, connection: Connection): Promise<Found> {
  const named = await connection.query<{ name: string }>('SELECT spcname::text AS name FROM pg_catalog.pg_tablespace')
  const server = { tablespaces: new Set(named.map(({ name }) => name)), version: now.serverVersion }
  const pairs = await pairsOf(looking)
  const byText = pairs.flatMap(({ stored, restored }) => diagnoseSchema(stored, restored, server))
  if (byText.length === 0) return { findings: [], reworded: 0, moved: [] }
  const reloaded = await reloadedSchema(
    looking,
    pairs.map(({ stored }) => stored),
  )
  if ('code' in reloaded)
    return { findings: [...byText.map(({ finding }) => finding), reloaded], reworded: 0, moved: [] }
  const byMeaning = pairs
    .filter(({ differs }) => differs)
    .flatMap(({ section, restored }) => diagnoseSchema(reloaded.sections.get(section) ?? NOTHING, restored, server))
  return judged(byText, byMeaning, reloaded.unmade, printerOf(looking.detail) === printerOf(now))
}

/** `pg_dump 18.3`: the same version prints the same, wherever it was found. */
function printerOf({ pgDump }: DatabaseDetail): string {
  return /^pg_dump \S+/.exec(pgDump)?.[0] ?? pgDump
}

/**
 * What the server could not make there is judged by its text; of anything else the text says nothing, unless both were printed by
 * one pg_dump: then an entry that came back text for text is the same, whatever became of it elsewhere.
 */
function judged(
  byText: readonly SchemaDifference[],
  byMeaning: readonly SchemaDifference[],
  unmade: ReadonlyMap<string, string>,
  samePrinter: boolean,
): Found {
  const differing = new Set(byText.map(({ finding }) => finding.subject))
  const wrong = byMeaning.filter(
    ({ finding: { subject } }) => !unmade.has(subject) && (!samePrinter || differing.has(subject)),
  )
  const doubtful = byText.filter(({ finding }) => unmade.has(finding.subject))
  const known = new Set([...wrong, ...doubtful].map(({ finding }) => finding.subject))
  const findings: ProofFinding[] = [
    ...wrong.map(({ finding }) => finding),
    ...doubtful.map(difference => (samePrinter ? doubt(difference, unmade) : difference.finding)),
  ]
  const explained = byText.filter(({ finding }) => !known.has(finding.subject))
  const moved = explained.flatMap(({ moved }) => moved ?? [])
  const reworded = explained.length - moved.length
  if (samePrinter || doubtful.length === 0) return { findings, reworded, moved }
  const subjects = doubtful.map(({ finding }) => finding.subject)
  const names = `${subjects.slice(0, NAMED).join(', ')}${subjects.length > NAMED ? ' and others' : ''}`
  const message = `The schema was written by another pg_dump than reads it now; ${subjects.length} entries differ, which may be their wording alone: ${names}.`
  const hint = 'Verify a backup that this version of Comeback has made.'
  return {
    findings: [
      ...wrong.map(({ finding }) => finding),
      { code: 'schema-not-comparable', subject: 'schema', message, hint },
    ],
    reworded,
    moved,
  }
}

/** Another text may be other words alone. That something is not there, or another's, is no matter of words. */
function doubt({ finding, wording }: SchemaDifference, unmade: ReadonlyMap<string, string>): ProofFinding {
  if (!wording) return finding
  const { subject } = finding
  const message = `${subject} came back in another text, and whether it means the same could not be found out, as the server did not make it of the backup's own statements: ${unmade.get(subject)}.`
  return { code: 'schema-not-comparable', subject, message }
}

async function reloadedSchema(looking: Looking, texts: readonly SchemaText[]): Promise<ReloadedSchema | ProofFinding> {
  try {
    return await reloadSchema(looking, texts)
  } catch (error) {
    looking.connect.signal.throwIfAborted()
    const message = `What the server makes of the backup's own statements could not be found out: ${asComebackError(error).message}`
    return { code: 'check-failed', subject: 'schema', message }
  }
}

interface Pair {
  readonly section: SchemaDetail['section']
  readonly stored: SchemaText
  readonly restored: SchemaText
  readonly differs: boolean
}

/** Of every section, also of one that is the same: it takes all of them to load a schema. */
async function pairsOf(looking: Looking): Promise<readonly Pair[]> {
  const { backup, comparison, unread } = looking
  const pairs: Pair[] = []
  for (const segment of backup.segments) {
    const detail = parseSegmentDetail(segment.detail)
    if (detail.kind !== 'schema') continue
    const { section, entries } = detail
    const stored = { text: await textOf(looking, segment.name), entries }
    const different = comparison.different.get(segment.name)
    const differs = different !== undefined || unread.has(segment.name)
    pairs.push({ section, stored, differs, restored: differs ? schemaText(different) : stored })
  }
  for (const [name, different] of comparison.different) {
    const { detail } = different
    if (detail.kind !== 'schema' || backup.segments.some(segment => segment.name === name)) continue
    pairs.push({ section: detail.section, stored: NOTHING, restored: schemaText(different), differs: true })
  }
  return pairs
}

function schemaText(different: Different | undefined): SchemaText {
  if (different?.detail.kind !== 'schema') return NOTHING
  return { text: different.text ?? NOTHING.text, entries: different.detail.entries }
}

function entryCount({ backup: { segments } }: Looking): number {
  return segments.reduce((sum, { detail }) => {
    const parsed = parseSegmentDetail(detail)
    return sum + (parsed.kind === 'schema' ? parsed.entries.filter(({ type }) => type !== PREAMBLE).length : 0)
  }, 0)
}
