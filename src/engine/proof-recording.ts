/** From a proof to its record and back, and what earlier ones say that this one is compared with. */
import * as v from 'valibot'
import { asComebackError, hasCode } from '../errors.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { openDetails, type ProofRecord } from '../format/proof-record.ts'
import type { Proof, ProofPoint } from '../report/proof.ts'
import type { Keyring } from '../repository/keyring.ts'
import { isOurs } from '../repository/manifests.ts'
import { writeProof } from '../repository/proofs.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, manifestOf } from './catalog.ts'
import type { ProofBefore } from './ports.ts'
import { CHECKS, PROOF_CODES, type ProofCode } from './proof.ts'
import { newestProof, type RecordedProof } from './proof-history.ts'

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

/** The newest proof of each backup, as far as it can be read and believed. */
export async function earlierProofs(
  store: Store,
  catalog: Catalog,
  component: Component,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<Earlier> {
  const points: ProofPoint[] = []
  let before: ProofBefore | undefined
  const entries = catalog.entries.filter(entry => entry.component === component && entry.proofs.length > 0)
  for (const entry of entries.slice(0, POINTS)) {
    try {
      const manifest = await manifestOf(store, entry, signal)
      if (!(await isOurs(manifest, keyring))) continue
      const proof = await newestProof(store, entry, manifest, keyring, signal)
      if (proof === undefined) continue
      points.push(pointOf(proof))
      if (before === undefined && proof.record.verdict !== 'could-not-verify') {
        const { tables, assertions } = await detailsOf(proof, manifest, keyring)
        before = { id: manifest.id, tables, assertions }
      }
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    }
  }
  points.sort((a, b) => (a.time < b.time ? -1 : 1))
  return { points, ...(before === undefined ? {} : { before }) }
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

/** Only of an authenticated record. `damaged` where it can't be read. */
export async function detailsOf({ record }: RecordedProof, { kdf }: Manifest, keyring: Keyring): Promise<ProofDetails> {
  const opened = await openDetails(record, await keyring.pack(kdf.salt, kdf.iterations))
  const parsed = v.safeParse(details, opened)
  // A newer version may know findings that this one does not.
  return parsed.success ? parsed.output : { checks: [], findings: [], tables: [], assertions: [] }
}

function countsOf(codes: readonly ProofCode[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(codes, code => code)].map(([code, group]) => [code, group.length]))
}
