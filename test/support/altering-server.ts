/** A way to a database that alters what the server says: of the same length, so that no message ends elsewhere. */
import { endTogether, type LoopbackWay, loopbackWay } from './loopback-way.ts'

export interface AlteringServer extends LoopbackWay {
  /** How often it did. */
  altered(): number
}

/** `said` becomes `instead`, as often as it is said. */
export async function alteringServer(url: string, said: string, instead: Buffer): Promise<AlteringServer> {
  const from = Buffer.from(said)
  if (instead.length !== from.length) throw new Error(`${instead.length} bytes in the place of ${from.length}`)
  let count = 0
  const way = await loopbackWay(url, (client, upstream) => {
    endTogether(client, upstream)
    client.on('data', chunk => upstream.write(chunk))
    let kept = Buffer.alloc(0)
    upstream.on('data', chunk => {
      const bytes = Buffer.concat([kept, chunk])
      for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) {
        instead.copy(bytes, at)
        count++
      }
      const open = beginning(bytes, from)
      kept = bytes.subarray(bytes.length - open)
      client.write(bytes.subarray(0, bytes.length - open))
    })
  })
  return { ...way, altered: () => count }
}

/** How many bytes at the end may be the beginning of it. */
function beginning(bytes: Buffer, from: Buffer): number {
  for (let length = Math.min(from.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(from.subarray(0, length))) return length
  }
  return 0
}
