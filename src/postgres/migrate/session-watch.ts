/**
 * Follows one connection's two streams of messages and tells which statement took how long and which one failed. It keeps of
 * messages only what it needs, and of those under way only as much as fits.
 *
 * The server answers in order, so what is under way is a queue: each answer ends a step at its head. It takes a step up when it
 * has arrived and the one before is done; from then on its time counts. A statement's time is that of its parsing, planning
 * and executing, and of the commit that follows by itself.
 */
import { ERROR_RESPONSE, MessageScanner, parseErrorResponse, QUERY, SYNC } from '../schema/wire.ts'
import type { StatementLog } from './statement-log.ts'
import { refusedStatement, statementsOf } from './statement-text.ts'

/** Bytes kept of one text, and of all texts of a connection that are under way or prepared. */
const QUERY_LIMIT = 256 * 1024
const TEXTS_LIMIT = 1024 * 1024
const PREPARED_LIMIT = 4 * 1024
/** Bytes: the names of a statement and a portal. */
const NAMES_LIMIT = 512
const ERROR_LIMIT = 64 * 1024
/** Prepared statements, and portals, that are remembered. */
const NAMED_LIMIT = 1_000

const PARSE = 0x50 // P
const BIND = 0x42 // B
const DESCRIBE = 0x44 // D
const EXECUTE = 0x45 // E
const CLOSE = 0x43 // C
const COPY_DONE = 0x63 // c
const COPY_FAIL = 0x66 // f
const FUNCTION_CALL = 0x46 // F
const BACKEND_KEY_DATA = 0x4b // K
const COPY_IN = 0x47 // G
const NO_TEXT = Buffer.alloc(0)
const FLUSH = Buffer.from([0x48, 0, 0, 0, 4])

const KEPT_OF_CLIENT: ReadonlyMap<number, number> = new Map([
  [QUERY, QUERY_LIMIT],
  [PARSE, PREPARED_LIMIT],
  [BIND, NAMES_LIMIT],
  [EXECUTE, NAMES_LIMIT],
])
const KEPT_OF_SERVER: ReadonlyMap<number, number> = new Map([
  [ERROR_RESPONSE, ERROR_LIMIT],
  [BACKEND_KEY_DATA, 4],
])

/** Which steps an answer may end. */
const ENDS: ReadonlyMap<string, readonly Step['kind'][]> = new Map([
  ['1', ['parse']],
  ['2', ['bind']],
  ['3', ['close']],
  ['T', ['describe']],
  ['n', ['describe']],
  ['C', ['execute']],
  ['I', ['execute']],
  ['s', ['execute']],
  ['Z', ['query', 'call', 'sync']],
])

interface Prepared {
  readonly sql: Buffer
  /** Milliseconds that it has taken so far and that no execution was charged with yet. */
  spent: number
}

interface Step {
  readonly kind: 'query' | 'call' | 'parse' | 'bind' | 'describe' | 'execute' | 'close' | 'sync'
  readonly arrived: number
  readonly of: Prepared
  /** Of a query: statements that are done, by the moment at which the server told. */
  readonly done: number[]
  failed?: boolean
}

export class SessionWatch {
  /** The server's process, as soon as it has told. */
  pid: number | undefined
  readonly #log: StatementLog
  readonly #now: () => number
  readonly #fromClient = new MessageScanner(type => KEPT_OF_CLIENT.get(type) ?? 0)
  readonly #fromServer = new MessageScanner(type => KEPT_OF_SERVER.get(type) ?? 0)
  readonly #prepared = new Map<string, Prepared>()
  readonly #portals = new Map<string, Prepared>()
  #steps: Step[] = []
  #queued = 0
  #free = 0
  #copiesIn = false
  #endedWithExecute = false
  /** Executed, but not committed yet. */
  #last: Prepared | undefined

