/** A bad line to a database: it is cut, falls silent without being cut, or carries hardly anything. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

export type Trouble =
  /** All connections are reset once so many bytes have come from the server; new ones are well. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** From then on the connection that carried the byte, or every one, is alive and says nothing more. */
  | { readonly kind: 'silent'; readonly bytes: number; readonly which: 'one' | 'all' }
  /** Bytes a second, for each connection and direction. */
  | { readonly kind: 'slow'; readonly rate: number }

export interface Line extends AsyncDisposable {
  /** The same database through the line. */
  through(url: string): string
  readonly met: boolean
}

const HOST = '127.0.0.1'
export async function openLine(port: number, trouble: Trouble): Promise<Line> {
  const sockets = new Set<Socket>()
  const silenced = new Set<Socket>()
  let left = trouble.kind === 'slow' ? Number.POSITIVE_INFINITY : trouble.bytes
  let met = trouble.kind === 'slow'

  function strike(client: Socket): void {
    met = true
    left = Number.POSITIVE_INFINITY
    if (trouble.kind === 'cut') for (const socket of sockets) socket.resetAndDestroy()
    if (trouble.kind === 'silent')
      for (const socket of trouble.which === 'all' ? sockets : [client]) silenced.add(socket)
  }

  function carrier(client: Socket, counted: boolean): Transform {
    return new Transform({
      async transform(chunk: Buffer, _encoding, done) {
        if (counted) {
          left -= chunk.length
          if (left <= 0) strike(client)
        }
        // Never done: nothing more is read, and nothing said.
        if (silenced.has(client)) return
        if (trouble.kind === 'slow') await sleep((1000 * chunk.length) / trouble.rate)
        done(null, chunk)
      },
    })
  }

  const server = createServer(client => {
    const upstream = connect(port, HOST)
    sockets.add(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(client)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(carrier(client, false)).pipe(upstream)
    upstream.pipe(carrier(client, true)).pipe(client)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    through(url) {
      const other = new URL(url)
      other.hostname = HOST
      other.port = String(own)
      return other.href
    },
    get met() {
      return met
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
