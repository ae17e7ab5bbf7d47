/**
 * The connection of a program of its own, which nobody here can look into: whether it has fallen silent, its server tells. A
 * program may think for a while between two questions, so it is given minutes in which the server only waits for it.
 */
import { ComebackError } from '../../errors.ts'
import { type ConnectOptions, connect } from '../connection/connection.ts'
import { isUnreachable } from '../connection/silence.ts'

/** Milliseconds between two looks, and looks at which nothing has changed. */
const TICK = 60_000
const LOOKS = 5
const ASKING_LIMIT = 15_000

/** Calls back at most once, with a `connection` error. `name` is the application that the program calls itself. */
export function watchProgram(
  options: ConnectOptions,
  name: string,
  silent: (error: ComebackError) => void,
  tick = TICK,
): Disposable {
  let last = ''
  let same = 0
  let looking = false
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    const seen = await waitOf(options, name)
    looking = false
    same = seen !== '' && seen === last ? same + 1 : 0
    last = seen
    if (same < LOOKS) return
    clearInterval(timer)
    silent(
      new ComebackError(
        'connection',
        `${name} and its server have only waited for each other for ${(LOOKS * tick) / 1000} s.`,
        {
          hint: 'A proxy, a firewall or a load balancer between here and the server has lost the connection.',
        },
      ),
    )
  }
  const timer = setInterval(() => void look(), tick)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** The same text as long as the server does nothing for the program but wait for it; empty if that is not so, or not known. */
async function waitOf(options: ConnectOptions, name: string): Promise<string> {
  try {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(ASKING_LIMIT)])
    await using asking = await connect({
      ...options,
      signal,
      settings: {},
      connectTimeout: ASKING_LIMIT,
      watched: false,
    })
    const rows = await asking.query<{ pid: number; since: string }>(
      `SELECT pid, extract(epoch FROM state_change)::text AS since FROM pg_catalog.pg_stat_activity
        WHERE application_name = $1 AND wait_event IN ('ClientRead', 'ClientWrite') ORDER BY 1`,
      [name],
    )
    return rows.map(({ pid, since }) => `${pid} ${since}`).join()
  } catch (error) {
    // Of a server that is out of reach for as long, the program will not hear any more either.
    return isUnreachable(error) ? 'out of reach' : ''
  }
}
