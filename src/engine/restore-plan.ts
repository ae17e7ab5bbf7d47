/** The use case: what a restore would do, and to what. Nothing is changed. */
import type { RestorePlanReport } from '../report/restore-plan-report.ts'
import { openBackup } from '../repository/stored-backup.ts'
import { findBackup } from './catalog.ts'
import type { RestoreRequest } from './restore.ts'

/** Throws as a restore does before it begins; what would be refused for its target stands in the report instead. */
export async function planRestore(request: RestoreRequest): Promise<RestorePlanReport> {
  const { store, keyring, component, sink, progress, signal, now } = request
  const manifest = await findBackup(store, component, request.moment, keyring, signal)
  progress({ type: 'phase', component, text: `opening ${manifest.id}` })
  const stored = await openBackup(store, manifest, keyring, signal)
  const target = await sink.inspect(
    stored,
    { phase: text => progress({ type: 'phase', component, text }), advance: () => undefined },
    signal,
  )
  progress({ type: 'done', component })
  return {
    command: 'restore-plan',
    store: store.location,
    component,
    id: manifest.id,
    time: manifest.time,
    status: manifest.status === 'partial' ? 'partial' : 'complete',
    age: Math.max(0, (now().getTime() - Date.parse(manifest.time)) / 1000),
    bytes: manifest.bytes.plain,
    target,
  }
}
