/**
 * The database prover: restores a backup into a database of its own on a disposable server, compares it, asks what only a
 * server can say, runs migrations against it if there are any, and drops it again.
 */
import type { Migration } from '../engine/migration.ts'
import type { ProofContext, ProofResult, Prover, SinkProgress, StoredBackup } from '../engine/ports.ts'
import { CHECKS, type CheckName, type ProofCheck, type ProofFinding } from '../engine/proof.ts'
import { asComebackError, type ComebackError, hasCode } from '../errors.ts'
import { type Connection, type ConnectOptions, connect } from './connection/connection.ts'
import { databaseErrorIn, safeMessage } from './connection/safe-message.ts'
import { type DatabaseDetail, parseDatabaseDetail, parseSegmentDetail } from './detail.ts'
import { type Assertion, type AssertionResults, runAssertions } from './proof/assertions.ts'
import { compareDatabase } from './proof/compare-database.ts'
import {
  type Consent,
  createProofDatabase,
  dropProofDatabase,
  type ProofDatabase,
  refuseFilled,
  refuseUnmarked,
} from './proof/disposable.ts'
import { checkHealth } from './proof/health.ts'
import { imageOf, imageWith } from './proof/images.ts'
import { createDatabaseSink } from './restore.ts'
import { statementsOf } from './schema/entries.ts'

export interface DatabaseProverOptions extends Consent {
  /** Of an empty database; undefined where nobody named one. */
  readonly url: string | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
  readonly lanes: number
  readonly assertions: readonly Assertion[]
  readonly pgDump?: string
  /** Runs against the restored database when it has been compared. */
  readonly migrate?: (target: MigrationTarget, progress: SinkProgress, signal: AbortSignal) => Promise<Migration>
  /** For tests, which are to see what a broken restore comes to: called between the restore and the comparison. */
  readonly restored?: (url: string) => Promise<void>
}

export interface MigrationTarget {
  readonly url: string
  readonly backup: string
  readonly connect: ConnectOptions
  readonly assertions: () => Promise<AssertionResults>
}

const NO_CHECKS: Pick<ProofResult, 'tables' | 'assertions'> = { tables: [], assertions: [] }
/** Those that a database has. */
const OF_DATABASE = CHECKS.filter(name => name !== 'files')
/** Where no restore is to be had, nothing is wrong with the backup. */
const OF_SERVER = ['connection', 'authentication', 'permission', 'timeout', 'server-too-new'] as const

export function createDatabaseProver(options: DatabaseProverOptions): Prover {
  return {
    component: 'database',
    async prove(backup, context, signal) {
      const { url } = options
      if (url === undefined || url === '') return unproved(noServer('No disposable server was named.'))
      refuseUnmarked(url, options)
      try {
        return await prove(backup, { ...options, url }, context, signal)
      } catch (error) {
        if (signal.aborted || hasCode(error, 'usage', 'not-empty')) throw error
        return unproved(findingOf(error))
      }
    },
  }
}

type Named = DatabaseProverOptions & { readonly url: string }

async function prove(
  backup: StoredBackup,
  options: Named,
  context: ProofContext,
  signal: AbortSignal,
): Promise<ProofResult> {
  const { url, connectTimeout, lanes } = options
  const detail = parseDatabaseDetail(backup.detail)
  const connectOptions = { url, connectTimeout, signal }
  context.progress.phase('Looking at the disposable server')
  await using connection = await connect(connectOptions)
  await refuseFilled(connection)
  const unfit = await findUnfit(connection, detail)
  if (unfit.length > 0) return unproved(...unfit)
  const [version] = await connection.query<{ server: string }>('SHOW server_version')
  const server = `PostgreSQL ${String(Object.values(version ?? {})[0]).split(' ')[0]}`
  const database = await createProofDatabase(connection, url, detail)
  const roles: string[] = []
  try {
    const result = await proveIn(database, backup, detail, { ...options, lanes }, context, roles, signal)
    return { ...result, server, findings: [...result.findings, ...(await clear(connectOptions, database, roles))] }
  } catch (error) {
    await clear(connectOptions, database, roles)
    if (signal.aborted) throw error
    return { ...unproved(findingOf(error)), server }
  }
}

