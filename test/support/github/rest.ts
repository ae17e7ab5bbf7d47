/** The part of api.github.com that tells of a repository, its runs, artifacts and caches. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'
import { deleteArtifact, downloadUrl } from './artifact-service.ts'
import { pageOf } from './pages.ts'
import { type ArtifactRecord, type CacheRecord, REPOSITORY_ID } from './records.ts'
import { Refusal, sendJson } from './refusal.ts'
import { serveIssues } from './rest-issues.ts'
import { serveGraphql, servePulls } from './rest-pulls.ts'
import { serveWorkflows } from './rest-workflows.ts'
import type { Backend } from './twirp.ts'

const HOURLY_LIMIT = 1000
const HOUR = 3600

export interface RestServer {
  readonly backend: Backend
  readonly origin: string
}

type Send = (status: number, body?: unknown, headers?: Readonly<Record<string, string>>) => void

export async function serveRest(
  server: RestServer,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { settings, records } = server.backend
  authorize(server, request, url)
  const send: Send = (status, body, headers) =>
    sendJson(response, status, body, { ...rateHeaders(settings.now()), ...headers })
  const root = `/repos/${settings.repository}`
  if (url.pathname === root && request.method === 'GET') return send(200, repository(server))
  const sent = ({ status, body, headers }: Answer) => send(status, body, headers)
  if (url.pathname === '/graphql' && request.method === 'POST') return sent(await serveGraphql(server, request))
  if (!url.pathname.startsWith(`${root}/`)) throw notFound()
  const path = url.pathname.slice(root.length)
  const answer =
    serveWorkflows(server, request, url, path) ??
    (await serveIssues(server, request, url, path)) ??
    (await servePulls(server, request, url, path))
  if (answer !== undefined) return sent(answer)
  if (!url.pathname.startsWith(`${root}/actions/`)) throw notFound()

  const [kind, id, more] = url.pathname.slice(`${root}/actions/`.length).split('/')
  switch (`${request.method} ${kind} ${id === undefined ? '' : ':id'} ${more ?? ''}`.trim().replace(/ +/g, ' ')) {
    case 'GET artifacts':
      return sendPage(
        server,
        url,
        send,
        'artifacts',
        artifactsFor(server, url).map(artifact => shown(server, artifact)),
      )
    case 'GET artifacts :id':
      return send(200, shown(server, artifactOf(server, id)))
    case 'GET artifacts :id zip': {
      const artifact = artifactOf(server, id)
      if (artifact.expiresAt <= settings.now()) throw new Refusal(410, '', 'Artifact has expired')
      const location = downloadUrl(server.backend, artifact, settings.downloadUrlSeconds)
      return send(302, undefined, { location })
    }
    case 'DELETE artifacts :id':
      await deleteArtifact(server.backend, artifactOf(server, id))
      return send(204)
    case 'GET runs :id': {
      const run = records.runs.findLast(other => String(other.id) === id)
      if (run === undefined) throw notFound()
      return send(200, {
        id: run.id,
        run_number: run.number,
        run_attempt: run.attempt,
        event: run.event,
        head_branch: run.branch,
        head_sha: run.sha,
        repository: { id: REPOSITORY_ID },
        head_repository: run.headRepository === null ? null : { id: run.headRepository },
        html_url: `https://github.com/${settings.repository}/actions/runs/${run.id}`,
      })
    }
    case 'GET runs :id artifacts': {
      const ofRun = artifactsFor(server, url).filter(({ run }) => String(run.id) === id)
      return sendPage(
        server,
        url,
        send,
        'artifacts',
        ofRun.map(artifact => shown(server, artifact)),
      )
    }
    case 'GET caches':
      return sendPage(server, url, send, 'actions_caches', cachesFor(server, url).map(shownCache))
    case 'DELETE caches': {
      // Here, other than in the list, the key is the whole key.
      const gone = cachesFor(server, url).filter(({ key }) => key === url.searchParams.get('key'))
      if (gone.length === 0) throw notFound()
      for (const cache of gone) await deleteCache(server, cache)
      return send(200, { total_count: gone.length, actions_caches: gone.map(shownCache) })
    }
    case 'DELETE caches :id': {
      const cache = records.caches.find(other => String(other.id) === id && !other.deleted)
      if (cache === undefined) throw notFound()
      await deleteCache(server, cache)
      return send(204)
    }
    default:
      throw notFound()
  }
}

/** An error as api.github.com writes it. */
export function sendRestError(response: ServerResponse, now: number, { status, message, headers }: Refusal): void {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  sendJson(response, status, body, { ...rateHeaders(now), ...headers })
}

