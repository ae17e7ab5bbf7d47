/**
 * All in one transaction on one connection: the target either becomes the backup or stays exactly as it was, and nobody sees
 * anything between the two.
 */
import { asComebackError, ComebackError } from '../../errors.ts'
import { withoutAbsent } from './absent-relations.ts'
import { createRoles } from './create-roles.ts'
import { createEntryFilter } from './entry-filter.ts'
import { loadInTransaction } from './load-order.ts'
import { inOneTransaction } from './one-transaction.ts'
import { closeOpened, openedAgain } from './opened.ts'
import { resetChoice } from './reset-choice.ts'
import { type Reset, resetAsPermitted } from './reset-permitted.ts'
import type { RestoreContext, RestoreOutcome } from './restore-context.ts'
import { createRowRoles } from './row-roles.ts'
import { runEntries } from './run-entries.ts'
import { runScript } from './run-script.ts'
import { setSequences } from './set-sequences.ts'
import { type TargetFacts, targetFacts } from './target-facts.ts'
import { drop } from './target-reset.ts'
import { loadTheirs } from './their-rows.ts'
import { findTheirs, sparingTheirs, type Theirs } from './theirs.ts'
import { withWayOut } from './tolerable.ts'
import { putBack } from './tolerant-load.ts'
import { partsOfOthers, refuseTornOff } from './torn-off.ts'

export async function restoreAtomically(context: RestoreContext): Promise<RestoreOutcome> {
  return await inOneTransaction(context, () => replace(context))
}

async function replace(context: RestoreContext): Promise<RestoreOutcome> {
  const { connection, plan, facts, load, choice } = context
  const { progress, signal } = load
  progress.phase('Emptying the target')
  const entries = [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last].map(({ entry }) => entry)
  await createRoles(connection, context.roles ?? [], facts)
  const hung = await partsOfOthers(connection)
  const reset: Reset = choice?.isPart
    ? await resetChoice(connection, choice, facts)
    : await resetAsPermitted(connection, plan.detail, entries, facts)
  const now = await targetFacts(connection)
  const theirs = await findTheirs(connection, plan, now, load)
  const outcome = await fill(context, reset, now, theirs).catch(error => {
    const because = [
      ...theirs.problems.map(problem => problem.message),
      ...(reset.refusal === undefined
        ? []
        : [`This was tried without emptying the target as a whole, which was refused first: ${reset.refusal.message}`]),
    ]
    if (because.length === 0 || signal.aborted) throw error
    const { code, message, hint } = asComebackError(error)
    throw new ComebackError(code, [message, ...because].join(' '), { hint: reset.refusal?.hint ?? hint, cause: error })
  })
  return { ...outcome, problems: [...outcome.problems, ...(await refuseTornOff(context, hung))] }
}

async function fill(all: RestoreContext, reset: Reset, facts: TargetFacts, theirs: Theirs): Promise<RestoreOutcome> {
  const { connection, tolerance } = all
  const whole = { ...all, plan: theirs.plan, load: sparingTheirs(all.load, theirs) }
  const { progress, signal } = whole.load
  const filter = createEntryFilter(facts, all.lost)
  const schema = { filter, signal, atomic: true, tolerance }
  progress.phase('Creating tables')
  await runEntries(connection, whole.plan.preData, schema)
  const context = await withoutAbsent(whole)
  const { plan, load } = context
  await createRowRoles(connection, context)
  progress.phase('Loading rows')
  // The tables were created in this very transaction: they need no TRUNCATE to keep the order of their rows.
  const ofOthers = await loadTheirs(connection, theirs.rows, load, true)
  await loadInTransaction(connection, plan, load, { tolerance, aside: reset.aside }).catch(error => {
    throw tolerance === undefined ? withWayOut(error) : error
  })
  for (const script of plan.largeObjects) await runScript(connection, script, filter, load)
  await setSequences(connection, plan.sequences, filter, load)
  progress.phase('Building indexes and constraints')
  await runEntries(connection, plan.postData, schema)
  // Only now: a name in a row may be that of an index.
  if (tolerance !== undefined) await putBack(connection, { tolerance, atomic: true })
  await drop(connection, reset.again ?? [])
  const again = await openedAgain(connection)
  await closeOpened(connection, plan.preData, facts)
  await runEntries(connection, await context.lost.close(connection, plan), schema)
  if (plan.last.length > 0) progress.phase('Filling materialized views')
  await runEntries(connection, plan.last, schema)
  await tolerance?.paths.end(connection)
  return {
    lanes: [connection],
    problems: [...reset.problems, ...theirs.problems, ...ofOthers.problems, ...again, ...filter.problems()],
    plan: { ...plan, added: [...plan.added, ...ofOthers.loaded] },
  }
}