async function proveIn(
  database: ProofDatabase,
  backup: StoredBackup,
  detail: DatabaseDetail,
  options: Named,
  context: ProofContext,
  roles: string[],
  signal: AbortSignal,
): Promise<ProofResult> {
  const { lanes, connectTimeout, pgDump, assertions } = options
  const target = { url: database.url, connectTimeout, signal }
  const started = performance.now()
  const sink = createDatabaseSink({ ...target, lanes, mode: 'parallel', confirm: database.name, createRoles: true })
  const restored = await sink.restore(backup, context.progress, signal).catch(error => {
    if (signal.aborted) throw error
    return asComebackError(error)
  })
  if (restored instanceof Error) {
    const finding = findingOf(restored)
    return {
      ...unproved(finding),
      checks: checksWith([{ name: 'restore', result: 'failed', detail: finding.message }]),
    }
  }
  const restoreTime = performance.now() - started
  const entries = restored.problems.flatMap(({ entries = [] }) => entries)
  roles.push(...entries.filter(entry => entry.startsWith('ROLE ')).map(entry => entry.slice('ROLE '.length)))
  await options.restored?.(database.url)

  context.progress.phase('Reading everything back')
  const compared = await compareDatabase({
    backup,
    detail,
    connect: target,
    lanes,
    progress: context.progress,
    ...(pgDump === undefined ? {} : { pgDump }),
  })
  context.progress.phase('Checking constraints, indexes and files')
  const health = await checkHealth(target, lanes, await notValid(backup, signal))
  const ask = () => runAssertions(assertions, target, context.before?.assertions ?? [])
  const asserted = await ask()
  const compareTime = performance.now() - started - restoreTime
  const findings = [
    ...compared.findings.map(finding => skippedOr(finding, entries)),
    ...health.findings,
    ...asserted.findings,
    ...(await notes(database, detail, target)),
    ...shrunk(compared.tables, context),
  ]
  const place = { url: database.url, backup: backup.id, connect: target, assertions: ask }
  const migration = await options.migrate?.(place, context.progress, signal)
  return {
    restoreTime,
    compareTime,
    checks: checksWith([
      { name: 'restore', result: 'passed', detail: `${restored.summary[0] ?? 'restored'}` },
      ...compared.checks,
      ...health.checks,
      extensionsCheck(detail),
      asserted.check,
    ]),
    findings,
    tables: withBefore(compared.tables, context),
    assertions: asserted.outcomes,
    ...(migration === undefined ? {} : { migration }),
  }
}

/** What makes a proof on this server worth nothing. */
async function findUnfit(connection: Connection, detail: DatabaseDetail): Promise<readonly ProofFinding[]> {
  const major = Math.floor(detail.serverVersion / 10_000)
  const other = Math.floor(connection.serverVersion / 10_000)
  if (major !== other) {
    return [
      {
        code: 'wrong-major',
        subject: `PostgreSQL ${other}`,
        message: `The backup is of PostgreSQL ${major}, the disposable server is PostgreSQL ${other}: a proof there would say little.`,
        hint: `Use the image ${imageOf(major)}.`,
      },
    ]
  }
  const available = await connection.query<{ name: string }>(
    'SELECT name::text AS name FROM pg_catalog.pg_available_extensions',
  )
  const names = new Set(available.map(({ name }) => name))
  return detail.extensions
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({
      code: 'extension-unavailable',
      subject: `extension ${name}`,
      message: `The disposable server does not have the extension ${name}, which the backup needs.`,
      hint: imageWith(name, major),
    }))
}

async function notes(
  { missingLocale }: ProofDatabase,
  detail: DatabaseDetail,
  target: ConnectOptions,
): Promise<readonly ProofFinding[]> {
  await using connection = await connect(target)
  const installed = await connection.query<{ name: string; version: string }>(
    'SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension',
  )
  const versions = new Map(installed.map(({ name, version }) => [name, version]))
  const found: ProofFinding[] = detail.extensions.flatMap(({ name, version }) => {
    const here = versions.get(name)
    if (here === undefined || here === version) return []
    const message = `The extension ${name} is ${version} in the backup's database, and ${here} here.`
    return [{ code: 'extension-version', subject: `extension ${name}`, message }]
  })
  if (missingLocale === undefined) return found
  const message = `The disposable server does not have the locale ${missingLocale}, so text was sorted by the locale C.`
  return [...found, { code: 'target-differs', subject: 'locale', message }]
}

