/** What a check finds of the bytes of backups, written down beside them as a failed proof is: whoever comes next knows it. */
import { newBackupId, timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { CheckFinding, FindingCode } from '../report/check-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Known } from './check-inventory.ts'
import { saysDamaged } from './known-bad.ts'
import type { Progress } from './progress.ts'
import { newestProofs } from './proof-history.ts'
import { recordProof } from './proof-recording.ts'

/** What no listing shows: an object that is not there, or is too short, everybody sees. */
const OF_BYTES: readonly FindingCode[] = ['altered', 'undecryptable', 'bad-index', 'bad-chunk']
/** Records of one check: more would say nothing else. */
const MOST = 100

export interface Recording {
  readonly store: Store
  readonly keyring: Keyring | undefined
  /** `comeback 0.1.0`. */
  readonly engine: string
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** What cannot be recorded is told of, and no reason for the check to fail. */
export async function recordDamage(
  { store, keyring, now, engine, progress, signal }: Recording,
  component: Component,
  known: readonly Known[],
  found: readonly CheckFinding[],
): Promise<void> {
  const damage = found.filter(({ code }) => OF_BYTES.includes(code))
  const hurt = new Set(damage.flatMap(({ hurts }) => hurts))
  const warn = (why: string) =>
    progress({
      type: 'warning',
      component,
      message: `The store does not remember what is damaged, and the next backup may build on it: ${why} Run it with --full.`,
    })
  if (hurt.size > 0 && keyring === undefined) warn('that takes the key.')
  if (keyring === undefined) return
  const backups = known.filter(({ entry, authentic }) => entry.kind === 'backup' && authentic && hurt.has(entry.id))
  for (const { entry, manifest } of backups.slice(0, MOST)) {
    const { decided } = await newestProofs({ store, keyring, now: now(), signal }, entry, manifest)
    if (decided !== undefined && saysDamaged(decided.record)) continue
    const own = damage.filter(({ hurts }) => hurts.includes(entry.id))
    const at = now()
    const proof = failedProof(manifest, own, at, engine)
    const refused = await recordProof(store, manifest, newBackupId(at), proof, keyring, signal)
    if (refused === undefined) continue
    warn(refused)
    break
  }
}

function failedProof(
  { component, id, time, bytes }: Manifest,
  damage: readonly CheckFinding[],
  at: Date,
  engine: string,
): Parameters<typeof recordProof>[3] {
  const objects = damage.length === 1 ? 'an object' : `${damage.length} objects`
  const detail = `nothing was restored: a check read what the store holds and found ${objects} damaged`
  return {
    component,
    id,
    time,
    verdict: 'failed',
    provedAt: at.toISOString(),
    authenticated: true,
    age: Math.max(0, (at.getTime() - timeOf(id).getTime()) / 1000),
    bytes: bytes.plain,
    stored: bytes.stored,
    engine,
    checks: [{ name: 'restore', result: 'not-run', detail }],
    findings: damage.map(({ object, message, hint }) => ({ code: 'backup-damaged', subject: object, message, hint })),
    assertions: [],
  }
}
