/**
 * The place that `DATABASE_URL` names: a listener on this machine that passes everything on to the real server and watches what
 * is said. A watcher that gets lost never stops what it watches.
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import { ownContext } from './own-certificate.ts'
import { SessionWatch } from './session-watch.ts'
import type { RunningStatement } from './standstill.ts'
import { OfferFilter, readStartup } from './startup.ts'
import type { StatementLog } from './statement-log.ts'
import type { Upstream } from './upstream.ts'

/** Server processes that are remembered. */
const PIDS_LIMIT = 10_000

export interface MigrationProxy {
  readonly port: number
  /** Server processes whose connections are open. */
  pids(): readonly number[]
  /** What the server is at, of each connection that does not wait for its client. */
  running(): readonly RunningStatement[]
  /** Of all connections there ever were. */
  allPids(): readonly number[]
  /** Whether a client hung up while it was greeted by TLS: it may want a certificate that it can verify. */
  readonly distrusted: boolean
  /** How many connections the server let in. */
  readonly sessions: number
  /** Takes no more connections, and hangs up those that do not end by themselves within so many milliseconds. */
  close(patience: number): Promise<void>
}

export async function startProxy(upstream: Upstream, log: StatementLog): Promise<MigrationProxy> {
  const open = new Set<SessionWatch>()
  const sockets = new Set<Duplex>()
  const pids = new Set<number>()
  const handling = new Set<Promise<void>>()
  const closed = new AbortController()
  const context = ownContext()
  let distrusted = false
  const listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, client => {
    const handled = serve(client, {
      upstream,
      log,
      open,
      sockets,
      signal: closed.signal,
      context,
      distrust: () => {
        distrusted = true
      },
      admitted: pid => note(pids, pid),
    })
      // The client sees that nobody answers, and says so.
      .catch(() => {
        client.destroy()
      })
      .finally(() => handling.delete(handled))
    handling.add(handled)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    pids: () => [...open].flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    running: () =>
      [...open].flatMap(watch => {
        const now = watch.running()
        return now === undefined ? [] : [{ ...now, pid: watch.pid }]
      }),
    allPids: () => [...pids],
    get distrusted() {
      return distrusted
    },
    get sessions() {
      return pids.size
    },
    async close(patience) {
      listener.close()
      const timer = new AbortController()
      await Promise.race([
        Promise.allSettled(handling),
        sleep(patience, undefined, { signal: timer.signal }).catch(() => undefined),
      ])
      timer.abort()
      closed.abort()
      for (const socket of sockets) socket.destroy()
      await Promise.allSettled(handling)
    },
  }
}

interface Serving {
  readonly upstream: Upstream
  readonly log: StatementLog
  readonly open: Set<SessionWatch>
  readonly sockets: Set<Duplex>
  readonly signal: AbortSignal
  readonly context: SecureContext
  distrust(): void
  admitted(pid: number): void
}

/** Resolves when both sides are done. */
async function serve(raw: Socket, serving: Serving): Promise<void> {
  const { upstream, log, open, sockets, signal, context, admitted } = serving
  const own = (socket: Duplex) => {
    sockets.add(socket)
    // What went wrong with a connection its two ends see for themselves; `close` follows.
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  }
  own(raw)
  const startup = await readStartup(raw, context)
  if (startup.packet === undefined) {
    if (startup.secured) serving.distrust()
    raw.destroy()
    return
  }
  const client = startup.stream
  if (client !== raw) own(client)
  const server = await upstream.open(signal)
  own(server)
  server.write(startup.packet)
  const watch = new SessionWatch(log)
  const offer = upstream.usesTls ? new OfferFilter() : undefined
  if (startup.isCancel) server.end()
  else open.add(watch)
  const toServer = guarded(
    bytes => watch.client(bytes),
    bytes => [bytes],
  )
  const toClient = guarded(
    bytes => {
      watch.server(bytes)
      if (watch.pid !== undefined) admitted(watch.pid)
    },
    () => undefined,
  )
  relay(client, server, toServer)
  relay(server, client, bytes => {
    toClient(bytes)
    return [offer === undefined ? bytes : offer.pass(bytes)]
  })
  await Promise.all([ended(client), ended(server)])
  open.delete(watch)
}

/** Passes on what comes, no faster than it is taken, and the end. Whoever is left over is heard out and then let go. */
function relay(from: Duplex, to: Duplex, pass: (bytes: Buffer) => readonly Buffer[]): void {
  from.on('data', (bytes: Buffer) => {
    let isTaken = true
    for (const part of pass(bytes)) if (!to.destroyed && part.length > 0) isTaken = to.write(part)
    if (!isTaken) from.pause()
  })
  to.on('drain', () => from.resume())
  to.once('close', () => from.resume())
  from.once('end', () => to.end())
  from.once('close', () => to.end())
  from.resume()
}

/** Watches as long as it can. */
function guarded<T>(watch: (bytes: Buffer) => T, otherwise: (bytes: Buffer) => T): (bytes: Buffer) => T {
  let isLost = false
  return bytes => {
    if (isLost) return otherwise(bytes)
    try {
      return watch(bytes)
    } catch {
      isLost = true
      return otherwise(bytes)
    }
  }
}

async function ended(socket: Duplex): Promise<void> {
  if (!socket.closed) await once(socket, 'close').catch(() => undefined)
}

function note(pids: Set<number>, pid: number): void {
  if (pids.size < PIDS_LIMIT) pids.add(pid)
}
