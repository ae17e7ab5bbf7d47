/**
 * A PostgreSQL database as a Source: one snapshot of everything that pg_dump carries, as an SQL script in segments.
 *
 *   00-schema          tables, types, functions … (pg_dump's pre-data section)
 *   01-data 02-data …  rows as COPY blocks and large objects as statements, one group a lane; rows of extensions are the first group
 *   98-data            rows of tables that look up others as they take in rows, in pg_dump's order
 *   99-schema          sequence values, then indexes, constraints, triggers … (post-data)
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem, SegmentWriter, Source, SourceResult } from '../engine/ports.ts'
import { asComebackError, hasCode } from '../errors.ts'
import { type Connection, type ConnectOptions, connect } from './connection/connection.ts'
import { identityOf } from './connection/connection-url.ts'
import { type Settings, WRITTEN_UNDER } from './connection/session-settings.ts'
import { unguardedProblems } from './connection/unguarded.ts'
import type { DatabaseDetail, SchemaEntry } from './detail.ts'
import { BadText } from './dump/bad-text.ts'
import { type Exclusion, excludedOids, parseExclusion } from './dump/exclusion.ts'
import { extensionRowProblems } from './dump/extension-rows.ts'
import { foreseenProblems } from './dump/foreseen.ts'
import { type LanesResult, type Reading, readInLanes } from './dump/lanes.ts'
import { type LargeObjects, largeObjectQueries, largeObjectsName } from './dump/large-objects.ts'
import { COPY_END, copyHeader, copyQuery, type Piece, pieceName, planTables, type Table } from './dump/plan.ts'
import { preflight } from './dump/preflight.ts'
import { LinesForPsql } from './dump/psql-lines.ts'
import { type ReadSchema, readSchema } from './dump/read-schema.ts'
import { openSnapshot, type Snapshot } from './dump/snapshot.ts'
import { type Survey, surveyDatabase } from './dump/survey.ts'
import type { LockableTable } from './dump/tables.ts'
import { unloggedProblems } from './dump/unlogged.ts'
import { unseenProblems } from './dump/unseen.ts'
import { namesOn } from './names.ts'
import { type Client, chooseClient, describeClient, type PgDumpRequest } from './schema/client.ts'
import { PREAMBLE } from './schema/entries.ts'
import { qualified } from './sql-text.ts'

/** Milliseconds. A migration is usually done by then, and a backup that waits longer waits for something that hangs. */
const LOCK_TIMEOUT = 60_000

/** Milliseconds that pg_dump waits for a table that the leader has, at first: somebody else wants it, and waits for the leader. */
const FIRST_PATIENCE = 2_000
/** Milliseconds in which those who waited for us get what they want. */
const PAUSE = 1_000

/** Entries that a database without any object of its own may have. */
const BARE_ENTRIES: readonly string[] = [PREAMBLE, 'SCHEMA', 'EXTENSION', 'COMMENT', 'ACL', 'DEFAULT ACL']

export interface DatabaseSourceOptions {
  readonly url: string
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Connections that read rows, beside the leader's and pg_dump's. */
  readonly lanes: number
  /** No rows, no sequence values, no large objects. */
  readonly schemaOnly: boolean
  /** `table`, `schema.table`, with `*` and `?`, folded to lower case unless quoted. */
  readonly excludeTableData: readonly string[]
  /** Which pg_dump; the bundled one if absent. */
  readonly pgDump?: PgDumpRequest
  /** Milliseconds to wait for the tables' locks. */
  readonly lockTimeout?: number
  /** Instead of host, port and database, for a database that moves. */
  readonly identity?: string
  /** Under which the text is to be written: for the proof of a backup that was made under others. */
  readonly written?: Settings
  /** Which pieces the tables are read in, instead of ranges of their pages. */
  readonly cuts?: (leader: Connection, tables: readonly Table[]) => Promise<Piece[][]>
}

/**
 * Throws `usage` for a malformed URL or pattern. Reading throws what `connect` and `preflight` do, `timeout` if a table stays locked,
 * `permission`, and `connection` if the snapshot is lost: then, and only then, reading again may help.
 */