  constructor(log: StatementLog, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** What the server is at, and for how many milliseconds; nothing where it waits for the client. */
  running(): { readonly sql: Buffer; readonly milliseconds: number } | undefined {
    const [head] = this.#steps
    if (head === undefined || head.of.sql.length === 0) return undefined
    const sql = head.kind === 'query' ? refusedStatement(head.of.sql, head.done.length, { message: '' }) : head.of.sql
    const since = head.done.at(-1) ?? Math.max(head.arrived, this.#free)
    return { sql, milliseconds: this.#now() - since }
  }

  /**
   * What is to be sent to the server: the same bytes, and a Flush behind each Execute that others follow. It asks the server for
   * nothing but to send at once what it has to say; otherwise it would tell of all of a pipeline's statements when the last is done.
   */
  client(bytes: Buffer): readonly Buffer[] {
    const parts: Buffer[] = []
    let sent = 0
    const flushAt = (end: number) => {
      if (bytes[end] === SYNC) return
      parts.push(bytes.subarray(sent, end), FLUSH)
      sent = end
    }
    if (this.#endedWithExecute) flushAt(0)
    this.#endedWithExecute = false
    this.#fromClient.scan(bytes, (type, payload, end) => {
      if (type === EXECUTE && end === bytes.length) this.#endedWithExecute = true
      else if (type === EXECUTE) flushAt(end)
      this.#take(type, payload)
    })
    parts.push(bytes.subarray(sent))
    return parts
  }

  server(bytes: Buffer): void {
    const now = this.#now()
    this.#fromServer.scan(bytes, (type, payload) => this.#answer(type, payload, now))
  }

  #take(type: number, payload: Buffer): void {
    switch (type) {
      case QUERY:
        this.#push('query', { sql: this.#afford(textAt(payload, 0)), spent: 0 })
        return
      case PARSE: {
        const name = textAt(payload, 0)
        const prepared = { sql: this.#afford(textAt(payload, name.length + 1)), spent: 0 }
        remember(this.#prepared, name.toString('latin1'), prepared)
        this.#push('parse', prepared)
        return
      }
      case BIND: {
        const portal = textAt(payload, 0)
        const statement = textAt(payload, portal.length + 1).toString('latin1')
        const prepared = this.#prepared.get(statement) ?? { sql: NO_TEXT, spent: 0 }
        remember(this.#portals, portal.toString('latin1'), prepared)
        this.#push('bind', prepared)
        return
      }
      case EXECUTE: {
        const portal = textAt(payload, 0).toString('latin1')
        this.#push('execute', this.#portals.get(portal) ?? { sql: NO_TEXT, spent: 0 })
        return
      }
      case DESCRIBE:
        this.#push('describe')
        return
      case CLOSE:
        this.#push('close')
        return
      case FUNCTION_CALL:
        this.#push('call')
        return
      case SYNC:
        // While rows come in, the server passes over it, and the client sends another one behind them.
        if (!this.#copiesIn) this.#push('sync')
        return
      case COPY_DONE:
      case COPY_FAIL:
        this.#copiesIn = false
    }
  }

  #push(kind: Step['kind'], of: Prepared = { sql: NO_TEXT, spent: 0 }): void {
    this.#steps.push({ kind, of, arrived: this.#now(), done: [] })
  }

  /** A copy of the text, as far as there is room for one: what it was cut out of is not held. */
  #afford(text: Buffer): Buffer {
    if (this.#steps.length === 0) this.#queued = 0
    const copy = Buffer.from(text.subarray(0, Math.max(0, TEXTS_LIMIT - this.#queued)))
    this.#queued += copy.length
    return copy
  }

  #answer(type: number, payload: Buffer, now: number): void {
    if (type === BACKEND_KEY_DATA) this.pid = payload.readUInt32BE(0)
    else if (type === ERROR_RESPONSE) this.#fail(payload, now)
    else if (type === COPY_IN) {
      this.#copiesIn = true
      // A client that sends Sync before it knows that rows are wanted.
      this.#steps = this.#steps.filter(({ kind }) => kind !== 'sync')
    } else this.#end(String.fromCharCode(type), now)
  }

  #end(type: string, now: number): void {
    const [head] = this.#steps
    if (head?.kind === 'query' && type === 'C') {
      head.done.push(now)
      this.#copiesIn = false
      return
    }
    const kinds = ENDS.get(type)
    // Rows of a query are described, too, and nothing of it is to be ended by that.
    if (kinds === undefined || (head?.kind === 'query' && type !== 'Z')) return
    const place = this.#steps.findIndex(({ kind }) => kinds.includes(kind))
    const step = this.#steps[place]
    if (step === undefined) return
    this.#steps.splice(0, place + 1)
    if (step.kind === 'query') this.#endQuery(step, now)
    else this.#endStep(step, type, now)
    this.#free = now
  }

  #endStep(step: Step, type: string, now: number): void {
    const spent = now - Math.max(step.arrived, this.#free)
    if (step.kind === 'sync') {
      if (this.#last !== undefined) this.#last.spent += spent
      this.#record()
      return
    }
    step.of.spent += spent
    if (step.kind !== 'execute' || type === 's') return
    this.#copiesIn = false
    this.#record()
    if (type === 'C') this.#last = { ...step.of }
    step.of.spent = 0
  }

  #record(): void {
    const last = this.#last
    if (last !== undefined) this.#log.done(() => last.sql, last.spent, 1, last.sql)
    this.#last = undefined
  }

  /**
   * Of statements that are sent as one text, the server mostly tells when all are done. Those of which it told at the same
   * moment are taken for one.
   */
  #endQuery({ of: { sql }, arrived, done, failed }: Step, now: number): void {
    let from = Math.max(arrived, this.#free)
    let first = 0
    for (let place = 0; place < done.length; place++) {
      const at = done[place] ?? now
      const isLast = place === done.length - 1
      if (!isLast && done[place + 1] === at) continue
      const to = isLast && failed !== true ? now : at
      const group = { first, last: place }
      this.#log.done(() => statementsOf(sql, group), to - from, place + 1 - first, sql)
      from = to
      first = place + 1
    }
  }

  #fail(payload: Buffer, now: number): void {
    const fields = parseErrorResponse(payload)
    const head = this.#steps[0]
    this.#copiesIn = false
    if (head?.kind === 'query') {
      head.failed = true
      this.#log.refused({ fields, sql: refusedStatement(head.of.sql, head.done.length, fields) })
      return
    }
    // At a Sync, what has been executed is committed: constraints that were deferred are checked there.
    const culprit = head?.kind === 'sync' ? this.#last : head?.of
    this.#record()
    this.#log.refused({ fields, ...(culprit === undefined ? {} : { sql: refusedStatement(culprit.sql, 0, fields) }) })
    if (head !== undefined) head.of.spent = 0
    // The server passes over all that follows up to the next Sync.
    const sync = this.#steps.findIndex(({ kind }) => kind === 'sync')
    this.#steps.splice(0, sync < 0 ? this.#steps.length : sync)
    this.#free = now
  }
}

/** A zero-terminated text, or as much of it as was kept. */
function textAt(payload: Buffer, start: number): Buffer {
  const end = payload.indexOf(0, start)
  return payload.subarray(start, end < 0 ? payload.length : end)
}

/** Forgets the oldest: a client that never closes what it has prepared must not fill the memory. */
function remember(named: Map<string, Prepared>, name: string, prepared: Prepared): void {
  named.delete(name)
  named.set(name, prepared)
  if (named.size <= NAMED_LIMIT) return
  const [oldest] = named.keys()
  if (oldest !== undefined) named.delete(oldest)
}
