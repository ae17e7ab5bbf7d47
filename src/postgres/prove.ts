/**
 * The database prover: restores a backup into a database of its own on a disposable server, compares it, asks what only a
 * server can say, runs migrations against it if there are any, and drops it again.
 */
import type { ProofContext, ProofResult, Prover, SinkResult, StoredBackup } from '../engine/ports.ts'
import { type LeftDatabase, PROOF_CODES, type ProofCheck, type ProofFinding } from '../engine/proof.ts'
import { asComebackError, hasCode } from '../errors.ts'
import { type Connection, type ConnectOptions, connect } from './connection/connection.ts'
import { makeSettings, WRITING } from './connection/session-settings.ts'
import { type DatabaseDetail, parseDatabaseDetail } from './detail.ts'
import { namesIn } from './names.ts'
import { clearAbandoned, markLeft, markUnderWay } from './proof/abandoned.ts'
import { type Assertion, runAssertions } from './proof/assertions.ts'
import { compareDatabase } from './proof/compare-database.ts'
import {
  type Consent,
  createProofDatabase,
  dropProofDatabase,
  type ProofDatabase,
  refuseFilled,
  refuseUnmarked,
} from './proof/disposable.ts'
import { findUnfit, majorOf, otherSorting, otherVersions } from './proof/fitness.ts'
import { checkHealth } from './proof/health.ts'
import { imageOf } from './proof/images.ts'
import { type LeftOut, leftOut, schemaCheck, unexplained } from './proof/left-out.ts'
import { endOf, type Migrate, migrated } from './proof/migrated.ts'
import { checksWith, noServer, otherFinding, restoreFinding, unproved } from './proof/outcome.ts'
import { shrunk, withBefore } from './proof/row-counts.ts'
import { unvalidated } from './proof/unvalidated.ts'
import { createDatabaseSink } from './restore.ts'
import type { PgDumpRequest } from './schema/client.ts'

export interface DatabaseProverOptions extends Consent {
  /** Of an empty database; undefined where nobody named one. */
  readonly url: string | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
  readonly lanes: number
  readonly assertions: readonly Assertion[]
  readonly pgDump?: PgDumpRequest
  /** Runs against the restored database when it has been compared. */
  readonly migrate?: Migrate
  /** Whether a database that was compared is left standing, for what comes next. */
  readonly leave?: boolean
  /** For tests, which are to see what a broken restore comes to: called between the restore and the comparison. */
  readonly restored?: (url: string) => Promise<void>
}

export function createDatabaseProver(options: DatabaseProverOptions): Prover {
  return {
    component: 'database',
    async prove(backup, context, signal) {
      const detail = parseDatabaseDetail(backup.detail)
      const { url } = options
      if (url === undefined || url === '') {
        return unproved(noServer('No disposable server was named.', startHint(detail)))
      }
      await refuseUnmarked(url, options)
      try {
        return await prove({ backup, detail, options, context, signal }, url)
      } catch (error) {
        if (signal.aborted || hasCode(error, 'usage', 'not-empty')) throw error
        const finding = otherFinding(error)
        return unproved({ ...finding, hint: finding.hint ?? startHint(detail) })
      }
    },
  }
}

interface Request {
  readonly backup: StoredBackup
  readonly detail: DatabaseDetail
  readonly options: DatabaseProverOptions
  readonly context: ProofContext
  readonly signal: AbortSignal
}

async function prove(request: Request, url: string): Promise<ProofResult> {
  const { detail, options, context, signal } = request
  const place = { url, connectTimeout: options.connectTimeout, signal }
  context.progress.phase('Looking at the disposable server')
  context.progress.names?.(namesIn(request.backup))
  await using connection = await connect(place)
  await makeSettings(connection, WRITING)
  await refuseFilled(connection)
  const server = await serverName(connection)
  const unfit = await findUnfit(connection, detail)
  if (unfit.length > 0) return { ...unproved(...unfit), server }
  const strange = await clearAbandoned(connection, text => context.progress.phase(text))
  const database = await createProofDatabase(connection, url, detail)
  const roles: string[] = []
  const outcome = await markUnderWay(connection, database)
    .then(() => proveIn(database, roles, request))
    .catch((error: unknown) => ({ error }))
  if (!('error' in outcome) && outcome.left !== undefined) {
    await markLeft(connection, database)
    return { ...outcome, server, findings: [...outcome.findings, ...strange] }
  }
  const leftovers = [...(await clear(place, database, roles)), ...strange]
  if (!('error' in outcome)) return { ...outcome, server, findings: [...outcome.findings, ...leftovers] }
  if (signal.aborted) throw outcome.error
  return { ...unproved(otherFinding(outcome.error), ...leftovers), server }
}

