/**
 * The migration gate: runs somebody's migrations against a restored backup and tells what they did to it, by what passes through a
 * proxy, by samples of the locks, and by a look at the database before and after.
 */
import type { Migration, MigrationError } from '../../engine/migration.ts'
import type { SinkProgress } from '../../engine/ports.ts'
import type { AssertionOutcome, ProofFinding } from '../../engine/proof.ts'
import { asComebackError } from '../../errors.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import type { PgDumpRequest, ReadServer } from '../schema/client.ts'
import { type CommandEnd, environmentFor, runCommand } from './command.ts'
import { changedTables, type Inventory, takeInventory } from './inventory.ts'
import { type LockSampler, startSampling } from './lock-sampler.ts'
import { migrationError } from './migration-error.ts'
import { lockedTables } from './needed-locks.ts'
import { type MigrationProxy, startProxy } from './proxy.ts'
import { diffSchemas, readSchemaText, type SchemaText } from './schema-diff.ts'
import { standstill } from './standstill.ts'
import { createStatementLog, type StatementLog } from './statement-log.ts'
import { upstreamOf } from './upstream.ts'

/** Milliseconds that connections may take to end when the command has. */
const PATIENCE = 5_000
/** Milliseconds between two looks for processes of the server that are to end, and looks at all. */
const PAUSE = 20
const LOOKS = 500
const ON_ERROR_STOP =
  'A tool may ask so what is there. psql, though, goes on after errors unless it gets -v ON_ERROR_STOP=1.'
const DISTRUST =
  'it hung up on the certificate of the proxy that DATABASE_URL names, which is made for the run and cannot be verified: there, sslmode=disable will do, as the URL says, or sslmode=require without a root certificate (in Node: ssl: { rejectUnauthorized: false })'
const NOT_ASKED: Awaited<ReturnType<MigrationRequest['assertions']>> = { outcomes: [], findings: [] }

export interface MigrationRequest {
  readonly command: string
  readonly cwd: string
  /** What the command sees, besides `DATABASE_URL` and libpq's own variables. Whoever calls decides which secrets stay out of it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Of the restored database. */
  readonly url: string
  /** The backup's id. */
  readonly backup: string
  /** For the gate's own connections to it. */
  readonly connect: ConnectOptions
  readonly pgDump?: PgDumpRequest
  /** The backup holds no rows. */
  readonly schemaOnly?: boolean
  readonly assertions: () => Promise<{
    readonly outcomes: readonly AssertionOutcome[]
    readonly findings: readonly ProofFinding[]
  }>
  /** Line by line, what the command writes. It may quote the data, so it belongs into a log and into no report. */
  readonly output: (line: string) => void
  /** Milliseconds. */
  readonly timeout?: number
  readonly progress: Pick<SinkProgress, 'phase'>
  readonly signal: AbortSignal
}

/**
 * Whatever the command does is a result and no exception, and so is that the time is up while it runs. Throws the signal's reason
 * otherwise, and what keeps the gate itself from looking at the database beforehand.
 */
export async function runMigration(request: MigrationRequest): Promise<Migration> {
  const { signal, progress } = request
  const target = { ...request.connect, url: request.url, signal }
  await using connection = await connect({ ...target, settings: { statement_timeout: '0' } })
  progress.phase('Looking at the database before the migration')
  const before = await look(request, target, connection)
  progress.phase('Running the migration')
  const run = await runWatched(request, target, connection, before.inventory)
  if (signal.aborted) return { ...told(request, run), findings: findingsOf(run, undefined) }
  progress.phase('Looking at what the migration changed')
  const error = run.result === 'failed' ? await migrationError(run.log.lastError, connection) : undefined
  const [compared, problem] = await attempt(signal, 'What the migration changed', async () => {
    const after = await look(request, target, connection)
    return {
      diff: diffSchemas(before.schema, after.schema),
      tables: changedTables(before.inventory, after.inventory, !request.schemaOnly),
    }
  })
  // Of a database that a migration has left half-way, nobody asks whether they hold.
  const [asked = NOT_ASKED, unasked] =
    run.result === 'succeeded'
      ? await attempt(signal, 'Whether the assertions hold after the migration', request.assertions)
      : [NOT_ASKED, []]
  return {
    ...told(request, run),
    ...(error === undefined ? {} : { error }),
    changesSeen: compared !== undefined,
    schemaDiff: compared?.diff.text ?? '',
    diffCut: compared?.diff.cut ?? 0,
    tables: compared?.tables ?? [],
    assertions: asked.outcomes,
    findings: [
      ...findingsOf(run, error),
      ...run.problems,
      ...problem,
      ...unasked,
      ...asked.findings.map(finding => ({ ...finding, message: `After the migration: ${finding.message}` })),
    ],
  }
}

/** What is known without another look at the database. */
function told({ command, backup, schemaOnly = false }: MigrationRequest, run: Run): Migration {
  const { result, end, seconds, log, sampled, unseen } = run
  return {
    command,
    backup,
    result,
    exitCode: end.exitCode,
    seconds,
    statements: log.count,
    slow: log.slow(),
    locks: sampled?.locks ?? [],
    needed: unseen,
    interval: sampled?.interval ?? 0,
    schemaOnly,
    changesSeen: false,
    schemaDiff: '',
    diffCut: 0,
    tables: [],
    assertions: [],
    findings: [],
  }
}

