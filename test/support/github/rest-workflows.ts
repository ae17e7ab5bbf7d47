/** The part of api.github.com that has to do with workflows: their state, and when their schedules ran. */
import type { IncomingMessage } from 'node:http'
import { type Answer, allow, notFound } from './answer.ts'
import { pageOf } from './pages.ts'
import type { WorkflowRecord } from './records.ts'
import type { RestServer } from './rest.ts'

const PATH = /^\/actions\/workflows\/([^/]+)(?:\/(enable|runs))?$/

/** `path` is what follows the repository: `/actions/workflows/backup.yml`. Undefined for what is not served here. */
export function serveWorkflows(
  server: RestServer,
  request: IncomingMessage,
  url: URL,
  path: string,
): Answer | undefined {
  const [whole, name = '', what = ''] = PATH.exec(path) ?? []
  if (whole === undefined) return undefined
  const found = server.backend.records.workflows.find(
    ({ id, file }) => String(id) === name || file === decodeURIComponent(name),
  )
  if (found === undefined) throw notFound()
  switch (`${request.method} ${what}`) {
    case 'GET ':
      return { status: 200, body: shown(found) }
    case 'PUT enable':
      allow(server, 'actions')
      found.state = 'active'
      found.enabled++
      return { status: 204 }
    case 'GET runs': {
      const event = url.searchParams.get('event')
      // All that is known of are runs by schedule.
      const runs = event === null || event === 'schedule' ? found.scheduled.toSorted().reverse() : []
      const { items, headers } = pageOf(server.origin, url, runs)
      const shownRuns = items.map(time => ({ event: 'schedule', created_at: time, path: pathOf(found) }))
      return { status: 200, body: { total_count: runs.length, workflow_runs: shownRuns }, headers }
    }
    default:
      throw notFound()
  }
}

function shown(workflow: WorkflowRecord) {
  const { id, file, state } = workflow
  return { id, name: file.replace(/\.ya?ml$/, ''), path: pathOf(workflow), state }
}

function pathOf({ file }: WorkflowRecord): string {
  return `.github/workflows/${file}`
}