/** Without a token the lists of a public repository can be read, and a private one is not there. */
function authorize({ backend: { settings } }: RestServer, request: IncomingMessage, url: URL): void {
  if (request.headers['user-agent'] === undefined) {
    throw new Refusal(
      403,
      '',
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent',
    )
  }
  const token = request.headers.authorization?.replace(/^(token|bearer) /i, '')
  if (token === settings.token) return
  if (token !== undefined) throw new Refusal(401, '', 'Bad credentials')
  if (settings.visibility === 'private') throw notFound()
  if (request.method !== 'GET' || url.pathname.endsWith('/zip')) throw new Refusal(401, '', 'Requires authentication')
}

function sendPage(
  { origin }: RestServer,
  url: URL,
  send: Send,
  key: 'artifacts' | 'actions_caches',
  all: readonly object[],
): void {
  const { items, headers } = pageOf(origin, url, all)
  send(200, { total_count: all.length, [key]: items }, headers)
}

function repository({ backend: { settings } }: RestServer) {
  const [owner, name] = settings.repository.split('/')
  return {
    id: REPOSITORY_ID,
    name,
    full_name: settings.repository,
    owner: { login: owner },
    private: settings.visibility === 'private',
    visibility: settings.visibility,
    default_branch: 'main',
  }
}

/** Finished ones, expired ones among them, the youngest first. */
function artifactsFor({ backend: { records } }: RestServer, url: URL): readonly ArtifactRecord[] {
  const name = url.searchParams.get('name')
  return records.artifacts
    .filter(other => other.finished !== undefined && !other.deleted && (name === null || other.name === name))
    .reverse()
}

function artifactOf({ backend: { records } }: RestServer, id: string | undefined): ArtifactRecord {
  const found = records.artifacts.find(other => String(other.id) === id && other.finished && !other.deleted)
  if (found === undefined) throw notFound()
  return found
}

function shown({ backend: { settings }, origin }: RestServer, artifact: ArtifactRecord) {
  const { id, name, run, createdAt, expiresAt, finished } = artifact
  const created = new Date(createdAt).toISOString()
  const url = `${origin}/repos/${settings.repository}/actions/artifacts/${id}`
  return {
    id,
    node_id: Buffer.from(`Artifact:${id}`).toString('base64url'),
    name,
    size_in_bytes: finished?.size,
    url,
    archive_download_url: `${url}/zip`,
    expired: expiresAt <= settings.now(),
    digest: finished?.digest ?? null,
    created_at: created,
    updated_at: created,
    expires_at: new Date(expiresAt).toISOString(),
    workflow_run: {
      id: run.id,
      repository_id: REPOSITORY_ID,
      head_repository_id: run.headRepository,
      head_branch: run.branch,
      head_sha: run.sha,
    },
  }
}

function cachesFor({ backend: { records } }: RestServer, url: URL): readonly CacheRecord[] {
  const prefix = url.searchParams.get('key') ?? ''
  const ref = url.searchParams.get('ref')
  return records.caches
    .filter(other => other.size !== undefined && !other.deleted && other.key.startsWith(prefix))
    .filter(other => ref === null || ref === `refs/heads/${other.branch}`)
    .reverse()
}

async function deleteCache({ backend: { blobs } }: RestServer, cache: CacheRecord): Promise<void> {
  cache.deleted = true
  await blobs.remove(cache.blob)
}

function shownCache({ id, key, version, branch, size, createdAt }: CacheRecord) {
  const created = new Date(createdAt).toISOString()
  return {
    id,
    ref: `refs/heads/${branch}`,
    key,
    version,
    size_in_bytes: size,
    created_at: created,
    last_accessed_at: created,
  }
}

function rateHeaders(now: number): Record<string, string> {
  return {
    'x-github-request-id': randomUUID(),
    'x-ratelimit-limit': String(HOURLY_LIMIT),
    'x-ratelimit-remaining': String(HOURLY_LIMIT - 1),
    'x-ratelimit-used': '1',
    'x-ratelimit-reset': String(Math.floor(now / 1000) + HOUR),
    'x-ratelimit-resource': 'core',
  }
}

function notFound(): Refusal {
  return new Refusal(404, '', 'Not Found')
}
