/** From a proof to its record and back, and what earlier ones say that this one is compared with. */
import * as v from 'valibot'
import { asComebackError, hasCode } from '../errors.ts'
import type { Manifest } from '../format/manifest.ts'
import { openDetails, type ProofRecord } from '../format/proof-record.ts'
import type { Proof, ProofPoint } from '../report/proof.ts'
import type { Keyring } from '../repository/keyring.ts'
import { writeProof } from '../repository/proofs.ts'
import type { Store } from '../store/store.ts'
import type { Catalog, CatalogEntry } from './catalog.ts'
import type { ProofBefore } from './ports.ts'
import { CHECKS, PROOF_CODES, type ProofCode } from './proof.ts'
import { newestProofs, type RecordedProof } from './proof-history.ts'
import { Judge } from './standing.ts'

/** Earlier proofs that a report shows. */
const POINTS = 20
/** Tables and findings that a record remembers; a report names fewer. */
const MOST_TABLES = 20_000
const MOST_FINDINGS = 1_000

const optionalNumber = v.optional(v.number())
const details = v.object({
  checks: v.array(
    v.object({ name: v.picklist(CHECKS), result: v.picklist(['passed', 'failed', 'not-run']), detail: v.string() }),
  ),
  findings: v.array(
    v.object({
      code: v.picklist(Object.keys(PROOF_CODES) as ProofCode[]),
      subject: v.string(),
      message: v.string(),
      hint: v.optional(v.string()),
    }),
  ),
  tables: v.array(v.object({ name: v.string(), rows: v.number(), bytes: v.number(), before: optionalNumber })),
  assertions: v.array(
    v.object({
      name: v.string(),
      result: v.picklist(['passed', 'failed', 'error']),
      value: optionalNumber,
      before: optionalNumber,
    }),
  ),
})

export type ProofDetails = v.InferOutput<typeof details>

/** Why it could not be written, if it could not: the proof stands without its record. */
export async function recordProof(
  store: Store,
  manifest: Manifest,
  id: string,
  proof: Omit<Proof, 'history' | 'recorded'>,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { component, verdict, provedAt, age, bytes, stored, engine, checks, findings, tables = [], assertions } = proof
  const record: Omit<ProofRecord, 'mac' | 'sealed'> = {
    format: 1,
    type: 'proof',
    id,
    component,
    backup: manifest.id,
    verdict,
    provedAt,
    restoreSeconds: proof.restoreSeconds ?? null,
    compareSeconds: proof.compareSeconds ?? null,
    age,
    bytes,
    stored,
    server: proof.server ?? null,
    engine,
    checks: checks.map(({ name, result }) => ({ name, result })),
    findings: countsOf(findings.map(({ code }) => code)),
  }
  const sealed = {
    checks,
    findings: findings.slice(0, MOST_FINDINGS),
    tables: tables.slice(0, MOST_TABLES),
    assertions,
  }
  try {
    await writeProof(store, manifest, record, sealed, keyring, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return asComebackError(error).message
  }
}

export interface Earlier {
  /** Oldest first. */
  readonly points: readonly ProofPoint[]
  readonly before?: ProofBefore
}

/**
 * The newest proof of each backup, as far as it can be read and believed. What a backup is compared with is older than itself,
 * and of the same source: or a second try would find no difference any more, and heal what the first one found.
 */
export async function earlierProofs(
  store: Store,
  catalog: Catalog,
  proven: Manifest,
  keyring: Keyring,
  now: Date,
  signal: AbortSignal,
): Promise<Earlier> {
  const points: ProofPoint[] = []
  let before: ProofBefore | undefined
  const entries = catalog.entries.filter(({ component, proofs }) => component === proven.component && proofs.length > 0)
  const judging = { store, catalog, keyring, now, signal }
  const judge = new Judge(judging)
  for (const entry of newestAndOlder(entries, proven)) {
    const { standing, manifest } = await judge.judge(entry)
    if (manifest === undefined || !standing.counts) continue
    try {
      const { newest, decided } = await newestProofs(judging, entry, manifest)
      if (newest !== undefined) points.push(pointOf(newest))
      if (before !== undefined || decided === undefined || !isBefore(manifest, proven)) continue
      const details = await detailsOf(decided, manifest, keyring)
      if (details !== undefined) before = { id: manifest.id, tables: details.tables, assertions: details.assertions }
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    }
  }
  const shown = points.toSorted((a, b) => (a.time < b.time ? -1 : 1)).slice(-POINTS)
  return { points: shown, ...(before === undefined ? {} : { before }) }
}

/** The newest of all for the history, and those behind the backup in which the last one before it is found. */
function newestAndOlder(entries: readonly CatalogEntry[], { id }: Manifest): readonly CatalogEntry[] {
  const older = entries.filter(entry => entry.id < id)
  return [...new Set([...entries.slice(0, POINTS), ...older.slice(0, POINTS)])]
}

function isBefore({ id, source, purpose }: Manifest, proven: Manifest): boolean {
  return id < proven.id && source === proven.source && purpose === proven.purpose
}

export function pointOf({ record }: RecordedProof): ProofPoint {
  const { provedAt, backup, verdict, restoreSeconds, bytes, stored } = record
  return {
    time: provedAt,
    id: backup,
    verdict,
    ...(restoreSeconds === null ? {} : { restoreSeconds }),
    bytes,
    stored,
  }
}

/**
 * Only of an authenticated record. Undefined if a newer version wrote what this one does not know: then the clear part must do.
 * `damaged` where it can't be read.
 */
export async function detailsOf(
  { record }: RecordedProof,
  { kdf }: Manifest,
  keyring: Keyring,
): Promise<ProofDetails | undefined> {
  const opened = await openDetails(record, await keyring.pack(kdf.salt, kdf.iterations))
  const parsed = v.safeParse(details, opened)
  return parsed.success ? parsed.output : undefined
}

function countsOf(codes: readonly ProofCode[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(codes, code => code)].map(([code, group]) => [code, group.length]))
}
