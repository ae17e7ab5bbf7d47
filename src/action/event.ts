/** What started the run, as far as comments and checks need it: the pull request and its last commit. */
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import type { Environment } from '../run/environment.ts'

const DEPENDABOT = 'dependabot[bot]'
/** Who can open a pull request chooses the branch's name, so it is never more than a word that GitHub is asked for. */
const COMMIT = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))
const NUMBER = v.pipe(v.number(), v.integer(), v.minValue(1))
const REPOSITORY = v.nullish(v.object({ full_name: v.string() }))
const EVENT = v.object({
  pull_request: v.optional(
    v.object({
      number: NUMBER,
      head: v.object({ sha: COMMIT, repo: REPOSITORY }),
      user: v.nullish(v.object({ login: v.string() })),
    }),
  ),
  workflow_run: v.optional(
    v.object({
      head_branch: v.nullish(v.string()),
      head_sha: COMMIT,
      head_repository: REPOSITORY,
      event: v.optional(v.string()),
      pull_requests: v.optional(v.array(v.object({ number: NUMBER }))),
    }),
  ),
})

export interface EventFacts {
  /** Of the pull request that started the run. */
  readonly pull?: number
  /** Where the run follows one of a pull request, by which its number can be looked up: `mallory:branch` at a commit. */
  readonly behind?: { readonly head: string; readonly sha: string }
  /** That a check is for; absent outside of a run. */
  readonly sha?: string
  /** Whether the run's own token may only read, whatever the workflow says. */
  readonly readOnly: boolean
}

/** An event that cannot be read is one of no pull request; `problem` says why. */
export function eventFacts(environment: Environment): EventFacts & { readonly problem?: string } {
  const {
    GITHUB_EVENT_PATH: file = '',
    GITHUB_SHA: commit,
    GITHUB_REPOSITORY: repository,
    GITHUB_ACTOR: actor,
  } = environment
  const own = commit === undefined || commit === '' ? {} : { sha: commit }
  if (file === '') return { ...own, readOnly: false }
  try {
    const { pull_request: pull, workflow_run: run } = v.parse(EVENT, JSON.parse(readFileSync(file, 'utf8')))
    if (pull !== undefined) {
      // Whoever pushes to a branch of Dependabot's starts the run, and is not who wrote what it holds.
      const foreign = pull.head.repo?.full_name !== repository || [pull.user?.login, actor].includes(DEPENDABOT)
      return { pull: pull.number, sha: pull.head.sha, readOnly: foreign }
    }
    if (run?.event !== 'pull_request') return { ...own, readOnly: false }
    const [known] = run.pull_requests ?? []
    const owner = run.head_repository?.full_name.split('/')[0]
    return {
      ...own,
      ...(known === undefined ? {} : { pull: known.number }),
      ...(owner === undefined || !run.head_branch
        ? {}
        : { behind: { head: `${owner}:${run.head_branch}`, sha: run.head_sha } }),
      readOnly: false,
    }
  } catch (error) {
    return { ...own, readOnly: false, problem: error instanceof Error ? error.message : String(error) }
  }
}
