/** A long way to a database: whatever is said arrives so many milliseconds later. */
import { type LoopbackWay, loopbackWay } from './loopback-way.ts'

export function slowDatabase(url: string, delay: number): Promise<LoopbackWay> {
  return loopbackWay(url, (client, upstream) => {
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('close', () => setTimeout(() => to.destroy(), delay))
      from.on('data', (chunk: Buffer) => setTimeout(() => to.writable && to.write(chunk), delay))
    }
  })
}
