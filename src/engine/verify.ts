/**
 * The use case: backups are restored for real and compared, one component after the other, and what came of it is recorded beside
 * each. A check that could not run never passes: the verdict is that of the gravest finding.
 */
import { ComebackError, hasCode } from '../errors.ts'
import { newBackupId, timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Proof, ProofPoint } from '../report/proof.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { authenticate } from '../repository/manifests.ts'
import { openBackup } from '../repository/stored-backup.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, findBackup, type Moment, manifestOf, readCatalog } from './catalog.ts'
import type { ProofResult, Prover } from './ports.ts'
import type { Progress } from './progress.ts'
import { CHECKS, PROOF_CODES, type ProofCode, type ProofFinding, type Verdict } from './proof.ts'
import { newestProof } from './proof-history.ts'
import { type Earlier, earlierProofs, recordProof } from './proof-recording.ts'

/** Milliseconds for the record of a proof whose time was up. */
const RECORD_TIME = 5_000

export interface VerifyRequest {
  readonly store: Store
  readonly keyring: Keyring
  readonly components: readonly Component[]
  /** Whether all components were meant, of which some may never have been backed up. */
  readonly all: boolean
  /** Undefined for the latest, or, where migrations are to run, the latest that was verified. */
  readonly moment: Moment | undefined
  readonly migrates: boolean
  readonly prover: (component: Component) => Prover
  readonly engine: string
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Throws what is wrong with the request, `no-such-backup`, `wrong-key`, and what keeps the store from being listed. */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { store, components, signal } = request
  const proofs: Proof[] = []
  const absent: Component[] = []
  let migration: ProofResult['migration']
  for (const component of components) {
    const catalog = await readCatalog(store, component, signal)
    if (request.all && !catalog.entries.some(({ kind }) => kind === 'backup')) {
      absent.push(component)
      continue
    }
    const made = await proveOne(request, component, catalog)
    proofs.push(made.proof)
    migration ??= made.migration
    request.progress({ type: 'done', component })
    // There is no time for the others; this one says so.
    if (signal.aborted) break
  }
  if (proofs.length === 0) throw nothingThere(store)
  const gate = migration === undefined ? [] : [verdictOf(migration.findings)]
  return {
    command: 'verify',
    schema: 1,
    store: store.location,
    kind: 'made',
    verdict: worst([...proofs.map(({ verdict }) => verdict), ...gate]),
    proofs,
    absent,
    ...(migration === undefined ? {} : { migration }),
  }
}

export function nothingThere(store: Store): ComebackError {
  return new ComebackError('no-such-backup', `There is no backup in ${store.location}.`, {
    hint: 'Is it the right store? `comeback list` shows what it holds.',
  })
}

export function worst(verdicts: readonly Verdict[]): Verdict {
  return (['failed', 'could-not-verify'] as const).find(verdict => verdicts.includes(verdict)) ?? 'verified'
}

export function verdictOf(findings: readonly { readonly code: ProofCode }[]): Verdict {
  return worst(findings.map(({ code }) => (PROOF_CODES[code] === 'note' ? 'verified' : PROOF_CODES[code])))
}

interface Made {
  readonly proof: Proof
  readonly migration?: ProofResult['migration']
}

async function proveOne(request: VerifyRequest, component: Component, catalog: Catalog): Promise<Made> {
  const { store, keyring, signal, now, progress, engine } = request
  const chosen = await choose(request, component, catalog)
  const { manifest } = chosen
  const earlier = await earlierProofs(store, catalog, component, keyring, signal)
  const result = await run(request, component, manifest, earlier)
  const provedAt = now()
  // A restore that was not compared proves nothing, whatever else is silent.
  const compared = result.checks.some(
    ({ name, result }) => (name === 'rows' || name === 'files') && result === 'passed',
  )
  const unproved = compared || verdictOf(result.findings) !== 'verified' ? [] : [incomplete()]
  const findings = [...result.findings, ...chosen.notes, ...partial(manifest), ...unproved].sort(byGravity)
  const verdict = verdictOf(findings)
  const made: Omit<Proof, 'history' | 'recorded'> = {
    component,
    id: manifest.id,
    time: manifest.time,
    verdict,
    provedAt: provedAt.toISOString(),
    authenticated: true,
    ...(result.restoreTime === undefined ? {} : { restoreSeconds: result.restoreTime / 1000 }),
    ...(result.compareTime === undefined ? {} : { compareSeconds: result.compareTime / 1000 }),
    age: Math.max(0, (provedAt.getTime() - timeOf(manifest.id).getTime()) / 1000),
    bytes: manifest.bytes.plain,
    stored: manifest.bytes.stored,
    ...(result.server === undefined ? {} : { server: result.server }),
    engine,
    checks: result.checks,
    findings,
    tables: result.tables,
    assertions: result.assertions,
  }
  // That the time was up is worth a record, too.
  const recording = signal.aborted ? AbortSignal.timeout(RECORD_TIME) : signal
  const notRecorded = await recordProof(store, manifest, newBackupId(provedAt), made, keyring, recording)
  if (notRecorded !== undefined) {
    progress({ type: 'warning', component, message: `The proof could not be recorded in the store: ${notRecorded}` })
  }
  const proof = {
    ...made,
    history: [...earlier.points, pointOf(made)],
    ...(notRecorded === undefined ? { recorded: true } : { recorded: false, notRecorded }),
  }
  return { proof, ...(result.migration === undefined ? {} : { migration: result.migration }) }
}

