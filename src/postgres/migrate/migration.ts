/**
 * The migration gate: runs somebody's migrations against a restored backup and tells what they did to it. Statements are seen
 * on the wire, locks from outside; schema, rows and sizes are compared. Nothing of the data goes into the report.
 */
import { createTwoFilesPatch } from 'diff'
import type { MigratedTable, Migration, MigrationError, SlowStatement } from '../../engine/migration.ts'
import type { SinkProgress } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import { parseDatabaseUrl } from '../connection/connection-url.ts'
import { safeMessage } from '../connection/safe-message.ts'
import type { MigrationTarget } from '../prove.ts'
import type { NamedErrorFields } from '../schema/wire.ts'
import { type CommandResult, runCommand } from './command.ts'
import { type Inventory, takeInventory } from './inventory.ts'
import { INTERVAL, sampleLocks } from './lock-sampler.ts'
import { openProxy } from './proxy.ts'
import { namesIn, withoutLiterals } from './statement-text.ts'
import { type Watched, watch } from './watcher.ts'

/** Seconds from which a statement is worth a line, and how many lines there are at most. */
const SLOW = 1
const MOST_SLOW = 30
/** Lines of the diff, and tables, that a report holds. */
const DIFF_LINES = 400
const MOST_TABLES = 100
const IN_FAILED_TRANSACTION = '25P02'
/** What the shell answers where it cannot run a command. */
const NOT_FOUND: readonly (number | null)[] = [126, 127]

export interface MigrationOptions {
  readonly command: string
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly lanes: number
  readonly pgDump?: string
  readonly progress: SinkProgress
}

export async function runMigration(
  { url, backup, connect, assertions }: MigrationTarget,
  { command, cwd, environment, lanes, pgDump, progress }: MigrationOptions,
  signal: AbortSignal,
): Promise<Migration> {
  progress.phase('Looking at the schema before the migration')
  const before = await takeInventory(connect, lanes, pgDump)
  const seen = new Observer()
  const sampler = await sampleLocks(connect, seen.pids)
  const started = performance.now()
  let locks: Migration['locks'] = []
  let result: CommandResult
  try {
    await using proxy = await openProxy(url, () => watch(seen, () => performance.now()))
    progress.phase('Running the migration')
    const variables = { ...environment, ...variablesOf(proxy.url) }
    const output = (line: string) => progress.phase(`migration: ${line}`)
    result = await runCommand(command, { cwd, environment: variables, output }, signal)
  } finally {
    locks = await sampler.stop()
  }
  const seconds = (performance.now() - started) / 1000
  progress.phase('Looking at the schema after the migration')
  const after = await takeInventory(connect, lanes, pgDump)
  const asked = await assertions()
  const outcome = outcomeOf(result)
  const error = outcome === 'failed' ? seen.lastError : undefined
  const { diff, cut } = schemaDiff(before, after)
  return {
    command,
    backup,
    result: outcome,
    exitCode: result.exitCode,
    seconds,
    statements: seen.statements,
    slow: seen.slow,
    ...(error === undefined ? {} : { error }),
    locks,
    interval: INTERVAL / 1000,
    schemaDiff: diff,
    diffCut: cut,
    tables: changedTables(before, after),
    assertions: asked.outcomes,
    findings: [...findingsOf(outcome, result, error), ...asked.findings],
  }
}

/** All sessions of the migration together. */
class Observer implements Watched {
  readonly pids = new Set<number>()
  statements = 0
  #slow: SlowStatement[] = []
  #last: { readonly fields: NamedErrorFields; readonly sql: string | undefined } | undefined

  statement(sql: string, seconds: number): void {
    this.statements++
    if (seconds < SLOW) return
    this.#slow.push({ statement: withoutLiterals(sql), seconds })
    this.#slow = this.#slow.sort((a, b) => b.seconds - a.seconds).slice(0, MOST_SLOW)
  }

  error(fields: NamedErrorFields, sql: string | undefined): void {
    // What follows from an earlier error says less than that one.
    if (fields.code !== IN_FAILED_TRANSACTION) this.#last = { fields, sql }
  }

  backend(pid: number): void {
    this.pids.add(pid)
  }

  get slow(): readonly SlowStatement[] {
    return this.#slow
  }

  /** The last that the server refused. */
  get lastError(): MigrationError | undefined {
    if (this.#last === undefined) return undefined
    const { fields, sql } = this.#last
    return {
      code: fields.code ?? '',
      message: safeMessage(fields, sql === undefined ? new Set() : namesIn(sql)),
      ...(sql === undefined || sql === '' ? {} : { statement: withoutLiterals(sql) }),
    }
  }
}

function variablesOf(url: string): Record<string, string> {
  const { host, port, user, password, database } = parseDatabaseUrl(url)
  return {
    DATABASE_URL: url,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password ?? '',
    PGDATABASE: database,
    PGSSLMODE: 'disable',
  }
}

function outcomeOf({ exitCode }: CommandResult): Migration['result'] {
  if (exitCode === 0) return 'succeeded'
  return exitCode === null || NOT_FOUND.includes(exitCode) ? 'could-not-run' : 'failed'
}

function findingsOf(
  outcome: Migration['result'],
  { exitCode, signal }: CommandResult,
  error: MigrationError | undefined,
): readonly ProofFinding[] {
  const subject = 'migration'
  if (outcome === 'succeeded') return []
  if (outcome === 'could-not-run') {
    const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `could not be run (exit code ${exitCode})`
    const message = `The command of the migration ${how}.`
    return [
      { code: 'migration-not-run', subject, message, hint: 'Are its tools installed in this job, and the path right?' },
    ]
  }
  const why =
    error === undefined
      ? '; the database refused nothing, so the log of the run tells why'
      : `: ${error.message} [${error.code}]`
  return [{ code: 'migration-failed', subject, message: `The migration failed with exit code ${exitCode}${why}.` }]
}

function schemaDiff(before: Inventory, after: Inventory): { readonly diff: string; readonly cut: number } {
  if (before.schema === after.schema) return { diff: '', cut: 0 }
  const patch = createTwoFilesPatch('before', 'after', before.schema, after.schema, '', '', { context: 3 })
  // Without the names of files that there are not.
  const lines = patch
    .split('\n')
    .slice(4)
    .filter(line => !line.startsWith('\\ No newline'))
  while (lines.at(-1) === '') lines.pop()
  return { diff: lines.slice(0, DIFF_LINES).join('\n'), cut: Math.max(0, lines.length - DIFF_LINES) }
}

function changedTables(before: Inventory, after: Inventory): readonly MigratedTable[] {
  return [...new Set([...before.tables.keys(), ...after.tables.keys()])]
    .flatMap(name => {
      const [old, now] = [before.tables.get(name), after.tables.get(name)]
      if (old?.rows === now?.rows && old?.bytes === now?.bytes) return []
      return [{ name, rows: change(old?.rows, now?.rows), bytes: change(old?.bytes, now?.bytes) }]
    })
    .sort((a, b) => moved(b) - moved(a))
    .slice(0, MOST_TABLES)
}

function change(before: number | undefined, after: number | undefined) {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

function moved({ rows, bytes }: MigratedTable): number {
  const by = ({ before = 0, after = 0 }: MigratedTable['rows']) => Math.abs(after - before)
  return by(rows) * 1_000 + by(bytes)
}
