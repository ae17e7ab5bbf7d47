/** A bad line to a database: it is cut, falls silent without being cut, or carries hardly anything. */
import type { Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { endTogether, loopbackWay } from '../support/loopback-way.ts'

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

export async function openLine(port: number, trouble: Trouble): Promise<Line> {
  const clients = new Set<Socket>()
  const silenced = new Set<Socket>()
  let left = trouble.kind === 'slow' ? Number.POSITIVE_INFINITY : trouble.bytes
  let met = trouble.kind === 'slow'

  function strike(client: Socket): void {
    met = true
    left = Number.POSITIVE_INFINITY
    if (trouble.kind === 'cut') for (const client of clients) client.resetAndDestroy()
    if (trouble.kind === 'silent')
      for (const socket of trouble.which === 'all' ? clients : [client]) silenced.add(socket)
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

  const way = await loopbackWay(`postgresql://127.0.0.1:${port}`, (client, upstream) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
    endTogether(client, upstream)
    client.pipe(carrier(client, false)).pipe(upstream)
    upstream.pipe(carrier(client, true)).pipe(client)
  })
  return {
    through(url) {
      const other = new URL(url)
      const { hostname, port } = new URL(way.url)
      return Object.assign(other, { hostname, port }).href
    },
    get met() {
      return met
    },
    [Symbol.asyncDispose]: way[Symbol.asyncDispose],
  }
}