interface Look {
  readonly schema: SchemaText
  readonly inventory: Inventory
}

async function look({ pgDump }: MigrationRequest, target: ConnectOptions, server: ReadServer): Promise<Look> {
  const [inventory, schema] = await Promise.all([takeInventory(target), readSchemaText(target, pgDump, server)])
  return { inventory, schema }
}

interface Run {
  readonly end: CommandEnd
  readonly result: Migration['result']
  /** Why it could not run. */
  readonly reason: string | undefined
  /** Where it stood when it was ended. */
  readonly stood: string | undefined
  readonly seconds: number
  readonly log: StatementLog
  readonly sampled: Awaited<ReturnType<LockSampler['stop']>> | undefined
  readonly unseen: Migration['needed']
  readonly problems: readonly ProofFinding[]
}

async function runWatched(
  request: MigrationRequest,
  target: ConnectOptions,
  connection: Connection,
  { relations }: Inventory,
): Promise<Run> {
  const { command, cwd, output, timeout, signal } = request
  const log = createStatementLog()
  const upstream = await upstreamOf(request.url, connection)
  const proxy = await startProxy(upstream, log)
  const sampler = startSampling(target, () => proxy.pids(), relations)
  const started = performance.now()
  let patience = 0
  try {
    const environment = environmentFor(request.environment, request.url, upstream.target, proxy.port)
    let stood: string | undefined
    const ending = () => {
      stood = standstill(proxy.running(), sampler.waits(), { own: proxy.pids(), tables: relations })
    }
    const end = await runCommand({ command, cwd, environment, output, timeout, signal, ending })
    const seconds = Math.round(performance.now() - started) / 1000
    if (end.notRun === undefined) patience = PATIENCE
    await proxy.close(patience)
    const [sampled, problems] = await attempt(signal, 'The locks of the migration', () => sampler.stop())
    if (!signal.aborted) await endSessions(connection, proxy)
    const reason = end.notRun ?? (end.exitCode === 0 && log.count === 0 ? silence(proxy) : undefined)
    const result = reason !== undefined ? 'could-not-run' : end.exitCode === 0 ? 'succeeded' : 'failed'
    const seen = new Set(sampled?.locks.map(({ mode, table }) => `${mode} ${table}`))
    const unseen = lockedTables(log.needed(), relations.values()).filter(
      ({ mode, table }) => !seen.has(`${mode} ${table}`),
    )
    return { end, result, reason, stood, seconds, log, sampled, unseen, problems }
  } finally {
    await proxy.close(0)
    await sampler.stop().catch(() => undefined)
  }
}

function silence({ sessions, distrusted }: MigrationProxy): string {
  if (sessions === 0 && distrusted) return DISTRUST
  return sessions === 0
    ? 'it did not connect to the database that DATABASE_URL names'
    : 'it sent no statement to the database that DATABASE_URL names'
}

/** A server works on what a client has sent even when the client is gone. */
async function endSessions(connection: Connection, proxy: MigrationProxy): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const left = await connection.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE pid = ANY ($1::int[]) AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()`,
      [[...proxy.allPids()]],
    )
    if (left.length === 0) return
    await new Promise(resolve => setTimeout(resolve, PAUSE))
  }
}

/** What the gate could not see must not look as if there was nothing. */
async function attempt<T>(
  signal: AbortSignal,
  what: string,
  see: () => Promise<T>,
): Promise<readonly [T | undefined, readonly ProofFinding[]]> {
  try {
    return [await see(), []]
  } catch (error) {
    signal.throwIfAborted()
    const { code } = asComebackError(error)
    return [
      undefined,
      [{ code: 'check-failed', subject: 'migration', message: `${what} could not be read (${code}).` }],
    ]
  }
}

function findingsOf(
  { result, reason, stood, end, log }: Run,
  error: MigrationError | undefined,
): readonly ProofFinding[] {
  const hint = 'The log of the run has what the command wrote.'
  if (result === 'could-not-run') {
    const message =
      stood === undefined
        ? `The migration could not be tried: ${reason ?? 'nobody knows why'}.`
        : `The migration was ended before its end: ${reason ?? 'nobody knows why'}. ${stood}`
    return [{ code: 'migration-not-run', subject: 'migration', message, hint }]
  }
  if (result === 'succeeded') {
    if (log.errors === 0) return []
    const message = `The server refused ${log.errors === 1 ? 'a statement' : `${log.errors} statements`}, and the command ended well all the same.`
    return [{ code: 'migration-errors', subject: 'migration', message, hint: ON_ERROR_STOP }]
  }
  const why = error === undefined ? 'the server refused nothing' : `${error.message} (SQLSTATE ${error.code})`
  const message = `The migration failed with exit code ${end.exitCode}: ${why}.`
  return [{ code: 'migration-failed', subject: 'migration', message, hint }]
}
