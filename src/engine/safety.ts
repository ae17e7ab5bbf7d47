/**
 * Before a target that holds anything is touched, it is backed up: whatever the restore then does, or whoever aimed it at the
 * wrong place, `--undo` brings back what was there. What is written to the target after that backup's snapshot and before the
 * restore is in neither.
 */
import { asComebackError, ComebackError } from '../errors.ts'
import type { PlannedSafety } from '../report/restore-plan-report.ts'
import { backup } from './backup.ts'
import type { BackupRequest } from './plan.ts'
import type { Source, TargetSummary } from './ports.ts'
import type { Progress } from './progress.ts'

export interface Safety {
  /** False where somebody said that they want none. */
  readonly wanted: boolean
  /** Where it goes, for people. */
  readonly store: string
  /** Why that store can take none, if that is known beforehand. */
  readonly refusal?: ComebackError | undefined
  /** Everything that the backup needs but the target. Called only when one is made. */
  readonly request: () => Promise<Omit<BackupRequest, 'source' | 'progress' | 'purpose'>>
  /** Reads what the target holds now. */
  readonly source: (target: TargetSummary) => Source
}

/** Of a finished safety backup. */
export interface Kept {
  readonly id: string
  readonly store: string
}

/** What a plan says of it; undefined where there is nothing to lose. */
export function plannedSafety(safety: Safety | undefined, target: TargetSummary): PlannedSafety | undefined {
  if (safety === undefined || !losesAnything(target)) return undefined
  const { wanted, store } = safety
  const bytes = target.kind === 'database' ? target.holds?.bytes : undefined
  return { wanted, store, ...(bytes === undefined ? {} : { bytes }) }
}

/**
 * Returns the safety backup, undefined where the target has nothing to lose or nobody wants one. Throws if it fails: then
 * nothing was touched. A partial one counts as failed: the file that changed while it was read is the one that somebody works
 * on, and would be lost.
 */
export async function keepTarget(
  safety: Safety | undefined,
  target: TargetSummary,
  progress: Progress,
): Promise<Kept | undefined> {
  if (safety === undefined || !safety.wanted || !losesAnything(target)) return undefined
  if (safety.refusal !== undefined) throw safety.refusal
  const source = safety.source(target)
  const { component } = source
  const stopped = (error: ComebackError) =>
    new ComebackError(
      error.code,
      `The safety backup of ${target.place} failed, so nothing was touched: ${error.message}`,
      {
        hint: [
          ...(error.hint === undefined ? [] : [error.hint]),
          'Or put it into another store with --safety-store LOCATION, or restore without one: --no-safety-backup and --confirm NAME.',
        ].join(' '),
        cause: error,
      },
    )
  progress({ type: 'phase', component, text: 'safety backup: looking at the store' })
  try {
    const request = await safety.request()
    const outcome = await backup({ ...request, source, purpose: 'safety', progress: event => progress(named(event)) })
    if (outcome.status === 'failed') {
      const { code, message, hint } = outcome.error
      throw new ComebackError(code, message, { hint })
    }
    if (outcome.status === 'partial') throw incomplete(outcome.id, outcome.problems)
    return { id: outcome.id, store: request.store.location }
  } catch (error) {
    const known = asComebackError(error)
    throw known.code === 'cancelled' ? known : stopped(known)
  } finally {
    progress({ type: 'done', component })
  }
}

/** An error of the restore that comes after it says where the former content is. */
export function tellingOf(kept: Kept | undefined, error: unknown, component: string): unknown {
  if (kept === undefined) return error
  const { code, message, hint } = asComebackError(error)
  const where = `What the target held is safe in ${kept.store}, as ${kept.id}; comeback restore ${component} --undo brings it back if it is gone.`
  return new ComebackError(code, message, { hint: hint === undefined ? where : `${hint} ${where}`, cause: error })
}

/** A folder loses only what is replaced or goes; a database that is restored over, all that it holds. */
export function losesAnything(target: TargetSummary): boolean {
  return target.kind === 'database' ? target.holds !== undefined : target.losses.length > 0
}

function incomplete(id: string, problems: readonly { readonly message: string }[]): ComebackError {
  const [first] = problems
  return new ComebackError('source-changed', `It is partial (${id}). ${first?.message ?? ''}`.trimEnd(), {
    hint: 'See that nobody changes the target now, and that all of it may be read, then restore again.',
  })
}

function named(event: Parameters<Progress>[0]): Parameters<Progress>[0] {
  return event.type === 'phase' ? { ...event, text: `safety backup: ${event.text}` } : event
}
