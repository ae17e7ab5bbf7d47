/** The use case: a stored backup goes through a Sink. */
import type { Component } from '../format/manifest.ts'
import type { RestoreReport } from '../report/report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { openBackup } from '../repository/stored-backup.ts'
import type { Store } from '../store/store.ts'
import { findBackup, type Moment } from './catalog.ts'
import type { Problem, Sink } from './ports.ts'
import type { Progress } from './progress.ts'

export interface RestoreRequest {
  readonly store: Store
  readonly keyring: Keyring
  readonly component: Component
  readonly moment: Moment
  readonly sink: Sink
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export async function restore(request: RestoreRequest): Promise<RestoreReport> {
  const { store, keyring, component, sink, progress, signal, now } = request
  const started = now()
  const manifest = await findBackup(store, component, request.moment, keyring, signal)
  progress({ type: 'phase', component, text: `opening ${manifest.id}` })
  const stored = await openBackup(store, manifest, keyring, signal)
  progress({ type: 'expect', component, bytes: manifest.bytes.plain })
  let done = 0
  const result = await sink.restore(
    stored,
    {
      phase: text => progress({ type: 'phase', component, text }),
      advance(bytes) {
        done += bytes
        progress({ type: 'bytes', component, done, fresh: 0, stored: 0 })
      },
    },
    signal,
  )
  progress({ type: 'done', component })
  const partial: readonly Problem[] =
    manifest.status === 'partial'
      ? [
          {
            severity: 'warning',
            message: `The backup ${manifest.id} itself is partial: some files changed or vanished while it was made.`,
          },
        ]
      : []
  return {
    command: 'restore',
    component,
    id: manifest.id,
    time: manifest.time,
    seconds: (now().getTime() - started.getTime()) / 1000,
    bytes: manifest.bytes.plain,
    summary: result.summary,
    problems: [...partial, ...result.problems],
  }
}
