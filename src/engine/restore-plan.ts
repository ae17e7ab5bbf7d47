/** What a restore would do, and to what; nothing is changed. `restore.ts` begins with it, a dry run ends with it. */
import { holdsOf, type Manifest } from '../format/manifest.ts'
import type { RestorePlanReport } from '../report/restore-plan-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { openBackup, type StoredBackup } from '../repository/stored-backup.ts'
import { readCatalog } from './catalog.ts'
import { findIn } from './find-backup.ts'
import { knownProof } from './known-proof.ts'
import { warnOfPassedOver } from './passed-over.ts'
import type { Sink } from './ports.ts'
import { nameOf, needsName } from './restore-consent.ts'
import type { RestoreRequest } from './restore-request.ts'
import { plannedSafety } from './safety.ts'
import { sourceHash } from './source-hash.ts'

/** Throws as a restore does before it begins; what would be refused for its target stands in the report instead. */
export async function planRestore(request: RestoreRequest): Promise<RestorePlanReport> {
  const { plan } = await prepareRestore(request)
  request.progress({ type: 'done', component: request.component })
  return plan
}

export interface Prepared {
  readonly manifest: Manifest
  readonly stored: StoredBackup
  readonly plan: RestorePlanReport
}

export async function prepareRestore(request: RestoreRequest): Promise<Prepared> {
  const { store, keyring, component, sink, safety, progress, signal, now } = request
  const catalog = await readCatalog(store, component, signal)
  const passedOver = warnOfPassedOver(component, progress)
  const search = { store, component, moment: request.moment, keyring, now: now(), signal, passedOver }
  const manifest = await findIn(catalog, search)
  progress({ type: 'phase', component, text: `opening ${manifest.id}` })
  const stored = await openBackup(store, manifest, keyring, signal)
  const found = await sink.inspect(
    stored,
    {
      phase: text => progress({ type: 'phase', component, text }),
      names: names => progress({ type: 'names', component, names }),
      advance: () => undefined,
    },
    signal,
  )
  const planned = plannedSafety(safety, found)
  const cannot = planned?.wanted === true && found.refusal === undefined ? safety?.refusal : undefined
  const target = cannot === undefined ? found : { ...found, refusal: refusalOf(cannot) }
  const ownSource = await isOwnSource(manifest, keyring, sink)
  const proof = await knownProof({ store, catalog, keyring, now: now(), progress, signal }, manifest)
  if (proof?.id === manifest.id && proof.verdict === 'failed') progress(disproved(manifest, proof.time))
  const holds = holdsOf(manifest)
  const plan: RestorePlanReport = {
    command: 'restore-plan',
    store: store.location,
    component,
    id: manifest.id,
    time: manifest.time,
    status: manifest.status === 'partial' ? 'partial' : 'complete',
    ...(holds === 'all' ? {} : { holds }),
    age: Math.max(0, (now().getTime() - Date.parse(manifest.time)) / 1000),
    bytes: manifest.bytes.plain,
    ...(proof === undefined ? {} : { proof }),
    ...(planned === undefined ? {} : { safety: planned }),
    ...(needsName(target, planned) ? { confirm: nameOf(target) } : {}),
    ...(ownSource === undefined ? {} : { ownSource }),
    target,
  }
  return { manifest, stored, plan }
}

/** By the keyed hash that a backup holds of its source. One that was named with --source is found under no address. */
async function isOwnSource(
  { source, idSalt, kdf, component }: Manifest,
  keyring: Keyring,
  { identity }: Sink,
): Promise<boolean | undefined> {
  if (identity === undefined) return undefined
  return source === (await sourceHash(keyring, idSalt, kdf.iterations, component, identity))
}

function disproved({ component, id }: Manifest, provedAt: string): Parameters<RestoreRequest['progress']>[0] {
  return {
    type: 'warning',
    component,
    message: `The proof of ${id} FAILED on ${provedAt.slice(0, 10)}: it did not come back as it was.`,
    hint: '`comeback list` shows which backups were verified: any can be restored by its id.',
  }
}

function refusalOf({ code, message, hint }: NonNullable<NonNullable<RestoreRequest['safety']>['refusal']>) {
  return { code, message, hint }
}
