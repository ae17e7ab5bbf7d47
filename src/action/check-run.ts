/**
 * The result as a check of a commit, with annotations. What could not be verified concludes as a failure: GitHub lets `neutral` and
 * `skipped` pass where a check is required, and tools know `action_required` less well; the title tells the two apart.
 */
import * as v from 'valibot'
import type { VerifyReport } from '../report/verify-report.ts'
import type { GitHubApi } from './github-api.ts'

/** In one request, and in all; GitHub shows few of them anyway. */
const BATCH = 50
export const MOST_ANNOTATIONS = 200
/** Characters. */
const TITLE = 255
const MESSAGE = 10_000

const MADE = v.object({ id: v.number() })

export interface CheckRun {
  readonly name: string
  /** The commit. */
  readonly sha: string
  readonly verdict: VerifyReport['verdict']
  readonly title: string
  /** Markdown. */
  readonly summary: string
  readonly annotations: readonly CheckAnnotation[]
  /** Where the run can be looked at. */
  readonly url: string | undefined
}

export interface CheckAnnotation {
  /** Of a file in the repository, with `/`. */
  readonly path: string
  readonly level: 'failure' | 'warning' | 'notice'
  readonly title: string
  readonly message: string
}

/** Repeated, it makes another one that takes the place of the first. */
export async function putCheckRun(api: GitHubApi, run: CheckRun): Promise<void> {
  const { name, sha, verdict, title, summary, url } = run
  const annotations = run.annotations.slice(0, MOST_ANNOTATIONS).map(shown)
  const output = (from: number) => ({
    title: title.slice(0, TITLE),
    summary,
    annotations: annotations.slice(from, from + BATCH),
  })
  const made = await api.ask('POST /repos/{owner}/{repo}/check-runs', {
    name,
    head_sha: sha,
    status: 'completed',
    conclusion: verdict === 'verified' ? 'success' : 'failure',
    ...(url === undefined ? {} : { details_url: url }),
    output: output(0),
  })
  const { id } = v.parse(MADE, made.data)
  for (let from = BATCH; from < annotations.length; from += BATCH) {
    await api.ask('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', { check_run_id: id, output: output(from) })
  }
}

/** On the first line, as nobody knows a better one. */
function shown({ path, level, title, message }: CheckAnnotation) {
  return {
    path,
    start_line: 1,
    end_line: 1,
    annotation_level: level,
    title: title.slice(0, TITLE),
    message: message.slice(0, MESSAGE) || title,
  }
}
