/** A long way to a database: whatever is said arrives so many milliseconds later. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

const HOST = '127.0.0.1'

export async function slowDatabase(url: string, delay: number): Promise<AsyncDisposable & { readonly url: string }> {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    sockets.push(client, upstream)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => undefined)
      from.on('close', () => setTimeout(() => to.destroy(), delay))
      from.on('data', (chunk: Buffer) => setTimeout(() => to.writable && to.write(chunk), delay))
    }
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const target = new URL(url)
  target.hostname = HOST
  target.port = String((server.address() as AddressInfo).port)
  return {
    url: target.href,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
