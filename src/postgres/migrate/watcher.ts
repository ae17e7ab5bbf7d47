/**
 * What a session does, read off the wire as it passes: which statements, how long each took, and what the server refused. One
 * watcher a connection; both directions come in pieces of any size, and nothing is held but the beginnings of statements.
 */
import { splitStatements } from '../schema/sql-lexer.ts'
import { MessageScanner, type NamedErrorFields, parseErrorResponse } from '../schema/wire.ts'

const code = (letter: string) => letter.charCodeAt(0)
const [QUERY, PARSE, BIND, EXECUTE, SYNC] = ['Q', 'P', 'B', 'E', 'S'].map(code)
const [ERROR, KEY_DATA, READY, COMPLETE, EMPTY, SUSPENDED, PARSED] = ['E', 'K', 'Z', 'C', 'I', 's', '1'].map(code)
/** Prepared statements and portals that are remembered by name. */
const MOST_NAMES = 5_000
/** Bytes of a message that are kept, and characters of a statement. */
const BYTES_KEPT = 64 * 1024
const KEPT = 8_000

export interface Watched {
  /** Of each statement that ended well or badly. Seconds by the monotonic clock given. */
  statement(sql: string, seconds: number): void
  error(fields: NamedErrorFields, sql: string | undefined): void
  /** The backend that serves the session. */
  backend(pid: number): void
}

export interface Watcher {
  toServer(bytes: Uint8Array): void
  toClient(bytes: Uint8Array): void
}

type Pending =
  | { readonly kind: 'simple'; readonly statements: readonly string[]; done: number; since: number }
  | { readonly kind: 'execute' | 'parse'; readonly sql: string; since: number }
  | { readonly kind: 'sync' }

/** `now` in milliseconds. The startup packet has passed already. */
export function watch(watched: Watched, now: () => number): Watcher {
  const client = new MessageScanner(type => ([QUERY, PARSE, BIND, EXECUTE].includes(type) ? BYTES_KEPT : 0))
  const server = new MessageScanner(type => ([ERROR, KEY_DATA].includes(type) ? BYTES_KEPT : 0))
  const prepared = new Map<string, string>()
  const portals = new Map<string, string>()
  const pending: Pending[] = []
  let last = 0

  function ended(sql: string, since: number): void {
    const time = now()
    watched.statement(sql, (time - Math.max(since, last)) / 1000)
    last = time
  }

  /** The statement at work is over. */
  function complete(): string | undefined {
    const [current] = pending
    if (current === undefined || current.kind === 'sync') return undefined
    if (current.kind === 'simple') {
      const sql = current.statements[current.done++]
      if (sql !== undefined) ended(sql, current.since)
      return sql ?? current.statements.at(-1)
    }
    pending.shift()
    if (current.kind === 'execute') ended(current.sql, current.since)
    return current.sql
  }

  return {
    toServer: bytes =>
      client.scan(bytes, (type, payload) => {
        if (type === QUERY) {
          pending.push({ kind: 'simple', statements: statementsIn(textAt(payload, 0).text), done: 0, since: now() })
        } else if (type === PARSE) {
          const { text: name, next } = textAt(payload, 0)
          const sql = textAt(payload, next).text
          remember(prepared, name, sql)
          pending.push({ kind: 'parse', sql, since: now() })
        } else if (type === BIND) {
          const { text: portal, next } = textAt(payload, 0)
          remember(portals, portal, prepared.get(textAt(payload, next).text) ?? '')
        } else if (type === EXECUTE) {
          pending.push({ kind: 'execute', sql: portals.get(textAt(payload, 0).text) ?? '', since: now() })
        } else if (type === SYNC) pending.push({ kind: 'sync' })
      }),
    toClient: bytes =>
      server.scan(bytes, (type, payload) => {
        if (type === KEY_DATA && payload.length >= 4) watched.backend(payload.readInt32BE(0))
        else if (type === PARSED && pending[0]?.kind === 'parse') pending.shift()
        else if (type === COMPLETE || type === EMPTY || type === SUSPENDED) complete()
        else if (type === ERROR) {
          watched.error(parseErrorResponse(payload), complete())
          // All the rest up to the next Sync is passed over by the server, too.
          while (pending[0]?.kind === 'execute' || pending[0]?.kind === 'parse') pending.shift()
        } else if (type === READY) {
          const first = pending.findIndex(({ kind }) => kind === 'simple' || kind === 'sync')
          pending.splice(0, first + 1)
        }
      }),
  }
}

function remember(names: Map<string, string>, name: string, sql: string): void {
  if (names.size >= MOST_NAMES && !names.has(name)) names.clear()
  names.set(name, sql.slice(0, KEPT))
}

/** One that was cut, or that is no SQL, is one statement. */
function statementsIn(sql: string): readonly string[] {
  try {
    const bytes = Buffer.from(sql)
    return splitStatements(bytes).map(({ start, end }) => bytes.toString('utf8', start, Math.min(end, start + KEPT)))
  } catch {
    return [sql.slice(0, KEPT)]
  }
}

function textAt(payload: Buffer, start: number): { readonly text: string; readonly next: number } {
  const zero = payload.indexOf(0, start)
  const end = zero < 0 ? payload.length : zero
  return { text: payload.toString('utf8', start, end), next: end + 1 }
}
