/** Whether somebody has said that the target may lose what it holds, by typing its name. */
import { ComebackError } from '../errors.ts'
import type { PlannedSafety, RestorePlanReport } from '../report/restore-plan-report.ts'
import type { Sink, TargetSummary } from './ports.ts'

export interface Consent {
  /** The name as it was given beforehand. */
  readonly name?: string | undefined
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** The Sink that has the name that was typed. */
  readonly named?: ((name: string) => Sink) | undefined
}

/** Without a safety backup, a name must be typed in any case. */
export function needsName(target: TargetSummary, safety: PlannedSafety | undefined): boolean {
  return safety?.wanted === false || target.needsConfirmation
}

/** Of a database its own, of a folder the last part of its path. */
export function nameOf(target: TargetSummary): string {
  if (target.kind === 'database') return target.database
  return target.place.split(/[/\\]/).findLast(part => part !== '') ?? target.place
}

/**
 * The Sink to restore with. Throws what the plan says would be refused, `not-empty` where a name must be given and nobody is
 * there to type it, `usage` for another one.
 */
export async function consentTo(plan: RestorePlanReport, sink: Sink, consent: Consent): Promise<Sink> {
  const { target, confirm } = plan
  if (target.refusal !== undefined) {
    const { code, message, hint } = target.refusal
    throw new ComebackError(code, message, { hint })
  }
  if (confirm === undefined) return sink
  if (consent.name !== undefined) {
    if (consent.name !== confirm) throw another(plan, confirm, consent.name)
    return sink
  }
  const { ask, named } = consent
  if (ask === undefined || named === undefined) throw unconfirmed(plan, confirm)
  const typed = (await ask(question(plan))).trim()
  if (typed !== confirm) throw another(plan, confirm, typed)
  return named(typed)
}

function question({ target }: RestorePlanReport): string {
  return `Type the name of the ${target.kind} to replace what ${target.place} holds: `
}

function unconfirmed({ target, safety }: RestorePlanReport, name: string): ComebackError {
  const what = safety?.wanted === false ? ', without a safety backup of it' : ''
  return new ComebackError('not-empty', `The restore would replace what ${target.place} holds${what}.`, {
    hint: `Nothing was changed. Confirm the ${target.kind} by its name, ${JSON.stringify(name)}, with --confirm NAME. --dry-run shows what would be lost.`,
  })
}

function another({ target }: RestorePlanReport, name: string, given: string): ComebackError {
  return new ComebackError(
    'usage',
    `The restore would go into the ${target.kind} ${JSON.stringify(name)} (${target.place}), and ${JSON.stringify(given)} was confirmed.`,
    { hint: 'Nothing was changed. Correct the target, or type its name.' },
  )
}
