/** What of a backup is restored, and how: the backup's plan, cut down to what was asked for and to what the target can take. */
import type { Problem, SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type Consent, type ConsentTarget, chooseMode } from './consent.ts'
import { findNeeds } from './needs.ts'
import type { RestoreMode } from './restore-mode.ts'
import { planRestore } from './restore-plan.ts'
import { type Choice, choose, type Selection } from './selection.ts'
import type { SkippedEntry } from './skipped.ts'
import type { TargetFacts } from './target-facts.ts'

export interface ChosenPlan {
  readonly choice: Choice
  readonly problems: readonly Problem[]
  readonly skipped: readonly SkippedEntry[]
}

/** Changes nothing. Throws what `planRestore`, `choose` and `findNeeds` do. */
export async function planChosen(
  connection: Connection,
  facts: TargetFacts,
  selection: Selection,
  backup: StoredBackup,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<ChosenPlan> {
  const whole = await planRestore(backup, progress, signal)
  const choice = choose(whole, selection)
  const { plan, problems, skipped } = await findNeeds(connection, whole, choice, facts)
  return { choice: { ...choice, plan }, problems, skipped }
}

/** Throws `usage` for a mode that a selection can't be restored in, and what `chooseMode` does. */
export function modeFor(selection: Selection, consent: Consent, target: ConsentTarget): RestoreMode {
  const { mode } = consent
  if (selection.what === 'data') {
    if (mode === undefined || mode === 'atomic') return 'atomic'
    throw new ComebackError('usage', `--data-only replaces rows in one transaction, not in mode ${mode}.`, {
      hint: 'Leave out --mode.',
    })
  }
  if (mode === 'swap' && isPart(selection)) {
    throw new ComebackError(
      'usage',
      'A new database that takes the place of this one would lack all that was not chosen.',
      {
        hint: 'Use --mode atomic, which replaces what was chosen and leaves the rest as it is.',
      },
    )
  }
  return chooseMode(consent, target)
}

export function isPart({ tables, schemas }: Selection): boolean {
  return tables.length > 0 || schemas.length > 0
}
