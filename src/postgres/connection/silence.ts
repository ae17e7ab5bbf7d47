/**
 * A connection that is alive for TCP and says nothing: a proxy, a NAT or a load balancer has forgotten it, or lost one direction.
 * Nothing on our own side tells that from a server that builds an index, waits for a lock or sends over a slow line. The server
 * can: asked over another connection what its end of this one waits for, it says `ClientRead` where it wants to hear from us,
 * and `ClientWrite` where it cannot get rid of what it has to say. If at the same time we wait for its answer, and no byte has
 * gone either way for a while, both wait for each other, for good.
 *
 * Any other answer, or none that can be had of that very server, is no proof: work goes on however long it takes. Only a server
 * that cannot be reached at all any more is believed to be gone.
 */
import type { Duplex } from 'node:stream'
import { ComebackError, hasCode } from '../../errors.ts'
import { sqlStateOf } from './sql-state.ts'

/** Milliseconds between two looks at our own end. */
const TICK = 5_000
/** Looks without a byte either way before the server is asked; then again at each further one. */
const SILENT_TICKS = 4
/** The same while something is being sent that shows no progress before all of it is gone, as over TLS: the line may be slow. */
const SENDING_TICKS = 24
/** Answers in a row that must agree. */
const AGREEING = 2
/** Milliseconds in which the server could not be reached by another connection either. */
const UNREACHABLE = 40_000
/** Milliseconds that asking may take. */
export const ASKING_LIMIT = 15_000

/** One backend of one server: process ids come round again, and an address may lead to several servers. */
export interface Backend {
  readonly pid: number
  /** When the backend began, and when its server did: microseconds since the epoch, which no setting of a session alters. */
  readonly started: string
  readonly server: string
}

const microseconds = (time: string) => `(extract(epoch FROM ${time}) * 1000000)::bigint::text`
/** Of `a`, a row of `pg_stat_activity`. */
export const STARTED = microseconds('a.backend_start')
const SERVER = microseconds('pg_catalog.pg_postmaster_start_time()')

export const BACKEND = `
  SELECT a.pid, ${STARTED} AS started, ${SERVER} AS server
    FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = pg_catalog.pg_backend_pid()`

export interface Silence {
  /** Replaces pg's own word on whether an answer is awaited, for those who speak past it. */
  awaits(answer: () => boolean): void
  /** While this lasts, the server waits for us and not we for it. */
  ours<T>(work: () => Promise<T>): Promise<T>
}

export interface SilenceOptions {
  readonly description: string
  readonly stream: Duplex
  readonly backend: Backend
  readonly awaitsAnswer: () => boolean
  /** Another connection to the same address, without a watch. Rejects with what keeps it from being opened. */
  readonly ask: <T>(work: (query: Query) => Promise<T>) => Promise<T>
  readonly tick?: number
}

export type Query = <T>(sql: string, values: readonly unknown[]) => Promise<T[]>

/** Destroys the stream with a `connection` error, and ends the server's end of it, once both only wait for each other. */
export function watchSilence({ description, stream, backend, ask, ...options }: SilenceOptions): Silence {
  const { tick = TICK } = options
  let { awaitsAnswer } = options
  let ourTurn = 0
  let silent = 0
  let agreeing = 0
  let unreachableSince: number | undefined
  let last = progressOf(stream)
  let asking = false

  const begin = () => {
    silent = 0
    agreeing = 0
    unreachableSince = undefined
  }
  const look = async (): Promise<void> => {
    const now = progressOf(stream)
    const isQuiet = now === last && awaitsAnswer() && ourTurn === 0 && !stream.isPaused()
    last = now
    if (!isQuiet) return begin()
    // Counted, not measured: while this thread was busy, bytes may have come that were not read yet.
    if (++silent < (isSendingUnseen(stream) ? SENDING_TICKS : SILENT_TICKS) || asking) return
    asking = true
    const seconds = Math.round((silent * tick) / 1000)
    try {
      const verdict = await judge()
      if (progressOf(stream) !== last) return begin()
      if (verdict !== undefined) {
        stream.destroy(
          new ComebackError('connection', `The connection to ${description} was silent for ${seconds} s: ${verdict}.`, {
            hint: 'A proxy, a firewall or a load balancer between here and the server has lost it.',
          }),
        )
      }
    } finally {
      asking = false
    }
  }
  const judge = async (): Promise<string | undefined> => {
    const begun = Date.now()
    try {
      const waits = await ask(query => waitOf(query, backend))
      unreachableSince = undefined
      agreeing = waits === 'ours' ? 0 : agreeing + 1
      if (agreeing < AGREEING) return undefined
      // What it holds must not be held for as long as the operating system believes in the connection.
      await ask(query => terminate(query, backend)).catch(() => undefined)
      return 'both ends waited for the other one'
    } catch (error) {
      if (!isUnreachable(error)) return undefined
      unreachableSince ??= begun
      return Date.now() - unreachableSince < UNREACHABLE * (tick / TICK)
        ? undefined
        : 'its server cannot be reached any more'
    }
  }

  const timer = setInterval(() => void look(), tick)
  timer.unref()
  stream.once('close', () => clearInterval(timer))
  return {
    awaits(answer) {
      awaitsAnswer = answer
    },
    async ours(work) {
      ourTurn++
      try {
        return await work()
      } finally {
        ourTurn--
        begin()
      }
    },
  }
}

/** Changes whenever bytes went either way. */
function progressOf(stream: Duplex): string {
  // A long write is one to the stream; its handle knows how much of it is gone.
  const { bytesRead, bytesWritten, _handle: handle } = stream as Duplex & Counted
  return [bytesRead, bytesWritten, stream.writableLength, handle?.writeQueueSize].join(' ')
}

function isSendingUnseen(stream: Duplex): boolean {
  const { _handle: handle } = stream as Duplex & Counted
  return stream.writableLength > 0 && !handle?.writeQueueSize
}

interface Counted {
  readonly bytesRead?: number
  readonly bytesWritten?: number
  readonly _handle?: { readonly writeQueueSize?: number } | null
}

/** `ours`: it does something, or waits for something that is not us, or nobody can tell. */
async function waitOf(query: Query, { pid, started, server }: Backend): Promise<'ours' | 'theirs'> {
  const [row] = await query<{ same: boolean; there: boolean; wait: string | null }>(
    `SELECT ${SERVER} = $3 AS same, a.pid IS NOT NULL AS there, a.wait_event AS wait
       FROM (VALUES (1)) AS one
       LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = $1 AND ${STARTED} = $2`,
    [pid, started, server],
  )
  if (row === undefined || !row.same) return 'ours'
  return !row.there || row.wait === 'ClientRead' || row.wait === 'ClientWrite' ? 'theirs' : 'ours'
}

async function terminate(query: Query, { pid, started }: Backend): Promise<void> {
  await query(
    `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a
      WHERE a.pid = $1 AND ${STARTED} = $2`,
    [pid, started],
  )
}

/** A server that refuses is there. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'TimeoutError'
  return hasCode(error, 'connection', 'timeout') && !/^(?=.*\d)[0-9A-Z]{5}$/.test(sqlStateOf(error))
}