function extensionsCheck({ extensions }: DatabaseDetail): ProofCheck {
  const named = extensions.map(({ name }) => name)
  return { name: 'extensions', result: 'passed', detail: named.length === 0 ? 'none' : named.join(', ') }
}

/** What the restore could not bring along says nothing against the backup, and nothing for it. */
function skippedOr(finding: ProofFinding, skipped: readonly string[]): ProofFinding {
  const { subject, code, message } = finding
  if (code !== 'schema-missing' && code !== 'schema-differs') return finding
  if (!skipped.some(entry => entry === subject || entry.endsWith(`: ${subject}`))) return finding
  return { code: 'entry-skipped', subject, message: `${message} The disposable server did not let it be made.` }
}

function withBefore(tables: ProofResult['tables'], { before }: ProofContext): ProofResult['tables'] {
  const last = new Map(before?.tables.map(({ name, rows }) => [name, rows]))
  return tables.map(table => {
    const rows = last.get(table.name)
    return rows === undefined ? table : { ...table, before: rows }
  })
}

/** A table that lost half of its rows is worth a look, even if every one that was backed up came back. */
function shrunk(tables: ProofResult['tables'], context: ProofContext): readonly ProofFinding[] {
  return withBefore(tables, context).flatMap(({ name, rows, before = 0 }) => {
    if (rows * 2 > before) return []
    const percent = Math.round(((before - rows) / Math.max(before, 1)) * 100)
    if (before === 0) return []
    const message = `${name} has ${percent} % fewer rows than at the last proof.`
    return [
      { code: 'table-shrank', subject: name, message, hint: 'If nobody removed them on purpose, look for the day.' },
    ]
  })
}

/** Names of constraints that were not validated when they were backed up. */
async function notValid(backup: StoredBackup, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const segment of backup.segments) {
    const detail = parseSegmentDetail(segment.detail)
    if (detail.kind !== 'schema') continue
    const parts: Buffer[] = []
    for await (const part of backup.read(segment, signal)) parts.push(Buffer.from(part))
    const text = Buffer.concat(parts)
    if (!text.includes('NOT VALID')) continue
    for (const entry of detail.entries.filter(({ type }) => type.endsWith('CONSTRAINT'))) {
      // `tablename constraintname` is how pg_dump calls it.
      if (statementsOf(text, entry).some(sql => sql.endsWith('NOT VALID')))
        names.add(entry.name.split(' ').at(-1) ?? '')
    }
  }
  return names
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

function unproved(...findings: readonly ProofFinding[]): ProofResult {
  return { ...NO_CHECKS, checks: checksWith([], findings[0]?.message), findings }
}

/** All of them, in their order: what did not run says so. */
function checksWith(run: readonly ProofCheck[], why = 'the restore did not get so far'): readonly ProofCheck[] {
  const byName = new Map<CheckName, ProofCheck>(run.map(check => [check.name, check]))
  return OF_DATABASE.map(name => byName.get(name) ?? { name, result: 'not-run', detail: why })
}

function noServer(message: string, hint?: string): ProofFinding {
  return {
    code: 'no-server',
    subject: 'server',
    message,
    hint:
      hint ??
      'Name one with --target-url and --disposable: a service container in a workflow, docker run -e POSTGRES_PASSWORD=… -p 5432:5432 postgres:18 elsewhere.',
  }
}

function findingOf(error: unknown): ProofFinding {
  const known = asComebackError(error)
  const { message, hint } = known
  if (hasCode(known, ...OF_SERVER)) return noServer(message, hint)
  if (hasCode(known, 'damaged', 'wrong-key', 'not-found'))
    return { code: 'backup-damaged', subject: 'backup', message, hint }
  if (hasCode(known, 'store-unavailable')) return { code: 'store-unavailable', subject: 'store', message, hint }
  if (hasCode(known, 'server-error', 'mismatch', 'unsupported')) {
    return { code: 'restore-failed', subject: 'restore', message: withoutData(known), hint }
  }
  return { code: 'check-failed', subject: 'proof', message, hint }
}

/** What was attempted, as the message begins, and of what the server said as much as may be told. */
function withoutData(error: ComebackError): string {
  const said = databaseErrorIn(error)
  if (said === undefined) return error.message
  const attempted = /^(.*?) failed: /s.exec(error.message)?.[1] ?? 'The restore'
  return `${attempted} failed: ${safeMessage(said)} [${said.code ?? ''}]`
}
