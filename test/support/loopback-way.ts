/** A way to a server through this process: how the two ends of each connection hang together is the caller's to say. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const HOST = '127.0.0.1'

export interface LoopbackWay extends AsyncDisposable {
  /** The server's, by this way. */
  readonly url: string
  /** Both ends of every connection so far. */
  readonly sockets: ReadonlySet<Socket>
  /** Nothing goes this way any more. */
  end(): void
}

/** Errors of sockets are nobody's; the rest of what happens to them is for `join` to pass on. */
export async function loopbackWay(url: string, join: (client: Socket, upstream: Socket) => void): Promise<LoopbackWay> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined))
    join(client, upstream)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const way = new URL(url)
  way.hostname = HOST
  way.port = String((server.address() as AddressInfo).port)
  const end = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: way.href, sockets, end, [Symbol.asyncDispose]: async () => end() }
}

/** Whichever end goes first takes the other one along. */
export function endTogether(client: Socket, upstream: Socket): void {
  for (const socket of [client, upstream]) socket.on('close', () => [client, upstream].map(end => end.destroy()))
}
