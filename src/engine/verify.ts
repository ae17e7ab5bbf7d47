/**
 * The use case: backups are restored for real and compared, one component after the other, and what came of it is recorded beside
 * each. A check that could not run never passes: the verdict is that of the gravest finding.
 */
import { asComebackError, type ComebackError, hasCode } from '../errors.ts'
import { newBackupId, timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Proof, ProofPoint } from '../report/proof.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import { openBackup } from '../repository/stored-backup.ts'
import type { Catalog } from './catalog.ts'
import type { ProofResult } from './ports.ts'
import {
  CHECKS,
  type LeftDatabase,
  PROOF_CODES,
  type ProofCheck,
  type ProofCode,
  type ProofFinding,
  verdictOf,
  worst,
} from './proof.ts'
import { earlierProofs, recordProof } from './proof-recording.ts'
import { type Choice, chooseBackups, type FoundBackup } from './verify-choice.ts'
import type { VerifyRequest } from './verify-request.ts'

/** Milliseconds for the record of a proof whose time was up. */
const RECORD_TIME = 5_000

/** Throws what is wrong with the request, `no-such-backup`, `wrong-key`, and what keeps the store from being listed. */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  const { store, signal } = request
  const { choices, absent } = await chooseBackups(request)
  const proofs: Proof[] = []
  let migration: ProofResult['migration']
  let left: LeftDatabase | undefined
  for (const choice of choices) {
    const made = await prove(request, choice)
    proofs.push(made.proof)
    migration ??= made.migration
    left ??= made.left
    request.progress({ type: 'done', component: choice.component })
    if (!hasCode(signal.reason, 'timeout') && choice !== choices.at(-1)) signal.throwIfAborted()
  }
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
    ...(left === undefined ? {} : { left }),
  }
}

interface Made {
  readonly proof: Proof
  readonly migration?: ProofResult['migration']
  readonly left?: ProofResult['left']
}

async function prove(request: VerifyRequest, choice: Choice): Promise<Made> {
  const { component } = choice
  if ('finding' in choice) {
    const { id, finding } = choice
    return {
      proof: unseen(request, { component, id, finding, why: 'nothing was restored, as its manifest was not read.' }),
    }
  }
  if (!request.signal.aborted) return proveOne(request, choice)
  // Those before took all of the time; unseen, this one must not pass.
  const { message, hint } = asComebackError(request.signal.reason)
  const finding = { code: 'interrupted', subject: 'backup', message, hint } as const
  return { proof: unseen(request, { ...choice.manifest, finding, why: 'there was no time for it.' }) }
}

async function proveOne(request: VerifyRequest, { component, catalog, manifest, notes }: FoundBackup): Promise<Made> {
  const { store, keyring, signal, now, progress, engine } = request
  const { result, points } = await run(request, catalog, manifest)
  const provedAt = now()
  // A restore that was not compared proves nothing, whatever else is silent.
  const compared = result.checks.some(
    ({ name, result }) => (name === 'rows' || name === 'files') && result === 'passed',
  )
  const unproved = compared || verdictOf(result.findings) !== 'verified' ? [] : [incomplete()]
  const findings = [...result.findings, ...notes, ...partial(manifest), ...unproved].sort(byGravity)
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
    age: ageOf(manifest.id, provedAt),
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
    history: [...points, pointOf(made)],
    ...(notRecorded === undefined ? { recorded: true } : { recorded: false, notRecorded }),
  }
  return {
    proof,
    ...(result.migration === undefined ? {} : { migration: result.migration }),
    ...(result.left === undefined ? {} : { left: result.left }),
  }
}

interface Unseen {
  readonly component: Component
  readonly id: string
  readonly bytes?: Manifest['bytes']
  readonly finding: ProofFinding
  /** Nothing was recorded. */
  readonly why: string
}

function unseen({ now, engine }: VerifyRequest, { component, id, bytes, finding, why }: Unseen): Proof {
  const provedAt = now()
  return {
    component,
    id,
    time: timeOf(id).toISOString(),
    verdict: verdictOf([finding]),
    provedAt: provedAt.toISOString(),
    authenticated: true,
    age: ageOf(id, provedAt),
    bytes: bytes?.plain ?? 0,
    stored: bytes?.stored ?? 0,
    engine,
    checks: notRun(finding.message),
    findings: [finding],
    assertions: [],
    history: [],
    recorded: false,
    notRecorded: why,
  }
}

/** Seconds. */
function ageOf(id: string, now: Date): number {
  return Math.max(0, (now.getTime() - timeOf(id).getTime()) / 1000)
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

interface Run {
  readonly result: ProofResult
  /** Earlier proofs. */
  readonly points: readonly ProofPoint[]
}

async function run(
  { store, keyring, prover, now, progress, signal }: VerifyRequest,
  catalog: Catalog,
  manifest: Manifest,
): Promise<Run> {
  const { component } = manifest
  let done = 0
  const counting = {
    phase: (text: string) => progress({ type: 'phase', component, text }),
    names: (names: readonly string[]) => progress({ type: 'names', component, names }),
    advance(bytes: number) {
      done += bytes
      progress({ type: 'bytes', component, done, fresh: 0, stored: 0 })
    },
  }
  // Once to restore, once to read it back.
  progress({ type: 'expect', component, bytes: 2 * manifest.bytes.plain })
  progress({ type: 'phase', component, text: `proving ${manifest.id}` })
  let points: Run['points'] = []
  try {
    const earlier = await earlierProofs(store, catalog, manifest, keyring, now(), signal)
    points = earlier.points
    const backup = await openBackup(store, manifest, keyring, signal)
    const context = { progress: counting, ...(earlier.before === undefined ? {} : { before: earlier.before }) }
    return { result: await prover(component).prove(backup, context, signal), points }
  } catch (error) {
    const because = (code: ProofCode, { message, hint }: ComebackError) => ({
      result: unproved({ code, subject: 'backup', message, hint }),
      points,
    })
    if (hasCode(signal.reason, 'timeout')) return because('interrupted', signal.reason)
    signal.throwIfAborted()
    if (hasCode(error, 'damaged', 'not-found')) return because('backup-damaged', error)
    if (hasCode(error, 'store-unavailable', 'connection')) return because('store-unavailable', error)
    throw error
  }
}

function unproved(finding: ProofFinding): ProofResult {
  return { checks: notRun(finding.message), findings: [finding], tables: [], assertions: [] }
}

function notRun(detail: string): readonly ProofCheck[] {
  return CHECKS.slice(0, 1).map(name => ({ name, result: 'not-run', detail }))
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