export function createDatabaseSource(options: DatabaseSourceOptions): Source {
  const exclusions = options.excludeTableData.map(parseExclusion)
  return {
    component: 'database',
    identity: options.identity ?? identityOf(options.url),
    async read(out, signal) {
      const { lockTimeout = LOCK_TIMEOUT } = options
      const deadline = Date.now() + lockTimeout
      for (let patience = FIRST_PATIENCE; ; patience *= 2) {
        const attempt = {
          options,
          exclusions,
          out,
          signal,
          patience: Math.min(patience, lockTimeout),
          holdsLocks: false,
        }
        try {
          return await readOnce(attempt)
        } catch (error) {
          signal.throwIfAborted()
          // The leader's own waiting is over; any other wait for a lock is one behind somebody who waits for the leader.
          if (!hasCode(error, 'timeout') || !attempt.holdsLocks || Date.now() + patience >= deadline) throw error
          out.phase('Letting go of all tables, since somebody waits for one of them, and beginning anew')
          out.restart()
          await sleep(PAUSE, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      }
    },
  }
}

interface Attempt {
  readonly options: DatabaseSourceOptions
  readonly exclusions: readonly Exclusion[]
  readonly out: SegmentWriter
  readonly signal: AbortSignal
  /** Milliseconds that pg_dump may wait for what the leader has. */
  readonly patience: number
  /** Set when the leader has all locks. */
  holdsLocks: boolean
}

async function readOnce(attempt: Attempt): Promise<SourceResult> {
  const { options, exclusions, out, signal, patience } = attempt
  // One failure ends every connection, the leader's too.
  const failed = new AbortController()
  const connectOptions = (...signals: readonly AbortSignal[]): ConnectOptions => ({
    url: options.url,
    connectTimeout: options.connectTimeout,
    signal: AbortSignal.any([signal, failed.signal, ...signals]),
  })
  let found: Checked | undefined
  out.phase('Taking a snapshot')
  await using snapshot = await openSnapshot(
    {
      connect: connectOptions(),
      lockTimeout: options.lockTimeout ?? LOCK_TIMEOUT,
      written: options.written ?? WRITTEN_UNDER,
      check: async (connection, tables) => {
        out.names?.(await namesOn(connection))
        const problems = await check(connection, tables, options, exclusions, () => connect(connectOptions()))
        const { signal } = connectOptions()
        found = { problems, client: await chooseClient(options.pgDump, connection, { signal, phase: out.phase }) }
      },
    },
    (connection, lockable) => surveyDatabase(connection, lockable, { schemaOnly: options.schemaOnly, exclusions }),
  )
  attempt.holdsLocks = true
  if (found === undefined) throw new Error('The database was not checked.')
  const { client, problems: seen } = found
  const badText = new BadText(snapshot.survey.database.encoding)
  const fail = (error: unknown) => failed.abort(asComebackError(error))
  const context = { options, out, snapshot, badText, connect: connectOptions(snapshot.lost), fail }
  const rows = readRows(context)
  out.phase(`Reading the schema with ${describeClient(client)}`)
  const { schemaOnly } = options
  const tasks = [readSchema({ ...context, client, schemaOnly, lockTimeout: patience }, rows), rows] as const
  for (const task of tasks) task.catch(fail)
  await Promise.allSettled(tasks)
  signal.throwIfAborted()
  failed.signal.throwIfAborted()
  const { problems, ...result } = conclude(context, await tasks[0], await tasks[1])
  return { ...result, problems: [...seen, ...problems] }
}

interface Checked {
  readonly problems: readonly Problem[]
  readonly client: Client
}

interface Context {
  readonly options: DatabaseSourceOptions
  readonly out: SegmentWriter
  readonly snapshot: Snapshot<Survey>
  readonly badText: BadText
  /** For connections that end when the leader does. */
  readonly connect: ConnectOptions
  /** Ends every connection. */
  readonly fail: (error: unknown) => void
}

async function check(
  connection: Connection,
  tables: readonly LockableTable[],
  options: DatabaseSourceOptions,
  exclusions: readonly Exclusion[],
  open: () => Promise<Connection>,
): Promise<readonly Problem[]> {
  const excluded = excludedOids(tables, exclusions)
  const unread = new Set(tables.filter(table => excluded.has(table.oid)).map(qualified))
  const { problems } = await preflight(connection, {
    url: options.url,
    readsRows: table => !options.schemaOnly && !unread.has(qualified(table)),
    open,
  })
  const unseen = [
    ...unguardedProblems(connection, options.url),
    ...problems,
    ...(await unseenProblems(connection)),
    ...(await foreseenProblems(connection)),
  ]
  return options.schemaOnly ? unseen : [...unseen, ...(await extensionRowProblems(connection))]
}

async function readRows({ options, out, snapshot, badText, connect, fail }: Context): Promise<LanesResult> {
  const { tables, largeObjects } = snapshot.survey
  const { cuts } = options
  const runs =
    cuts === undefined
      ? planTables(tables)
      : (await snapshot.exclusive(leader => cuts(leader, tables))).map(pieces => ({ place: 'any', pieces }) as const)
  const bytes = [...runs.flatMap(({ pieces }) => pieces), ...largeObjects].reduce((sum, part) => sum + part.bytes, 0)
  out.expect(Math.round(bytes))
  out.phase(`Reading ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}`)
  return await readInLanes(
    [
      ...runs.map(({ place, pieces }) => ({ place, readings: pieces.map(piece => rowsReading(piece, badText)) })),
      ...largeObjects.map(batch => ({ place: 'any', readings: [largeObjectsReading(batch)] }) as const),
    ],
    { count: options.lanes, connect, snapshot, out, fail },
  )
}

function rowsReading(piece: Piece, badText: BadText): Reading {
  const { table, into, columns, from, to, rows } = piece
  const before = copyHeader(piece)
  return {
    name: pieceName(piece),
    detail: {
      kind: 'rows',
      table,
      into: { schema: into.schema, name: into.name },
      columns: [...columns],
      head: Buffer.byteLength(before),
      tail: COPY_END.length,
      from,
      to,
      rows,
    },
    before,
    queries: [copyQuery(piece)],
    after: COPY_END,
    watch: badText.watch(piece),
  }
}

function largeObjectsReading(batch: LargeObjects): Reading {
  return {
    name: largeObjectsName(batch),
    detail: { kind: 'script', content: 'large-objects' },
    before: '',
    queries: largeObjectQueries(batch),
    after: '',
    watch: new LinesForPsql(),
  }
}

function conclude({ options, snapshot, badText }: Context, schema: ReadSchema, lanes: LanesResult): SourceResult {
  const { survey } = snapshot
  const detail: DatabaseDetail = {
    kind: 'database',
    serverVersion: snapshot.serverVersion,
    ...survey.database,
    settings: { ...snapshot.written },
    schemaOnly: options.schemaOnly,
    excludedData: [...survey.excluded, ...survey.unlogged.tables],
    rows: { ...lanes.rows },
    pgDump: schema.writer,
  }
  const problems = [...schema.problems, ...problemsOf(survey, schema.entries, lanes), ...badText.problems()]
  const holds = options.schemaOnly ? 'structure' : survey.excluded.length > 0 ? 'some-rows' : undefined
  return { detail, tool: schema.writer, ...(holds === undefined ? {} : { holds }), problems }
}

function problemsOf(survey: Survey, entries: readonly SchemaEntry[], lanes: LanesResult): Problem[] {
  const problems: Problem[] = survey.unmatched.map(pattern => ({
    severity: 'warning',
    message: `No table matches ${pattern}, whose rows were to be left out.`,
    hint: 'A pattern without a schema matches only tables on the search path; capitals need double quotes.',
  }))
  problems.push(...unloggedProblems(survey.unlogged))
  if (survey.largeObjects.length === 0 && entries.every(entry => BARE_ENTRIES.includes(entry.type))) {
    problems.push({
      severity: 'warning',
      message: `The database "${survey.database.database}" is empty: the backup holds no table and no other object.`,
      hint: 'Check that the URL names the right database.',
    })
  }
  if (lanes.missing > 0) {
    problems.push({
      severity: 'warning',
      message: `The server had no connection left for ${lanes.missing} of the lanes; the others read everything.`,
      hint: 'Ask for fewer --lanes, or raise max_connections.',
    })
  }
  return problems
}
