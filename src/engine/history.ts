/**
 * How a source's backups grew: what their manifests say of sizes. It is shown, never relied on, and the backup exists
 * already when it is read: so nothing that goes wrong here may fail the run, or hold it up for long.
 */
import { asComebackError } from '../errors.ts'
import type { HistoryPoint } from '../report/report.ts'
import { authenticate } from '../repository/manifests.ts'
import { type CatalogEntry, manifestOf } from './catalog.ts'
import type { BackupRequest, Plan } from './plan.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

const POINTS = 30
/** Milliseconds for all of them; a store that is slower gets a shorter history. */
const TIME = 10_000

/** The newest backups of the same source, oldest first, `last` at the end. Never throws. */
export async function readHistory(
  request: BackupRequest,
  plan: Plan,
  last: HistoryPoint,
): Promise<readonly HistoryPoint[]> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIME)])
  const failures: unknown[] = []
  const points = await allSideBySide(plan.earlier.slice(0, POINTS - 1), MANIFESTS_AT_A_TIME, async entry => {
    if (signal.aborted) return
    try {
      return await pointOf(request, plan, entry, signal)
    } catch (error) {
      failures.push(error)
      return
    }
  })
  const [failure] = failures
  if (failure !== undefined) {
    const text = `the history is incomplete: ${asComebackError(failure).message}`
    request.progress({ type: 'phase', component: request.source.component, text })
  }
  return [...points.filter(point => point !== undefined).reverse(), last]
}

/** Undefined for a safety backup, for another source's, and for one of another chain: its key would have to be derived first. */
async function pointOf(
  { store, keyring }: BackupRequest,
  { idSalt, iterations, source }: Plan,
  entry: CatalogEntry,
  signal: AbortSignal,
): Promise<HistoryPoint | undefined> {
  const manifest = await manifestOf(store, entry, signal)
  if (manifest.purpose !== undefined) return
  if (manifest.source !== source || manifest.idSalt !== idSalt || manifest.kdf.iterations !== iterations) return
  await authenticate(manifest, keyring)
  return { id: manifest.id, time: manifest.time, bytes: manifest.bytes.plain, stored: manifest.bytes.stored }
}
