/** The command line around a job that the tests can watch. Which job, the variable STUCK says. */
import { start } from '../../src/cli/start.ts'
import type { runJob } from '../../src/job.ts'
import type { Report } from '../../src/report/report.ts'
import { launch } from '../../src/run/launch.ts'

const stuck: typeof runJob = async (_command, _options, { signal, progress }) => {
  const alive = setInterval(() => undefined, 1_000)
  progress({ type: 'phase', component: 'database', text: 'copying rows' })
  if (process.env.STUCK === 'threads') return { command: 'key', keyId: process.env.UV_THREADPOOL_SIZE ?? 'unset' }
  if (process.env.STUCK === 'done') return { command: 'key', keyId: 'done, but a timer lives' } satisfies Report
  if (process.env.STUCK === 'drained') {
    clearInterval(alive)
    return new Promise(() => undefined)
  }
  if (process.env.STUCK === 'deaf') return new Promise(() => undefined)
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      clearInterval(alive)
      reject(signal.reason)
    })
  })
}

launch(process, (process, signal) => start(process, signal, async () => stuck))
