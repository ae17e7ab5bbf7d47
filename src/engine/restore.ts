/** The use case: a stored backup goes through a Sink, once it was said what that does and the target was backed up. */
import type { Manifest } from '../format/manifest.ts'
import type { RestoreReport } from '../report/report.ts'
import type { RestorePlanReport } from '../report/restore-plan-report.ts'
import type { Problem } from './ports.ts'
import { consentTo, nameOf } from './restore-consent.ts'
import { prepareRestore } from './restore-plan.ts'
import type { RestoreRequest } from './restore-request.ts'
import { type Kept, keepTarget, tellingOf } from './safety.ts'

export async function restore(request: RestoreRequest): Promise<RestoreReport> {
  const { component, safety, progress, signal, now } = request
  const started = now()
  const { manifest, stored, plan } = await prepareRestore(request)
  progress({ type: 'plan', component, plan })
  const sink = await consentTo(plan, request.sink, request.consent ?? {})
  const kept = await keepTarget(safety, plan.target, progress)
  progress({ type: 'expect', component, bytes: manifest.bytes.plain })
  let done = 0
  const counting = {
    phase: (text: string) => progress({ type: 'phase', component, text }),
    names: (names: readonly string[]) => progress({ type: 'names', component, names }),
    advance(bytes: number) {
      done += bytes
      progress({ type: 'bytes', component, done, fresh: 0, stored: 0 })
    },
  }
  const result = await sink.restore(stored, counting, signal).catch((error: unknown) => {
    throw tellingOf(kept, error, component)
  })
  progress({ type: 'done', component })
  return {
    command: 'restore',
    component,
    id: manifest.id,
    time: manifest.time,
    seconds: (now().getTime() - started.getTime()) / 1000,
    bytes: manifest.bytes.plain,
    summary: result.summary,
    ...(kept === undefined ? {} : { safety: { ...kept, undo: undoCommand(kept, plan) } }),
    ...(result.unmade === undefined ? {} : { unmade: result.unmade }),
    problems: [...partialProblems(manifest), ...result.problems],
  }
}

/** Without the options that say which store and which target: those may hold secrets, and are as they were. */
function undoCommand(kept: Kept, { component, target, store }: RestorePlanReport): string {
  const where = kept.store === store ? '' : ` --safety-store ${kept.store}`
  const overwrite = target.kind === 'folder' ? ' --overwrite' : ''
  const named = target.kind === 'database' || target.way === 'swap' ? ` --confirm ${nameOf(target)}` : ''
  return `comeback restore ${component} --undo${where}${overwrite}${named}`
}

function partialProblems({ id, status }: Manifest): readonly Problem[] {
  if (status !== 'partial') return []
  const message = `The backup ${id} itself is partial: some files changed or vanished while it was made.`
  return [{ severity: 'warning', message }]
}
