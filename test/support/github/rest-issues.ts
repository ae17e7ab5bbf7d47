/** The part of api.github.com that has to do with issues; their comments are those of pull requests. */
import type { IncomingMessage } from 'node:http'
import { type Answer, allow, type Body, bodyOf, invalid, notFound, paged, textOf, userOf } from './answer.ts'
import type { IssueRecord, PullRecord } from './records.ts'
import type { RestServer } from './rest.ts'

const REASONS = ['completed', 'not_planned', 'duplicate', 'reopened']

/** `path` is what follows the repository: `/issues/7`. Undefined for what is not served here. */
export async function serveIssues(
  server: RestServer,
  request: IncomingMessage,
  url: URL,
  path: string,
): Promise<Answer | undefined> {
  const { records, settings } = server.backend
  const number = Number(/^\/issues\/(\d+)$/.exec(path)?.[1])
  switch (`${request.method} ${path.replace(/\/\d+$/, '/:id')}`) {
    case 'GET /issues':
      return paged(server, url, issuesFor(server, url), issue => ('branch' in issue ? shownPull(issue) : shown(issue)))
    case 'GET /issues/:id':
      return { status: 200, body: shown(issueOf(server, number)) }
    case 'POST /issues': {
      allow(server, 'issues')
      const body = await bodyOf(request)
      const issue: IssueRecord = {
        number: records.issues.length + 1,
        login: settings.login,
        title: textOf(body, 'title'),
        body: body.body === undefined ? null : textOf(body, 'body'),
        labels: labelsOf(body),
        state: 'open',
        reason: null,
      }
      records.issues.push(issue)
      return { status: 201, body: shown(issue) }
    }
    case 'PATCH /issues/:id': {
      allow(server, 'issues')
      const issue = issueOf(server, number)
      change(issue, await bodyOf(request))
      return { status: 200, body: shown(issue) }
    }
    default:
      return undefined
  }
}

/** The youngest first, pull requests among them, as they are issues, too. */
function issuesFor({ backend: { records } }: RestServer, url: URL): readonly (IssueRecord | PullRecord)[] {
  const state = url.searchParams.get('state') ?? 'open'
  const labels = (url.searchParams.get('labels') ?? '').split(',').filter(label => label !== '')
  const issues = records.issues.filter(
    issue => (state === 'all' || issue.state === state) && labels.every(label => issue.labels.includes(label)),
  )
  const pulls = labels.length === 0 && state !== 'closed' ? records.pulls : []
  return [...issues, ...pulls].sort((a, b) => b.number - a.number)
}

function change(issue: IssueRecord, body: Body): void {
  const { state, state_reason: reason } = body
  if (body.title !== undefined) issue.title = textOf(body, 'title')
  if (body.body !== undefined) issue.body = textOf(body, 'body')
  if (body.labels !== undefined) issue.labels = labelsOf(body)
  if (state === undefined) return
  if (state !== 'open' && state !== 'closed') throw invalid('no such state')
  if (reason !== undefined && !REASONS.includes(String(reason))) throw invalid('no such state_reason')
  issue.state = state
  issue.reason = reason === undefined ? null : String(reason)
}

function labelsOf({ labels = [] }: Body): readonly string[] {
  if (!Array.isArray(labels) || labels.some(label => typeof label !== 'string')) throw invalid('labels are names')
  return labels
}

function issueOf({ backend: { records } }: RestServer, number: number): IssueRecord {
  const issue = records.issues.find(other => other.number === number)
  if (issue === undefined) throw notFound()
  return issue
}

function shown({ number, login, title, body, labels, state, reason }: IssueRecord) {
  return {
    number,
    title,
    body,
    state,
    state_reason: reason,
    labels: labels.map(name => ({ name })),
    user: userOf(login),
  }
}

function shownPull({ number, branch }: PullRecord) {
  return { number, title: branch, body: null, state: 'open', labels: [], pull_request: { url: '' } }
}
