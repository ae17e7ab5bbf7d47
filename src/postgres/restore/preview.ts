/**
 * What a restore would meet and do, asked for in a read-only transaction: the server itself sees to it that looking changes
 * nothing.
 */
import type { DatabaseTarget, Problem, RestorePreview, SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { asComebackError, hasCode } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { unguardedProblems } from '../connection/unguarded.ts'
import { tellNames } from '../names.ts'
import { isPart, modeFor, planChosen } from './chosen-plan.ts'
import { checkCompatibility } from './compatibility.ts'
import { type Consent, needsConfirmation, refuseOtherName } from './consent.ts'
import { missingRoles, refuseRoles, roleProblems, withRoles } from './create-roles.ts'
import { missingProperties, propertyProblems } from './database-settings.ts'
import { createEntryFilter } from './entry-filter.ts'
import { textEncoding } from './load.ts'
import { lockNeeds, lockProblems } from './lock-table.ts'
import { LostOwners } from './lost-owners.ts'
import { type ChoicePreview, previewChoice } from './preview-choice.ts'
import type { RestoreMode } from './restore-mode.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { RestoreSessions, TargetOptions } from './restore-sessions.ts'
import { type Choice, type Selection, selectionText } from './selection.ts'
import { skippedProblems } from './skipped.ts'
import { freshFacts, previewSwap } from './swap/preview-swap.ts'
import { databaseName, inspectTarget, type TargetContents } from './target.ts'
import { type TargetFacts, targetFacts } from './target-facts.ts'
import { DEPENDENTS_OUTSIDE } from './target-queries.ts'
import { doomedExtensions, resetProblems } from './target-reset.ts'
import { findTheirs, type Theirs } from './theirs.ts'
import { tolerates } from './tolerance.ts'
import { foreseeTornOff } from './torn-off.ts'

/** Names that a loss is told with. */
const EXAMPLES = 5

/** Throws what keeps it from looking: the connection, a damaged backup. */
export async function previewRestore(
  sessions: RestoreSessions,
  options: Consent &
    TargetOptions & {
      readonly endSessions?: boolean
      readonly createRoles?: boolean
      readonly databaseSettings?: boolean
      readonly tolerate?: boolean
    },
  selection: Selection,
  backup: StoredBackup,
  progress: SinkProgress,
): Promise<DatabaseTarget> {
  progress.phase('Looking at the target')
  const connection = await sessions.open()
  await tellNames(connection, backup, progress)
  await connection.query('BEGIN TRANSACTION READ ONLY')
  const { description } = connection
  const contents = await inspectTarget(connection)
  const target = { description, contents, database: await databaseName(connection) }
  const facts = await targetFacts(connection)
  const chosen = await planChosen(connection, facts, selection, backup, progress, sessions.signal)
  const { choice, skipped } = chosen
  progress.names?.(missingRoles(choice.plan, facts))

  const refusals: unknown[] = []
  const attempt = async <T>(step: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (error) {
      if (!hasCode(error, 'usage', 'not-empty', 'unsupported', 'mismatch', 'permission')) throw error
      refusals.push(error)
      return undefined
    }
  }
  await attempt(() => refuseOtherName(options, target))
  const mode = await attempt(() => modeFor(selection, options, target))
  const isTolerant = mode !== undefined && options.tolerate === true
  const compatibility = (await attempt(() => checkCompatibility(choice, facts, mode ?? 'atomic', isTolerant))) ?? []
  const swap = mode === 'swap' ? previewSwap(connection, options, backup, options.endSessions ?? false) : undefined
  const swapped = swap && (await attempt(() => swap))
  const isInPlace = mode !== undefined && mode !== 'swap'
  const load = { backup, progress, signal: sessions.signal, encoding: textEncoding(choice.plan.detail) }
  const theirs = mode === 'swap' ? undefined : await findTheirs(connection, choice.plan, facts, load)
  const found =
    isInPlace && theirs ? await attempt(() => lookAhead(connection, choice, facts, contents, theirs)) : undefined
  const isEmptied = mode === 'atomic' && !choice.isPart && choice.what !== 'data'
  const torn = isEmptied
    ? await attempt(() =>
        foreseeTornOff(connection, { facts, plan: choice.plan, tolerates: tolerates(mode, choice, options) }),
      )
    : undefined
  const roles = options.createRoles ? missingRoles(choice.plan, facts) : []
  await attempt(() => refuseRoles(roles, facts))
  const missing = options.databaseSettings ? [] : await missingProperties(connection, choice)
  const [refusal] = refusals
  return {
    kind: 'database',
    place: description,
    database: target.database,
    user: facts.currentUser,
    server: await serverText(connection),
    ...madeFrom(choice.plan.detail),
    ...(isPart(selection) || selection.what !== 'all' ? { chosen: selectionText(selection) } : {}),
    ...(contents === undefined ? {} : { holds: await holdings(connection, contents) }),
    ...(mode === undefined ? {} : { mode, tolerates: tolerates(mode, choice, options) }),
    ...(swapped === undefined ? {} : { kept: swapped.kept }),
    needsConfirmation: needsConfirmation(target),
    losses: found?.losses ?? [],
    problems: [
      ...unguardedProblems(connection, options.url),
      ...compatibility,
      ...chosen.problems,
      ...skippedProblems(skipped),
      ...(found?.problems ?? []),
      ...(swapped?.problems ?? []),
      ...(torn ?? []),
      ...roleProblems(roles),
      ...propertyProblems(missing),
      ...(mode === undefined
        ? []
        : leftOut(choice, withRoles(mode === 'swap' ? freshFacts(facts) : facts, roles), mode, theirs)),
    ],
    ...(refusal === undefined ? {} : { refusal: refusalOf(refusal) }),
  }
}

async function serverText(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ version: string }>(
    "SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) AS version",
  )
  return `PostgreSQL ${row?.version}`
}

