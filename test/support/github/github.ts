/**
 * A stand-in for GitHub's services on loopback: results service (artifacts, caches), REST, signed blob URLs. The clients are
 * the real ones, unpatched; it verifies what a server would. Where github.com's behaviour is not known, it takes the strict reading.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBlobs } from './blobs.ts'
import { runnerEnvironment } from './environment.ts'
import { createFaults, type Fault } from './faults.ts'
import {
  type ArtifactRecord,
  addAttempt,
  addRun,
  type CacheRecord,
  createRecords,
  type IssueRecord,
  type PullRecord,
  type Run,
  type RunOptions,
  type WorkflowRecord,
} from './records.ts'
import { issueRuntimeToken } from './runtime-token.ts'
import { listen } from './server.ts'
import { type GitHubOptions, settingsOf } from './settings.ts'
import { signUrl } from './signed-url.ts'

export type { Fault } from './faults.ts'
export type { Run } from './records.ts'
export type { GitHubOptions } from './settings.ts'

export interface Artifact {
  readonly id: number
  readonly name: string
  readonly size: number
  /** `sha256:<hex>`, as the client said. */
  readonly digest: string | undefined
  readonly run: Run
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly deleted: boolean
}

export interface CacheEntry {
  readonly id: number
  readonly key: string
  readonly version: string
  readonly branch: string
  readonly size: number
  readonly createdAt: Date
  readonly deleted: boolean
}

export interface GitHub extends AsyncDisposable {
  /** `http://localhost:PORT`, the API's and the results service's. */
  readonly url: string
  readonly repository: string
  readonly token: string
  /** Many may exist at once. */
  newRun(run?: RunOptions): Run
  /** The same run again: same id, same scope of names, next attempt. */
  attempt(run: Run): Run
  environment(run: Run): Record<string, string>
  fault(fault: Fault): void
  /** Scripted faults that have not met all the requests they wait for. */
  readonly unmet: () => readonly Fault[]
  /** `GET /repos/acme/app/actions/artifacts?per_page=100`, in the order of their arrival. */
  readonly requests: readonly string[]
  /** Finalized ones, the deleted among them, as they are now. */
  readonly artifacts: readonly Artifact[]
  /** As if its time had come: it stays listed, and its download is gone. */
  expire(artifactId: number): void
  readonly caches: readonly CacheEntry[]
  /** It is only listed; comments can be written to any number. */
  openPullRequest(pull: PullRecord): void
  /** The bodies, in their order. */
  comments(number: number): readonly string[]
  /** As if somebody had written it. */
  addComment(number: number, login: string, body: string): void
  /** The fields of each as they are now, with all annotations that it was given. */
  readonly checkRuns: readonly Readonly<Record<string, unknown>>[]
  /** As they are now, the closed among them. */
  readonly issues: readonly Readonly<IssueRecord>[]
  /** As if somebody had opened it. Returns its number. */
  addIssue(issue: Partial<IssueRecord>): number
  readonly workflows: readonly Readonly<WorkflowRecord>[]
  /** Replaces one of the same file. `scheduled` is when it ran by its schedule. */
  setWorkflow(file: string, state: string, scheduled?: readonly string[]): void
}

export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const settings = settingsOf(options)
  const folder = await mkdtemp(join(tmpdir(), 'comeback-github-'))
  const secret = randomBytes(32)
  const records = createRecords()
  const faults = createFaults()
  const requests: string[] = []
  let url = ''

  const { port, server } = await listen({
    secret,
    faults,
    requests,
    origin: () => url,
    backend: {
      settings,
      records,
      blobs: createBlobs(folder),
      sign: (grant, seconds) => signUrl(secret, url, { ...grant, until: settings.now() + seconds * 1000 }),
    },
  })
  url = `http://localhost:${port}`

  return {
    url,
    repository: settings.repository,
    token: settings.token,
    newRun: (run = {}) => addRun(records, run),
    attempt: run => addAttempt(records, run),
    environment(run) {
      const runtimeToken = issueRuntimeToken(secret, run, settings.now())
      return runnerEnvironment(run, { url, settings, runtimeToken, folder })
    },
    fault: faults.add,
    unmet: faults.unmet,
    requests,
    get artifacts() {
      return records.artifacts.flatMap(toArtifact)
    },
    expire(artifactId) {
      const artifact = records.artifacts.find(({ id }) => id === artifactId)
      if (artifact === undefined) throw new Error(`There is no artifact ${artifactId}.`)
      artifact.expiresAt = settings.now() - 1
    },
    get caches() {
      return records.caches.flatMap(toCacheEntry)
    },
    openPullRequest: pull => void records.pulls.push(pull),
    comments: number =>
      records.comments.filter(({ issue, deleted }) => issue === number && !deleted).map(({ body }) => body),
    addComment: (issue, login, body) =>
      void records.comments.push({ id: records.nextId(), issue, login, body, deleted: false }),
    get checkRuns() {
      return records.checkRuns.map(({ fields, annotations }) => ({ ...fields, annotations }))
    },
    get issues() {
      return records.issues.map(issue => ({ ...issue }))
    },
    addIssue(issue) {
      const number = records.issues.length + 1
      const usual = { login: 'ada', title: 'An issue', body: null, labels: [], state: 'open', reason: null } as const
      records.issues.push({ ...usual, ...issue, number })
      return number
    },
    get workflows() {
      return records.workflows.map(workflow => ({ ...workflow }))
    },
    setWorkflow(file, state, scheduled = []) {
      const at = records.workflows.findIndex(other => other.file === file)
      const workflow = { id: records.nextId(), file, state, scheduled, enabled: 0 }
      records.workflows.splice(at === -1 ? records.workflows.length : at, 1, workflow)
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function toArtifact({ id, name, run, createdAt, expiresAt, finished, deleted }: ArtifactRecord): Artifact[] {
  if (finished === undefined) return []
  const { size, digest } = finished
  return [{ id, name, size, digest, run, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt), deleted }]
}

function toCacheEntry({ id, key, version, branch, size, createdAt, deleted }: CacheRecord): CacheEntry[] {
  return size === undefined ? [] : [{ id, key, version, branch, size, createdAt: new Date(createdAt), deleted }]
}
