/** What the server remembers: runs, artifacts, caches. */
import { randomBytes, randomUUID } from 'node:crypto'

const FIRST_RUN_ID = 7_000_000_001
const FIRST_ID = 1001
/** Of the repository that is stood in for. */
export const REPOSITORY_ID = 1

export interface Run {
  readonly id: number
  readonly number: number
  readonly attempt: number
  readonly branch: string
  readonly event: string
  /** Id of the repository that its code is of: another one for a fork's pull request, null if that fork was deleted. */
  readonly headRepository: number | null
  readonly sha: string
  /** The results service's own name for the run: the scope of artifact names, the same for all attempts. */
  readonly backendId: string
  /** Another one for each attempt. */
  readonly jobId: string
}

export interface ArtifactRecord {
  readonly id: number
  readonly name: string
  readonly run: Run
  readonly mimeType: string
  /** Name of the blob that holds the bytes. */
  readonly blob: string
  readonly createdAt: number
  expiresAt: number
  /** Absent until it is finalized; an artifact that never is keeps its name taken and shows nowhere. */
  finished: { readonly size: number; readonly digest: string | undefined } | undefined
  deleted: boolean
}

export interface CacheRecord {
  readonly id: number
  readonly key: string
  readonly version: string
  readonly branch: string
  readonly blob: string
  readonly createdAt: number
  size: number | undefined
  deleted: boolean
}

export interface PullRecord {
  readonly number: number
  readonly branch: string
  readonly sha: string
  /** `owner/name`, if it comes from another repository. */
  readonly fork?: string | undefined
}

export interface CommentRecord {
  readonly id: number
  readonly issue: number
  readonly login: string
  body: string
  deleted: boolean
}

export interface CheckRunRecord {
  readonly id: number
  /** As the client gave them, but for the annotations, which add up. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly annotations: Readonly<Record<string, unknown>>[]
}

export interface IssueRecord {
  readonly number: number
  readonly login: string
  title: string
  body: string | null
  labels: readonly string[]
  state: 'open' | 'closed'
  /** Why it was closed. */
  reason: string | null
}

export interface WorkflowRecord {
  readonly id: number
  /** `backup.yml`. */
  readonly file: string
  state: string
  /** When it ran by its schedule, ISO 8601. */
  readonly scheduled: readonly string[]
  /** How often it was switched on, or told to stay on. */
  enabled: number
}

export interface Records {
  readonly runs: Run[]
  readonly artifacts: ArtifactRecord[]
  readonly caches: CacheRecord[]
  /** The open ones. */
  readonly pulls: PullRecord[]
  readonly comments: CommentRecord[]
  readonly checkRuns: CheckRunRecord[]
  readonly issues: IssueRecord[]
  readonly workflows: WorkflowRecord[]
  /** One sequence for all of them; a higher id is younger. */
  nextId(): number
}

export function createRecords(): Records {
  let id = FIRST_ID
  return {
    runs: [],
    artifacts: [],
    caches: [],
    pulls: [],
    comments: [],
    checkRuns: [],
    issues: [],
    workflows: [],
    nextId: () => id++,
  }
}

export interface RunOptions {
  readonly branch?: string
  readonly attempt?: number
  readonly event?: string
  readonly headRepository?: number | null
}

export function addRun(
  { runs }: Records,
  { branch = 'main', attempt = 1, event = 'schedule', headRepository = REPOSITORY_ID }: RunOptions,
): Run {
  const number = new Set(runs.map(run => run.id)).size + 1
  const run = {
    id: FIRST_RUN_ID + number - 1,
    number,
    attempt,
    branch,
    event,
    headRepository,
    sha: randomBytes(20).toString('hex'),
    backendId: randomUUID(),
    jobId: randomUUID(),
  }
  runs.push(run)
  return run
}

export function addAttempt({ runs }: Records, run: Run): Run {
  const attempt = Math.max(...runs.filter(other => other.id === run.id).map(other => other.attempt)) + 1
  const next = { ...run, attempt, jobId: randomUUID() }
  runs.push(next)
  return next
}