function madeFrom({ database, serverVersion }: RestorePlan['detail']): Pick<DatabaseTarget, 'madeFrom'> {
  if (database === '') return {}
  const [major, minor] = [Math.floor(serverVersion / 10_000), serverVersion % 10_000]
  return { madeFrom: { database, server: `PostgreSQL ${major}.${minor}` } }
}

async function holdings(connection: Connection, { counts, examples }: TargetContents) {
  const [row] = await connection.query<{ bytes: string }>(
    'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes',
  )
  return { counts, examples, bytes: Number(row?.bytes ?? 0) }
}

async function lookAhead(
  connection: Connection,
  choice: Choice,
  facts: TargetFacts,
  contents: TargetContents | undefined,
  theirs: Theirs,
): Promise<ChoicePreview> {
  if (choice.isPart || choice.what === 'data') return await previewChoice(connection, choice, theirs)
  if (contents === undefined) return { losses: [], problems: [] }
  return {
    losses: await losses(connection, choice.plan, facts),
    problems: lockProblems(await lockNeeds(connection, choice.plan)),
  }
}

/** What `resetTarget` would drop. */
async function losses(
  connection: Connection,
  { detail }: RestorePlan,
  facts: TargetFacts,
): Promise<RestorePreview['losses']> {
  const schemas = detail.schemas.filter(schema => facts.schemas.has(schema))
  const inside = await inspectTarget(connection, schemas)
  const outside = await connection.query<{ name: string }>(DEPENDENTS_OUTSIDE, [schemas])
  const extensions = doomedExtensions(detail, facts)
  return [
    ...Object.entries(inside?.counts ?? {})
      .filter(([kind]) => kind !== 'large object' || !detail.schemaOnly)
      .map(([kind, number]) => ({ what: counted(number, kind), names: inside?.namesOf[kind] ?? [] })),
    ...group(
      outside.map(({ name }) => name),
      'object that depends on them',
      'objects that depend on them',
    ),
    ...group(extensions, 'extension', 'extensions'),
  ]
}

function group(names: readonly string[], one: string, many: string): RestorePreview['losses'] {
  if (names.length === 0) return []
  return [{ what: `${names.length} ${names.length === 1 ? one : many}`, names: names.slice(0, EXAMPLES) }]
}

/** Every statement goes through the filter that the restore itself would use. */
function leftOut(
  { plan: whole, isPart }: Choice,
  facts: TargetFacts,
  mode: RestoreMode,
  theirs: Theirs | undefined,
): readonly Problem[] {
  const plan = theirs?.plan ?? whole
  const lost = new LostOwners(plan.detail)
  const filter = createEntryFilter(facts, lost)
  for (const planned of [...plan.preData, ...plan.postData, ...plan.permissions, ...plan.last]) {
    if (filter.adapt(planned).length > 0) filter.adaptTablespace(planned.entry.settings.default_tablespace ?? '')
  }
  return [
    ...(mode === 'atomic' && !isPart ? resetProblems(plan.detail, facts, []) : []),
    ...(theirs?.problems ?? []),
    ...filter.problems(),
    ...lost.problems(facts.currentUser),
  ]
}

function refusalOf(error: unknown): NonNullable<DatabaseTarget['refusal']> {
  const { code, message, hint } = asComebackError(error)
  return { code, message, hint }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
