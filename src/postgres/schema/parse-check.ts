/**
 * Whether the server from which a schema came understands the text that was made of it. Each statement is given to it in a Parse
 * message alone, which makes it read the statement and do nothing: utility statements and bodies of functions included, as any
 * role, on a standby too. A SELECT or a materialized view is also looked through for names; what is wrong with those is no
 * matter of understanding, since a table may have been dropped since.
 */
import { once } from 'node:events'
import { ComebackError } from '../../errors.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { internals } from '../connection/pg-internals.ts'
import type { SaidFields } from '../connection/said-fields.ts'
import { serverError } from '../connection/server-error.ts'
import { prepareSession } from '../connection/session.ts'
import type { SchemaEntry } from '../detail.ts'
import { cutEntries, PREAMBLE, statementPlaces } from './entries.ts'
import { ERROR_RESPONSE, MessageScanner, parseErrorResponse, parseMessage, READY_FOR_QUERY } from './wire.ts'

/** Milliseconds that a look through names may wait for a table that somebody alters. */
const LOCK_TIMEOUT = 500
const SYNTAX_ERROR = '42601'
const NOT_SUPPORTED = '0A000'
/** The server's source files that read a statement's words, whatever code they report. */
const READS_WORDS = /^(?:gram|scan|parser)\.[cyl]$/
const SETS = /^SET ([a-z_]+) = /

export interface ParseCheckOptions {
  readonly connect: ConnectOptions
  /** UTF8 or SQL_ASCII, as the texts were dumped. */
  readonly encoding: string
  readonly texts: readonly Buffer[]
  /** What wrote them: `pg_dump 18.3 (bundled)`. */
  readonly writer: string
}

interface Statement {
  readonly entry: SchemaEntry
  readonly sql: Buffer
}

/** Opens a connection of its own. Throws `unsupported` for what the server does not understand, and what `connect` throws. */
export async function checkParses({ connect: options, encoding, texts, writer }: ParseCheckOptions): Promise<void> {
  const statements = texts.flatMap(text =>
    cutEntries(text).flatMap(entry =>
      statementPlaces(text, entry).map(({ start, end }) => ({ entry, sql: text.subarray(start, end) })),
    ),
  )
  await using connection = await connect(options)
  await prepareSession(connection, encoding, LOCK_TIMEOUT)
  const what = `Having the schema of ${connection.description} read by its own server`
  const unknown = await unknownSetting(connection, statements).catch(error => {
    throw serverError(error, what)
  })
  if (unknown !== undefined) throw notUnderstood(connection, writer, 'settings', `it has no setting ${unknown}`)
  const refused = await firstRefused(connection, statements, options.signal)
  if (refused === undefined) return
  const { entry, fields } = refused
  const name =
    entry.type === PREAMBLE
      ? 'settings'
      : `${entry.type} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.name}`
  throw notUnderstood(connection, writer, name, `${fields.message} [${fields.code}]`)
}

async function unknownSetting(connection: Connection, statements: readonly Statement[]): Promise<string | undefined> {
  const names = statements
    .filter(({ entry }) => entry.type === PREAMBLE)
    .flatMap(({ sql }) => SETS.exec(sql.toString('latin1'))?.[1] ?? [])
  const [unknown] = await connection.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS s(name) WHERE pg_catalog.current_setting(name, true) IS NULL',
    [names],
  )
  return unknown?.name
}

/** Sends all at once: every statement has a transaction of its own, so one that is refused is no matter to the others. */
async function firstRefused(
  connection: Connection,
  statements: readonly Statement[],
  signal: AbortSignal,
): Promise<{ readonly entry: SchemaEntry; readonly fields: SaidFields } | undefined> {
  const { stream } = internals(connection.client).connection
  const scanner = new MessageScanner()
  const done = Promise.withResolvers<void>()
  const refused: { entry: SchemaEntry; fields: SaidFields }[] = []
  let answered = 0
  const onData = (bytes: Buffer) =>
    scanner.scan(bytes, (type, payload) => {
      const entry = statements[answered]?.entry
      if (type === ERROR_RESPONSE && entry !== undefined) {
        const fields = parseErrorResponse(payload)
        if (isMisunderstood(fields)) refused.push({ entry, fields })
      }
      if (type === READY_FOR_QUERY && ++answered === statements.length) done.resolve()
    })
  const onClose = () => {
    const lost = new ComebackError('connection', `The connection to ${connection.description} was lost.`)
    done.reject(signal.aborted ? signal.reason : lost)
  }
  // pg knows nothing of what is said from here on, so the connection can only be hung up.
  stream.removeAllListeners('data')
  stream.on('data', onData).on('close', onClose)
  done.promise.catch(() => {})
  try {
    for (const { sql } of statements) {
      if (stream.write(parseMessage(sql)) || stream.destroyed) continue
      await Promise.race([once(stream, 'drain'), done.promise])
    }
    if (statements.length > 0) await done.promise
    return refused[0]
  } finally {
    stream.destroy()
  }
}

function isMisunderstood({ code, file }: SaidFields): boolean {
  return code === SYNTAX_ERROR || code === NOT_SUPPORTED || (file !== undefined && READS_WORDS.test(file))
}

function notUnderstood(
  { description, serverVersion }: Connection,
  writer: string,
  entry: string,
  said: string,
): ComebackError {
  const major = Math.floor(serverVersion / 10_000)
  return new ComebackError(
    'unsupported',
    `${description}, PostgreSQL ${major}, does not understand what ${writer} wrote of its own schema (${entry}): ${said}. A backup of it could not be restored there.`,
    { hint: `Give the pg_dump of PostgreSQL ${major} as --pg-dump PATH.` },
  )
}
