/**
 * Runs the bundled pg_dump, which is WebAssembly and synchronous, in a thread of its own. Its wire protocol goes to the main
 * thread, which owns the authenticated connection: this thread hands over whole queries and sleeps until the answer is there.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { askAndSleep, type BlockingPort } from './blocking-port.ts'
import { MessageScanner, QUERY, SYNC } from './wire.ts'

export interface WorkerInput extends BlockingPort {
  readonly args: readonly string[]
}

export type WorkerOutput =
  | { readonly type: 'done'; readonly text: Uint8Array }
  | { readonly type: 'failed'; readonly message: string }

const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const DUMP_BEGIN = Buffer.from('--\n-- PostgreSQL database dump')

/**
 * pgDump() decodes the dump as UTF-8, which would alter what an SQL_ASCII database holds, and then deletes every line that
 * begins with `\restrict`, inside function bodies too. So the bytes are taken where it decodes them.
 */
let dump: Uint8Array | undefined
globalThis.TextDecoder = class extends TextDecoder {
  override decode(input?: Uint8Array, options?: { stream?: boolean }): string {
    if (input !== undefined && DUMP_BEGIN.equals(input.subarray(0, DUMP_BEGIN.length))) {
      dump = input
      return ''
    }
    return super.decode(input, options)
  }
}
// pg_dump begins its messages with the name by which it was called.
process.argv[1] = 'pg_dump'

if (parentPort === null) throw new Error('pg-dump-worker runs as a worker only')
parentPort.postMessage(await run(workerData as WorkerInput))

async function run(input: WorkerInput): Promise<WorkerOutput> {
  const server = {
    query: async () => ({ rows: [{ search_path: '' }] }),
    exec: async () => [],
    execProtocolRawStream: frontend(input),
  }
  try {
    const { pgDump } = await load()
    await pgDump({ pg: server as never, args: [...input.args] })
  } catch (error) {
    return { type: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
  return dump === undefined
    ? { type: 'failed', message: 'pg_dump wrote nothing' }
    : { type: 'done', text: new Uint8Array(dump) }
}

/**
 * A build copies the package's `pg_dump.js`, its chunk and `pg_dump.wasm` beside this file, as they are: bundled by ncc they
 * break (its interop loses `createRequire`), hence the comment that tells it to let the import alone.
 */
function load(): Promise<typeof import('@electric-sql/pglite-tools/pg_dump')> {
  const module = import.meta.url.endsWith('.ts') ? '@electric-sql/pglite-tools/pg_dump' : './pg_dump.js'
  return import(/* webpackIgnore: true */ module)
}

/** Takes what libpq sends, in whatever pieces, and answers when a message asks for an answer. */
function frontend(input: WorkerInput) {
  const ask = (bytes: Uint8Array) => askAndSleep(input, bytes)
  const scanner = new MessageScanner()
  let pending: Uint8Array[] = []
  let started = false
  return (bytes: Uint8Array, { onRawData }: { onRawData(bytes: Uint8Array): void }): void => {
    // The bytes lie in WebAssembly memory that pg_dump uses again.
    pending.push(Uint8Array.from(bytes))
    if (!started) {
      const packet = Buffer.concat(pending)
      if (packet.length < 8 || packet.length < packet.readUInt32BE(0)) return
      pending = []
      const request = packet.readUInt32BE(4)
      started = request !== SSL_REQUEST && request !== GSS_REQUEST
      onRawData(started ? ask(new Uint8Array()) : Buffer.from('N'))
      return
    }
    let answerDue = false
    scanner.scan(bytes, type => {
      answerDue ||= type === QUERY || type === SYNC
    })
    if (!answerDue) return
    const message = Buffer.concat(pending)
    pending = []
    onRawData(ask(message))
  }
}
