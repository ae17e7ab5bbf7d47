/**
 * The bundled pg_dump against a real server: the worker's queries go through a connection that pg has opened and
 * authenticated, so TLS, passwords and poolers are its business, and the sandboxed pg_dump holds no credentials at all.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import { ComebackError } from '../../errors.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { internals } from '../connection/pg-internals.ts'
import type { SaidFields } from '../connection/said-fields.ts'
import { fromFields, serverError } from '../connection/server-error.ts'
import { readingEncoding } from '../connection/session.ts'
import { answer, type BlockingPort } from './blocking-port.ts'
import type { WorkerInput, WorkerOutput } from './pg-dump-worker.ts'
import { ERROR_RESPONSE, greeting, MessageScanner, parseErrorResponse, READY_FOR_QUERY } from './wire.ts'

const LOCKED: SaidFields = { code: '55P03', message: 'a table stayed locked for too long' }

/** MiB. Its JavaScript only carries messages; without a limit the young generation alone takes fifty. */
const WORKER_MEMORY = { maxYoungGenerationSizeMb: 4 }

/** What libpq wants to know of the session. */
const PARAMETERS = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'standard_conforming_strings',
  // Without it pg_dump leaves subscriptions out.
  'is_superuser',
]

/** Runs pg_dump with these arguments and returns what it writes. */
export async function bundledDump(options: ConnectOptions, args: readonly string[], what: string): Promise<Buffer> {
  const { signal } = options
  await using connection = await connect(options)
  const parameters = await sessionParameters(connection)
  const { port1: port, port2 } = new MessageChannel()
  const input: WorkerInput = {
    args: [`--encoding=${await readingEncoding(connection)}`, ...args],
    flag: new SharedArrayBuffer(4),
    port: port2,
  }
  const worker = new Worker(workerFile(), {
    workerData: input,
    transferList: [port2],
    stdout: true,
    stderr: true,
    env: {},
    resourceLimits: WORKER_MEMORY,
  })
  const ended = Promise.withResolvers<Buffer>()
  const onAbort = () => ended.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const bridge = bridgeTo(connection, { port, flag: input.flag }, greeting(parameters))
  bridge.lost.catch(error => ended.reject(serverError(error, what)))
  worker.on('message', (output: WorkerOutput) => {
    if (output.type === 'done')
      ended.resolve(Buffer.from(output.text.buffer, output.text.byteOffset, output.text.length))
    else ended.reject(failure(output.message, bridge.lastError(), what))
  })
  worker.on('error', error =>
    ended.reject(new ComebackError('failed', `${what} failed: ${error.message}`, { cause: error })),
  )
  worker.on('exit', code =>
    ended.reject(new ComebackError('failed', `${what} failed: pg_dump's thread ended (${code}).`)),
  )
  try {
    signal.throwIfAborted()
    return await ended.promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    port.close()
    // pg knows nothing of what was said on its socket, so the connection can only be hung up.
    internals(connection.client).connection.stream.destroy()
    await worker.terminate()
  }
}

/** The worker lies beside this file: as TypeScript in the sources, as a bundle of its own in a build. */
function workerFile(): URL {
  return new URL(`./pg-dump-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}

async function sessionParameters(connection: Connection): Promise<Record<string, string>> {
  const rows = await connection.query<{ name: string; value: string }>(
    'SELECT name, pg_catalog.current_setting(name) AS value FROM unnest($1::text[]) AS s(name)',
    [PARAMETERS],
  )
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

/** Joins the worker's port to the connection's socket, past pg's own parser. `lost` rejects when the server hangs up. */
function bridgeTo(connection: Connection, worker: BlockingPort, hello: Buffer) {
  const { stream } = internals(connection.client).connection
  const scanner = new MessageScanner()
  const lost = Promise.withResolvers<never>()
  let pieces: Uint8Array[] = []
  let isAsked = false
  let lastError: SaidFields | undefined

  connection.silence.awaits(() => isAsked)
  stream.removeAllListeners('data')
  stream.on('data', (bytes: Buffer) => {
    pieces.push(bytes)
    let ready = false
    scanner.scan(bytes, (type, payload) => {
      if (type === ERROR_RESPONSE) lastError = parseErrorResponse(payload)
      ready ||= type === READY_FOR_QUERY
    })
    if (!ready) return
    isAsked = false
    const whole = Buffer.concat(pieces)
    pieces = []
    answer(worker, whole)
  })
  stream.on('close', () => {
    lost.reject(
      new ComebackError(
        'connection',
        `The connection to ${connection.description} was lost${lastError === undefined ? '' : `: ${lastError.message}`}.`,
      ),
    )
  })
  let greeted = false
  worker.port.on('message', (bytes: Uint8Array) => {
    if (greeted) {
      isAsked = true
      stream.write(bytes)
    } else answer(worker, hello)
    greeted = true
  })
  return { lost: lost.promise, lastError: () => lastError }
}

/** The server's own error where there was one, pg_dump's words otherwise. */
function failure(message: string, fields: SaidFields | undefined, what: string): ComebackError {
  // What pg_dump prints line by line arrives here without its line breaks.
  const said = message
    .replace(/^pg_dump failed with exit code \d+\.\s*Error message:\s*/, '')
    .replace('could not find a "pg_dump" to execute', '')
    .replaceAll(/pg_dump: (?:error|warning|detail|hint): /g, '\n$&')
    .trim()
  if (fields === undefined) return new ComebackError('failed', `${what} failed: ${said}`)
  // --lock-wait-timeout is a statement timeout on the statement that locks.
  const waited = fields.code === '57014' && said.includes('Query was: LOCK TABLE')
  // It reads the catalogue alone: whatever it names may be told.
  return fromFields(waited ? LOCKED : fields, what, new Error(said), said)
}
