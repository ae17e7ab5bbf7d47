/** The part of api.github.com that has to do with pull requests: which are open, their comments, and checks of commits. */
import type { IncomingMessage } from 'node:http'
import { type Answer, allow, type Body, bodyOf, invalid, notFound, paged, textOf, userOf } from './answer.ts'
import type { CheckRunRecord, CommentRecord, PullRecord } from './records.ts'
import { Refusal } from './refusal.ts'
import type { RestServer } from './rest.ts'

/** Characters of each text of a check. */
const CHECK_LIMIT = 65_535
const ANNOTATIONS = 50
const CONCLUSIONS = ['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'stale', 'timed_out']

/** `path` is what follows the repository: `/issues/7/comments`. Undefined for what is not served here. */
export async function servePulls(
  server: RestServer,
  request: IncomingMessage,
  url: URL,
  path: string,
): Promise<Answer | undefined> {
  const { records } = server.backend
  const [, kind = '', first = '', second = ''] = path.split('/')
  const at = `${request.method} ${path.replace(/\/\d+(?=\/|$)/g, '/:id')}`
  switch (at) {
    case 'GET /pulls': {
      const head = url.searchParams.get('head')
      const open = records.pulls.filter(pull => head === null || head === `${ownerOf(pull, server)}:${pull.branch}`)
      return paged(server, url, open, pull => shownPull(pull, server))
    }
    case 'GET /issues/:id/comments': {
      const of = records.comments.filter(({ issue, deleted }) => issue === Number(first) && !deleted)
      return paged(server, url, of, shownComment)
    }
    case 'POST /issues/:id/comments': {
      allow(server, records.issues.some(({ number }) => number === Number(first)) ? 'issues' : 'pull-requests')
      const body = textOf(await bodyOf(request), 'body')
      const comment = {
        id: records.nextId(),
        issue: Number(first),
        body,
        login: server.backend.settings.login,
        deleted: false,
      }
      records.comments.push(comment)
      return { status: 201, body: shownComment(comment) }
    }
    case 'PATCH /issues/comments/:id': {
      allow(server, 'pull-requests')
      const comment = commentOf(server, second)
      comment.body = textOf(await bodyOf(request), 'body')
      return { status: 200, body: shownComment(comment) }
    }
    case 'DELETE /issues/comments/:id':
      allow(server, 'pull-requests')
      commentOf(server, second).deleted = true
      return { status: 204 }
    case 'POST /check-runs': {
      allow(server, 'checks')
      const run = { id: records.nextId(), ...fieldsOf(await bodyOf(request), true) }
      records.checkRuns.push(run)
      return { status: 201, body: { id: run.id, ...run.fields } }
    }
    case 'PATCH /check-runs/:id': {
      allow(server, 'checks')
      const run = records.checkRuns.find(({ id }) => String(id) === first)
      if (run === undefined) throw notFound()
      const { fields, annotations } = fieldsOf(await bodyOf(request), false)
      Object.assign(run.fields, fields)
      run.annotations.push(...annotations)
      return { status: 200, body: { id: run.id, ...run.fields } }
    }
    default:
      if (['issues', 'pulls', 'check-runs'].includes(kind)) throw notFound()
      return undefined
  }
}

/** `{viewer{login}}` is all that is understood. */
export async function serveGraphql({ backend: { settings } }: RestServer, request: IncomingMessage): Promise<Answer> {
  const { query } = await bodyOf(request)
  if (typeof query !== 'string' || !/^\s*(query)?\s*\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*$/.test(query)) {
    throw new Refusal(400, '', 'the stand-in does not understand the query')
  }
  return { status: 200, body: { data: { viewer: { login: settings.login } } } }
}

function shownComment({ id, issue, body, login }: CommentRecord) {
  return {
    id,
    body,
    issue_url: `https://api.github.com/repos/acme/app/issues/${issue}`,
    user: userOf(login),
  }
}

function shownPull(pull: PullRecord, server: RestServer) {
  const { number, branch, sha, fork } = pull
  const { repository } = server.backend.settings
  const repo = { full_name: fork ?? repository, owner: { login: ownerOf(pull, server) } }
  return { number, state: 'open', head: { ref: branch, sha, repo }, base: { repo: { full_name: repository } } }
}

function ownerOf({ fork }: PullRecord, { backend: { settings } }: RestServer): string {
  return (fork ?? settings.repository).split('/')[0] ?? ''
}

function commentOf({ backend: { records } }: RestServer, id: string): CommentRecord {
  const comment = records.comments.find(other => String(other.id) === id && !other.deleted)
  if (comment === undefined) throw notFound()
  return comment
}

/** What GitHub would refuse of a check. */
function fieldsOf(body: Body, made: boolean): Pick<CheckRunRecord, 'fields'> & { annotations: Body[] } {
  const { output, ...rest } = body as Body & { readonly output?: Body }
  if (made && (typeof body.name !== 'string' || !/^[0-9a-f]{40}$/.test(String(body.head_sha)))) {
    throw invalid('a check needs a name and head_sha')
  }
  if (body.status === 'completed' && !CONCLUSIONS.includes(String(body.conclusion))) throw invalid('no such conclusion')
  const { annotations = [], ...texts } = (output ?? {}) as Body & { readonly annotations?: Body[] }
  if (output !== undefined && (typeof texts.title !== 'string' || typeof texts.summary !== 'string')) {
    throw invalid('an output needs a title and a summary')
  }
  for (const text of Object.values(texts)) {
    if (String(text).length > CHECK_LIMIT) throw invalid(`Only ${CHECK_LIMIT} characters are allowed`)
  }
  if (annotations.length > ANNOTATIONS) throw invalid(`No more than ${ANNOTATIONS} annotations at a time`)
  for (const annotation of annotations) checkAnnotation(annotation)
  return { fields: { ...rest, ...(output === undefined ? {} : { output: texts }) }, annotations }
}

function checkAnnotation({ path, start_line: start, end_line: end, annotation_level: level, message }: Body): void {
  if (typeof path !== 'string' || path === '' || /^\/|(^|\/)\.\.(\/|$)|\\/.test(path)) throw invalid('no such path')
  if (!Number.isInteger(start) || !Number.isInteger(end)) throw invalid('an annotation needs its lines')
  if (!['notice', 'warning', 'failure'].includes(String(level))) throw invalid('no such annotation_level')
  if (typeof message !== 'string' || message === '') throw invalid('an annotation needs a message')
}
