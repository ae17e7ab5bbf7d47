/**
 * Lanes: connections that share the leader's snapshot and take the next thing to read from one queue.
 *
 * A lane that loses its connection gets another one and reads again what it was at. A lane that finds a table's lock wanted by
 * somebody else (a migration that waits for our own leader would make it wait forever) leaves the table to the leader, who
 * has the lock.
 */
import type { SegmentGroup, SegmentWriter } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { isConnectionLoss, serverError } from '../connection/server-error.ts'
import { BEGIN_READING, prepareSession } from '../connection/session.ts'
import { isFull, isLockTimeout, sqlStateOf } from '../connection/sql-state.ts'
import type { SegmentDetail } from '../detail.ts'
import { asPsqlReads } from '../schema/psql-text.ts'
import { copyOut } from './copy-out.ts'
import type { Run } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

/** How often one reading is begun before its losses of connection are believed. */
const ATTEMPTS = 5
/** Milliseconds that a lane waits for a lock that the leader has already. */
const LOCK_TIMEOUT = 2_000
/** More would not sort before `LAST`, and no server wants them. */
const MOST_LANES = 32

/** Groups of rows that have a place of their own in the script. */
const FIRST: SegmentGroup = '01-data'
const LAST: SegmentGroup = '98-data'

/** What the server says to the identifier of a snapshot whose owner has left. */
const SNAPSHOT_GONE: readonly string[] = ['22023', '42704', '55000']

/** One segment: text, what COPY commands say, text. */
export interface Reading {
  readonly name: string
  readonly detail: SegmentDetail
  readonly before: string
  readonly queries: readonly string[]
  readonly after: string
  /** Looks at what passes by, from the beginning of each attempt. */
  readonly watch?: Watch | undefined
}

/** Throws in `push` what ends the reading. */
export interface Watch {
  begin(): void
  push(bytes: Uint8Array): void
}

/** Read one after the other by one lane. */
export interface ReadingRun {
  readonly place: Run['place']
  readonly readings: readonly Reading[]
}

export interface LanesOptions {
  readonly count: number
  readonly connect: ConnectOptions
  readonly snapshot: Snapshot<unknown>
  readonly out: SegmentWriter
  /** Told of the first failure at once, to end the connections of the other lanes, the leader's too. */
  readonly fail: (error: unknown) => void
}

export interface LanesResult {
  /** Rows by segment name. */
  readonly rows: Readonly<Record<string, number>>
  /** Lanes that the server had no connection for. */
  readonly missing: number
}

/**
 * Reads all runs, of which there is at most one with the place `first` and one with `last`. If there is room for no lane, the leader
 * reads. Nothing is at work any more when this returns or throws: whoever begins again has the groups of the backup to himself.
 */
export async function readInLanes(runs: readonly ReadingRun[], options: LanesOptions): Promise<LanesResult> {
  const queue = [...runs]
  const rows: Record<string, number> = {}
  let refused = 0
  const lane = async (number: number) => {
    await using session = new LaneSession(options)
    try {
      await session.connection()
    } catch (error) {
      if (!isFull(error)) throw error
      refused++
      return
    }
    const groups = { first: FIRST, any: groupOf(number), last: LAST }
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      for (const reading of run.readings)
        rows[reading.name] = await readOne(reading, groups[run.place], session, options)
    }
  }
  const count = Math.min(options.count, runs.length, MOST_LANES)
  const lowest = runs.some(({ place }) => place === 'first') ? 2 : 1
  const lanes = Array.from({ length: count }, (_, index) => lane(lowest + index))
  for (const one of lanes) one.catch(options.fail)
  const ended = await Promise.allSettled(lanes)
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  // Where none was let in, perhaps for pg_dump's session, there is still the one that holds the snapshot.
  const groups = { first: FIRST, any: groupOf(lowest), last: LAST }
  for (const { readings, place } of queue)
    for (const reading of readings)
      rows[reading.name] = await readByLeader(reading, groups[place], options.snapshot, options.out)
  return { rows, missing: refused }
}

function groupOf(lane: number): SegmentGroup {
  return `${String(lane).padStart(2, '0') as `${number}`}-data`
}

async function readOne(
  reading: Reading,
  group: SegmentGroup,
  session: LaneSession,
  { snapshot, out }: LanesOptions,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const failure: Failure = { error: undefined }
    try {
      const connection = await session.connection()
      return await transfer(reading, group, connection, out, failure)
    } catch (error) {
      // What the writer throws is none of ours, and reading again would not help.
      if (failure.error === undefined) throw error
      if (isLockTimeout(failure.error)) {
        await session.close()
        return await readByLeader(reading, group, snapshot, out)
      }
      if (attempt === ATTEMPTS || !isConnectionLoss(failure.error)) {
        throw serverError(failure.error, `Reading ${reading.name}`)
      }
      await session.close()
    }
  }
}

async function readByLeader(
  reading: Reading,
  group: SegmentGroup,
  snapshot: Snapshot<unknown>,
  out: SegmentWriter,
): Promise<number> {
  const failure: Failure = { error: undefined }
  try {
    return await snapshot.exclusive(leader => transfer(reading, group, leader, out, failure))
  } catch (error) {
    throw failure.error === undefined ? error : serverError(failure.error, `Reading ${reading.name}`)
  }
}

/** What the server or the network said, kept apart from what the writer throws. */
interface Failure {
  error: unknown
}

/** Begins the segment only when the server has begun to answer: refusals leave no trace in the backup. */
async function transfer(
  { name, detail, before, queries, after, watch }: Reading,
  group: SegmentGroup,
  connection: Connection,
  out: SegmentWriter,
  failure: Failure,
): Promise<number> {
  const noting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      failure.error = error
      throw error
    }
  }
  const [firstQuery, ...others] = queries
  if (firstQuery === undefined) return 0
  const first = await noting(() => copyOut(connection.client, firstQuery))
  let rows = 0
  watch?.begin()
  async function* bytes(): AsyncGenerator<Uint8Array> {
    if (before !== '') yield asPsqlReads(Buffer.from(before))
    let copy = first
    for (const query of [undefined, ...others]) {
      if (query !== undefined) copy = await noting(() => copyOut(connection.client, query))
      try {
        for (;;) {
          const next = await noting(() => copy.bytes.next())
          if (next.done === true) break
          watch?.push(next.value)
          yield next.value
        }
      } finally {
        await copy.bytes.return()
      }
      rows += copy.rows()
    }
    if (after !== '') yield Buffer.from(after)
  }
  await out.segment({ name, group, detail }, bytes())
  return rows
}

/** A connection in a transaction on the snapshot, opened when it is needed. */
class LaneSession implements AsyncDisposable {
  readonly #options: LanesOptions
  #connection: Connection | undefined

  constructor(options: LanesOptions) {
    this.#options = options
  }

  async connection(): Promise<Connection> {
    this.#connection ??= await openLane(this.#options)
    return this.#connection
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function openLane({ connect: options, snapshot }: LanesOptions): Promise<Connection> {
  const connection = await connect(options)
  try {
    await prepareSession(connection, snapshot.encoding, LOCK_TIMEOUT, snapshot.written)
    await connection.query(BEGIN_READING)
    await connection.query(`SET TRANSACTION SNAPSHOT '${snapshot.id}'`)
    return connection
  } catch (error) {
    await connection.close()
    const what = `Joining the snapshot of ${connection.description}`
    if (!SNAPSHOT_GONE.includes(sqlStateOf(error))) throw serverError(error, what)
    // The leader is gone, even if we have not heard of it yet.
    throw new ComebackError('connection', `${what} failed: it is not there any more.`, { cause: error })
  }
}
