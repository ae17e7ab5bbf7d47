/** One HTTP server on loopback that is all of GitHub's services: it notes each request, meets faults, and routes the rest. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { artifactService } from './artifact-service.ts'
import { sendBlobError, serveBlob } from './blob-service.ts'
import { cacheService } from './cache-service.ts'
import type { Fault, Faults } from './faults.ts'
import type { Run } from './records.ts'
import { Refusal, sendJson } from './refusal.ts'
import { sendRestError, serveRest } from './rest.ts'
import { readRuntimeToken } from './runtime-token.ts'
import { BLOB_PATH } from './signed-url.ts'
import { type Backend, TWIRP_PATH, type TwirpBody, type TwirpService } from './twirp.ts'

const HOST = '127.0.0.1'

export interface Services {
  readonly secret: Buffer
  readonly faults: Faults
  readonly requests: string[]
  /** Known once the server listens. */
  readonly origin: () => string
  readonly backend: Backend
}

export async function listen(services: Services): Promise<{ readonly port: number; readonly server: Server }> {
  const twirp = new Map<string, TwirpService>([
    ['ArtifactService', artifactService(services.backend)],
    ['CacheService', cacheService(services.backend)],
  ])
  const server = createServer((request, response) => {
    answer(services, twirp, request, response).catch(error => fail(services, request, response, error))
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, server }
}

async function answer(
  services: Services,
  twirp: ReadonlyMap<string, TwirpService>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { faults, requests, secret, backend } = services
  const line = `${request.method} ${request.url}`
  requests.push(line)
  const fault = faults.meet(line)
  if (fault?.delay !== undefined) await sleep(fault.delay, undefined, { ref: false })
  if (fault?.reset) {
    request.socket.destroy()
    return
  }
  if (fault?.status !== undefined) return sendFault(services, fault, request, response)
  // The work is done, and its answer meets a connection that is gone.
  if (fault?.lost) response.writeHead = () => response.destroy()

  const url = new URL(request.url ?? '', services.origin())
  if (url.pathname.startsWith(BLOB_PATH)) {
    const cut = (length: number) => faults.cut(line, length)
    return serveBlob({ blobs: backend.blobs, secret, now: backend.settings.now, cut }, request, response, url)
  }
  const [, service = '', method = ''] = TWIRP_PATH.exec(url.pathname) ?? []
  if (service === '') return serveRest({ backend, origin: services.origin() }, request, response, url)
  const call = twirp.get(service)?.[method]
  if (call === undefined || request.method !== 'POST') throw new Refusal(404, 'bad_route', `no handler for ${line}`)
  const run = runOf(services, request)
  sendJson(response, 200, await call((await json(request)) as TwirpBody, run))
}

function runOf({ secret, backend: { records, settings } }: Services, request: IncomingMessage): Run {
  const { jobId } = readRuntimeToken(secret, request.headers.authorization, settings.now())
  const run = records.runs.find(other => other.jobId === jobId)
  if (run === undefined) throw new Refusal(401, 'unauthenticated', 'the runtime token is for no run')
  return run
}

function fail(services: Services, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
  } else if (error instanceof Refusal) {
    refuse(services, request, response, error)
  } else {
    console.error('The stand-in for GitHub failed:', error)
    refuse(services, request, response, new Refusal(500, 'internal', String(error)))
  }
}

function refuse(services: Services, request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  // What is still coming has no reader any more.
  request.resume()
  const { status, code, message, headers } = refusal
  const path = request.url ?? ''
  if (path.startsWith(BLOB_PATH)) sendBlobError(request, response, refusal)
  else if (path.startsWith('/twirp/')) sendJson(response, status, { code, msg: message }, headers)
  else sendRestError(response, services.backend.settings.now(), refusal)
}

function sendFault(services: Services, fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  const { status = 500, body, headers } = fault
  if (body === undefined) {
    refuse(services, request, response, new Refusal(status, 'internal', 'scripted fault', headers))
    return
  }
  request.resume()
  response.writeHead(status, headers)
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