/** `roles` gets the names of those that the restore made. */
async function proveIn(database: ProofDatabase, roles: string[], request: Request): Promise<ProofResult> {
  const { options, signal } = request
  const started = performance.now()
  const restored = await restoreInto(database, request)
  if ('code' in restored) {
    const result = PROOF_CODES[restored.code] === 'failed' ? 'failed' : 'not-run'
    return {
      ...unproved(restored, ...localeFinding(database)),
      checks: checksWith([{ name: 'restore', result, detail: restored.message }]),
    }
  }
  const restoreTime = performance.now() - started
  request.backup.forget()
  const left = leftOut(restored, request.detail)
  roles.push(...left.roles)
  await options.restored?.(database.url)

  const refused = left.findings.find(({ code }) => code === 'restore-failed')
  const restore: ProofCheck = {
    name: 'restore',
    result: refused === undefined ? 'passed' : 'failed',
    detail: refused?.message ?? restored.summary[0] ?? 'restored',
  }
  const found: Found = {
    restoreTime,
    checks: [restore],
    findings: [...left.findings, ...localeFinding(database)],
    tables: [],
    assertions: [],
  }
  const ended = await lookAt(found, left, database, request).then(
    () => undefined,
    (error: unknown) => endOf(error, signal),
  )
  const findings = [...(ended === undefined ? [] : [ended]), ...found.findings]
  const result = { ...found, findings, checks: checksWith(found.checks, ended?.message) }
  return options.leave === true && ended === undefined
    ? { ...result, left: standing(database, roles, request) }
    : result
}

function standing(
  { name }: ProofDatabase,
  roles: readonly string[],
  { backup, detail, context }: Request,
): LeftDatabase {
  const { schemaOnly } = detail
  return { backup: backup.id, database: name, roles, schemaOnly, assertions: context.before?.assertions ?? [] }
}

/** What is known by now: whatever ends the proof, what it has found stays. */
type Found = { -readonly [Part in keyof ProofResult]: ProofResult[Part] }

async function lookAt(found: Found, left: LeftOut, database: ProofDatabase, request: Request): Promise<void> {
  const { options, context, signal, backup } = request
  const target = { url: database.url, connectTimeout: options.connectTimeout, signal }
  const ask = () => runAssertions(options.assertions, target, context.before?.assertions ?? [])
  const started = performance.now()
  await compare(found, target, left, database.otherLocale === undefined, request)
  const asserted = await ask()
  found.compareTime = performance.now() - started
  found.checks = [...found.checks, asserted.check]
  found.assertions = asserted.outcomes
  found.findings = [...found.findings, ...asserted.findings, ...shrunk(found.tables)]
  const { schemaOnly } = request.detail
  const run = { schemaOnly, url: database.url, backup: backup.id, connect: target, assertions: ask }
  const { findings, migration } = await migrated(run, options.migrate, context.progress, signal)
  found.findings = [...found.findings, ...findings]
  if (migration !== undefined) found.migration = migration
}

