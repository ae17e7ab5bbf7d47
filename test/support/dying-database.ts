/** A way to a database that ends amid a transfer: it passes so many bytes on, waits for a moment to come, and is gone for good. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const HOST = '127.0.0.1'

export interface DyingDatabase extends AsyncDisposable {
  readonly url: string
}

/** `moment` is asked for when `bytes` have come from the server; nothing more is passed on meanwhile. */
export async function dyingDatabase(url: string, bytes: number, moment: () => Promise<void>): Promise<DyingDatabase> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let left = bytes

  const server = createServer(client => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      // Whichever end goes first takes the other one along.
      socket.on('error', () => undefined).on('close', () => [client, upstream].map(end => end.destroy()))
    }
    client.on('data', chunk => upstream.write(chunk))
    upstream.on('data', chunk => {
      left -= chunk.length
      if (left > 0) {
        if (client.write(chunk)) return
        upstream.pause()
        client.once('drain', () => upstream.resume())
        return
      }
      for (const socket of sockets) socket.pause()
      void moment().then(die)
    })
  })

  function die(): void {
    server.close()
    for (const socket of sockets) socket.destroy()
  }

  server.listen(0, HOST)
  await once(server, 'listening')
  target.hostname = HOST
  target.port = String((server.address() as AddressInfo).port)
  return {
    url: target.href,
    async [Symbol.asyncDispose]() {
      die()
    },
  }
}
