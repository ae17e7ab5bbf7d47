/** A way to a database on which connections fall silent: they stay open, and nothing goes through them any more. */
import { type LoopbackWay, loopbackWay } from './loopback-way.ts'

export interface StallingDatabase extends LoopbackWay {
  /** Those that are open, from the oldest to the newest, by their first bytes: whether it has passed on this many from the server. */
  readonly ways: readonly Way[]
  /** What is opened from now on falls silent at once. */
  stallNew(): void
}

export interface Way {
  /** Bytes so far from the server. */
  readonly received: number
  /** What the client has said so far, cut short. */
  readonly said: string
  readonly isStalled: boolean
  stall(): void
}

const SAID_LIMIT = 100_000

export async function stallingDatabase(
  url: string,
  /** Told of each piece that passes. */
  watch: (way: Way, ways: readonly Way[]) => void = () => undefined,
): Promise<StallingDatabase> {
  const ways: Way[] = []
  let stalls = false
  const open = await loopbackWay(url, (client, upstream) => {
    const state = { received: 0, said: '', isStalled: false }
    const way: Way = {
      get received() {
        return state.received
      },
      get said() {
        return state.said
      },
      get isStalled() {
        return state.isStalled
      },
      stall() {
        state.isStalled = true
        client.pause()
        upstream.pause()
      },
    }
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      // A way that has fallen silent does not even say that it ends.
      from.on('close', () => state.isStalled || to.destroy())
      from.on('data', (chunk: Buffer) => {
        if (from === upstream) state.received += chunk.length
        else if (state.said.length < SAID_LIMIT) state.said += chunk.toString('latin1')
        watch(way, ways)
        if (state.isStalled) return
        if (to.write(chunk)) return
        from.pause()
        to.once('drain', () => state.isStalled || from.resume())
      })
    }
    if (stalls) way.stall()
    ways.push(way)
  })
  return {
    ...open,
    ways,
    stallNew() {
      stalls = true
    },
  }
}