async function restoreInto(
  { url, name, otherLocale }: ProofDatabase,
  { backup, detail, options, context, signal }: Request,
): Promise<SinkResult | ProofFinding> {
  const { connectTimeout, lanes } = options
  const restore = { mode: 'parallel', confirm: name, createRoles: true, tolerate: true, ofProof: true } as const
  const sink = createDatabaseSink({ url, connectTimeout, lanes, ...restore })
  // The proof itself says which locale is missing, and what to do about it; its database is nobody's to connect to.
  const { properties: _, ...contents } = detail
  const restored = { ...backup, detail: { ...contents, ...(otherLocale && { collate: '' }) } }
  try {
    return await sink.restore(restored, context.progress, signal)
  } catch (error) {
    if (signal.aborted) throw error
    const finding = restoreFinding(error)
    // Under another locale a row belongs to another partition: that it has none says nothing against the backup.
    if (otherLocale === undefined || finding.code !== 'restore-failed') return finding
    return { ...finding, code: 'check-failed' }
  }
}

/** Adds to what was found as it goes. */
async function compare(
  found: Found,
  target: ConnectOptions,
  left: LeftOut,
  sorted: boolean,
  request: Request,
): Promise<void> {
  const { backup, detail, options, context, signal } = request
  const { progress } = context
  const { lanes, pgDump } = options
  progress.phase('Reading everything back')
  const native = pgDump === undefined ? {} : { pgDump }
  const compared = await compareDatabase({
    backup,
    detail,
    connect: target,
    lanes,
    progress,
    absent: left.absent,
    ...native,
  })
  const { checks, findings } = found
  const judge = (explained: ReadonlySet<string>) => {
    const own = unexplained(compared.findings, explained)
    const judged = compared.checks.map(check =>
      check.name === 'schema' ? schemaCheck(check, [...own, ...left.findings]) : check,
    )
    found.checks = [...checks, ...judged]
    found.findings = [...own, ...findings]
  }
  judge(left.entries)
  found.tables = withBefore(compared.tables, context)
  progress.phase('Checking constraints, indexes and files')
  const health = await checkHealth(target, lanes, await unvalidated(backup, signal), left.entries)
  judge(new Set([...health.explained, ...left.entries]))
  await using connection = await connect(target)
  found.checks = [...found.checks, ...health.checks, extensionCheck(detail, left)]
  found.findings = [...found.findings, ...health.findings, ...(await otherVersions(connection, detail))]
  // A locale that is not there at all has been told already.
  if (sorted) found.findings = [...found.findings, ...(await otherSorting(connection, detail))]
}

function extensionCheck({ extensions }: DatabaseDetail, { entries }: LeftOut): ProofCheck {
  const names = extensions.map(({ name }) => name)
  const lacking = names.filter(name => entries.has(`EXTENSION ${name}`))
  if (lacking.length > 0) return { name: 'extensions', result: 'not-run', detail: `not made: ${lacking.join(', ')}` }
  return { name: 'extensions', result: 'passed', detail: names.join(', ') || 'none' }
}

async function serverName(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ server_version: string }>('SHOW server_version')
  return `PostgreSQL ${row?.server_version.split(' ')[0]}`
}

function localeFinding({ otherLocale }: ProofDatabase): readonly ProofFinding[] {
  if (otherLocale === undefined) return []
  const { missing, instead } = otherLocale
  const message = `The disposable server does not have the locale ${missing}, so ${instead}: whether text comes back in its order, and which partition or index it belongs to, was not seen.`
  const hint = `Use an image that has the locale; in one of Debian: localedef -i de_DE -f UTF-8 de_DE.UTF-8, with the name of yours. One that ICU sorts by takes a server that was built with ICU.`
  return [{ code: 'locale-unavailable', subject: `locale ${missing}`, message, hint }]
}

async function clear(
  target: ConnectOptions,
  database: ProofDatabase,
  roles: readonly string[],
): Promise<readonly ProofFinding[]> {
  try {
    await dropProofDatabase(target, database, roles)
    return []
  } catch (error) {
    const message = `The proof's own database ${database.name} could not be dropped: ${asComebackError(error).message}`
    return [{ code: 'not-cleared', subject: database.name, message }]
  }
}

function startHint({ serverVersion }: DatabaseDetail): string {
  const image = imageOf(majorOf(serverVersion))
  return `Name one with --target-url and --disposable: a service container of ${image} in a workflow, docker run -e POSTGRES_PASSWORD=… -p 5432:5432 ${image} elsewhere.`
}
