/**
 * Rows alone, into tables that exist, in one transaction: foreign keys and triggers are set aside, the tables emptied and filled,
 * then all is put back as it was, which checks every foreign key anew. An ordinary role may do that with its own tables, while
 * disabling the triggers behind foreign keys takes a superuser.
 */
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName, qualified } from '../sql-text.ts'
import { borne } from './borne.ts'
import { emptyConfiguration } from './configuration-rows.ts'
import { createEntryFilter } from './entry-filter.ts'
import { keyOf, subjectOf } from './entry-subject.ts'
import { loadInTransaction } from './load-order.ts'
import { inOneTransaction } from './one-transaction.ts'
import type { RestoreContext, RestoreOutcome } from './restore-context.ts'
import { defaultPrivileges } from './rights.ts'
import { findRowTargets, type RowTargets } from './row-targets.ts'
import { runEntries } from './run-entries.ts'
import { runScript } from './run-script.ts'
import { runStatements } from './run-statements.ts'
import { notValid } from './second-ways.ts'
import { type Choice, listed } from './selection.ts'
import { sequenceIn } from './sequence-values.ts'
import { setSequences } from './set-sequences.ts'
import { UNLINK_LARGE_OBJECTS } from './target-queries.ts'
import { keptExtensions } from './target-reset.ts'
import { loadTheirs } from './their-rows.ts'
import { findTheirs, type Theirs, withoutTheirs } from './theirs.ts'
import { isTolerable, withWayOut } from './tolerable.ts'
import type { Tolerance } from './tolerance.ts'
import { putBack } from './tolerant-load.ts'

export async function restoreRows(context: RestoreContext & { readonly choice: Choice }): Promise<RestoreOutcome> {
  return await inOneTransaction(context, () => replaceRows(context))
}

async function replaceRows({
  connection,
  facts,
  load,
  choice: wanted,
  tolerance,
}: RestoreContext & { readonly choice: Choice }): Promise<RestoreOutcome> {
  const theirs = await findTheirs(connection, wanted.plan, facts, load)
  const choice = withoutTheirs(wanted, theirs)
  const { plan } = choice
  const { progress, signal } = load
  progress.phase('Emptying tables')
  const targets = await findRowTargets(connection, choice)
  // First: what triggers of ours on tables of theirs add to ours goes when ours are emptied.
  const ofOthers = await loadTheirs(connection, theirs.rows, load, true)
  await runStatements(connection, targets.before, 'Setting aside foreign keys and triggers')
  if (targets.emptied.length > 0) {
    // In one statement, and by themselves: what inherits from them is emptied if it is among them.
    const tables = targets.emptied.map(table => `ONLY ${qualified(table)}`).join(', ')
    await runStatements(connection, [`TRUNCATE ${tables}`], 'Emptying tables')
  }
  const filter = createEntryFilter(facts)
  progress.phase('Loading rows')
  const emptied = plan.added.length === 0 ? [] : keptExtensions(plan.detail, facts)
  await loadInTransaction(connection, plan, load, {
    tolerance,
    aside: await emptyConfiguration(connection, emptied),
  }).catch(error => {
    throw tolerance === undefined ? withWayOut(error) : error
  })
  if (!choice.isPart) await runStatements(connection, [UNLINK_LARGE_OBJECTS], 'Removing large objects')
  const rights = await defaultPrivileges(connection, { everywhere: true, mine: true })
  await runStatements(connection, rights.reset, 'Setting aside default privileges')
  for (const script of plan.largeObjects) await runScript(connection, script, filter, load)
  await runStatements(connection, rights.again, 'Putting back default privileges')
  const back = { ...load, rewrite: (statement: string) => setsBack(statement, targets, choice, theirs) }
  await setSequences(connection, plan.sequences, filter, back)
  progress.phase('Checking foreign keys')
  await putBackAll(connection, targets.after, tolerance)
  const views = plan.last.filter(one => targets.present.has(keyOf(subjectOf(one) ?? NOTHING)))
  if (views.length > 0) progress.phase('Filling materialized views')
  await runEntries(connection, views, { filter, signal, atomic: true, tolerance })
  await tolerance?.paths.end(connection)
  return {
    lanes: [connection],
    problems: [...rowProblems(targets, choice), ...theirs.problems, ...ofOthers.problems, ...filter.problems()],
    plan: { ...plan, added: [...plan.added, ...ofOthers.loaded] },
  }
}

/** What was set aside of the target's own. */
async function putBackAll(connection: Connection, statements: readonly string[], tolerance: Tolerance | undefined) {
  const what = 'Putting back foreign keys and triggers'
  if (tolerance === undefined) {
    return await runStatements(connection, statements, what).catch(error => {
      throw withWayOut(error)
    })
  }
  await putBack(connection, { tolerance, atomic: true })
  for (const sql of statements) {
    const run = (one: string) => borne(connection, true, isTolerable, () => runStatements(connection, [one], what))
    const refused = await run(sql)
    if (refused === undefined) continue
    const way = notValid(sql)
    if (way === undefined || (await run(way.statement)) !== undefined) throw refused
    tolerance.tell(`FK CONSTRAINT ${way.name}`, way, refused)
  }
}

const NOTHING: Relation = { schema: '', name: '' }

/** `setval` outlives a rollback, unless the sequence was given a new file in the same transaction, as RESTART does. */
function setsBack(
  statement: string,
  { present }: RowTargets,
  { isPart, relations }: Choice,
  { keepsValue, owns }: Theirs,
): readonly string[] {
  const sequence = sequenceIn(statement)
  if (sequence === undefined) return [statement]
  const key = keyOf(sequence)
  if (keepsValue(statement)) return []
  if (owns(sequence)) return [statement]
  if (isPart && !relations.has(key)) return []
  if (relations.has(key) && !present.has(key)) {
    throw new ComebackError(
      'mismatch',
      `The target lacks the sequence ${displayName(sequence)}, whose value would be set.`,
      {
        hint: 'Nothing was changed. Restore its table without --data-only, or leave it out.',
      },
    )
  }
  return [`ALTER SEQUENCE ${qualified(sequence)} RESTART`, statement]
}

/** Also for the plan of a restore, before anything is done. */
export function rowProblems({ crossing, strange }: RowTargets, { plan }: Choice): Problem[] {
  const unread = plan.detail.excludedData.map(displayName)
  const lines = [
    ...(unread.length === 0 ? [] : [`Tables whose rows the backup was made without keep theirs: ${listed(unread)}.`]),
    ...(strange.length === 0 ? [] : [`Partitions that the backup doesn't hold keep their rows: ${listed(strange)}.`]),
    ...(crossing.length === 0
      ? []
      : [
          `Foreign keys to or from tables that were not chosen are checked against the rows there: ${listed(crossing)}.`,
        ]),
  ]
  return lines.map(message => ({ severity: 'warning', message }))
}
