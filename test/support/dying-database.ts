/** A way to a database that ends amid a transfer: it passes so many bytes on, waits for a moment to come, and is gone for good. */
import { endTogether, type LoopbackWay, loopbackWay } from './loopback-way.ts'

/** `moment` is asked for when `bytes` have come from the server; nothing more is passed on meanwhile. */
export async function dyingDatabase(url: string, bytes: number, moment: () => Promise<void>): Promise<LoopbackWay> {
  let left = bytes
  const way = await loopbackWay(url, (client, upstream) => {
    endTogether(client, upstream)
    client.on('data', chunk => upstream.write(chunk))
    upstream.on('data', chunk => {
      left -= chunk.length
      if (left > 0) {
        if (client.write(chunk)) return
        upstream.pause()
        client.once('drain', () => upstream.resume())
        return
      }
      for (const socket of way.sockets) socket.pause()
      void moment().then(way.end)
    })
  })
  return way
}