function pointOf({
  provedAt,
  id,
  verdict,
  restoreSeconds,
  bytes,
  stored,
}: Omit<Proof, 'history' | 'recorded'>): ProofPoint {
  return { time: provedAt, id, verdict, ...(restoreSeconds === undefined ? {} : { restoreSeconds }), bytes, stored }
}

async function run(
  { store, keyring, prover, progress, signal }: VerifyRequest,
  component: Component,
  manifest: Manifest,
  { before }: Earlier,
): Promise<ProofResult> {
  let done = 0
  const counting = {
    phase: (text: string) => progress({ type: 'phase', component, text }),
    advance(bytes: number) {
      done += bytes
      progress({ type: 'bytes', component, done, fresh: 0, stored: 0 })
    },
  }
  // Once to restore, once to read it back.
  progress({ type: 'expect', component, bytes: 2 * manifest.bytes.plain })
  progress({ type: 'phase', component, text: `proving ${manifest.id}` })
  try {
    const backup = await openBackup(store, manifest, keyring, signal)
    const context = { progress: counting, ...(before === undefined ? {} : { before }) }
    return await prover(component).prove(backup, context, signal)
  } catch (error) {
    if (hasCode(signal.reason, 'timeout')) return unproved('interrupted', signal.reason.message, signal.reason.hint)
    signal.throwIfAborted()
    if (hasCode(error, 'damaged', 'not-found')) return unproved('backup-damaged', error.message, error.hint)
    if (hasCode(error, 'store-unavailable', 'connection'))
      return unproved('store-unavailable', error.message, error.hint)
    throw error
  }
}

function unproved(code: ProofCode, message: string, hint?: string): ProofResult {
  const checks = CHECKS.slice(0, 1).map(name => ({ name, result: 'not-run' as const, detail: message }))
  return { checks, findings: [{ code, subject: 'backup', message, hint }], tables: [], assertions: [] }
}

function incomplete(): ProofFinding {
  return { code: 'check-failed', subject: 'proof', message: 'What was restored was not compared.' }
}

function partial({ status, id }: Manifest): readonly ProofFinding[] {
  if (status !== 'partial') return []
  const message = `The backup ${id} itself is partial: something changed or vanished while it was made.`
  return [{ code: 'partial-backup', subject: id, message }]
}

function byGravity(a: ProofFinding, b: ProofFinding): number {
  const rank = ({ code }: ProofFinding) => ['failed', 'could-not-verify', 'note'].indexOf(PROOF_CODES[code])
  return rank(a) - rank(b)
}

interface Chosen {
  readonly manifest: Manifest
  readonly notes: readonly ProofFinding[]
}

async function choose(request: VerifyRequest, component: Component, catalog: Catalog): Promise<Chosen> {
  const { store, keyring, moment, migrates, signal } = request
  if (moment !== undefined || !migrates) {
    return { manifest: await findBackup(store, component, moment ?? { kind: 'latest' }, keyring, signal), notes: [] }
  }
  const verified = await lastVerified(request, catalog)
  if (verified !== undefined) return { manifest: verified, notes: [] }
  const manifest = await findBackup(store, component, { kind: 'latest' }, keyring, signal)
  const message = `No backup was verified before, so the migrations ran against the latest one, ${manifest.id}.`
  return { manifest, notes: [{ code: 'not-last-verified', subject: manifest.id, message }] }
}

async function lastVerified(
  { store, keyring, signal }: VerifyRequest,
  { entries }: Catalog,
): Promise<Manifest | undefined> {
  for (const entry of entries.filter(({ kind, proofs }) => kind === 'backup' && proofs.length > 0)) {
    try {
      const manifest = await manifestOf(store, entry, signal)
      await authenticate(manifest, keyring)
      const proof = await newestProof(store, entry, manifest, keyring, signal)
      if (proof?.record.verdict === 'verified') return manifest
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found', 'wrong-key')) throw error
    }
  }
  return undefined
}
