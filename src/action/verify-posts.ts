/**
 * The verdict where people look: a comment of the pull request, and a check of the commit. Neither may change how the run ends:
 * what keeps them from being written is a warning that says which right is missing.
 */
import { existsSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { asComebackError } from '../errors.ts'
import { COMPONENTS } from '../format/manifest.ts'
import { briefErrorMarkdown, briefVerifyMarkdown, type Origin, verifyTitle } from '../report/markdown-verify.ts'
import { weightOf } from '../report/proof-words.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import type { Environment } from '../run/environment.ts'
import { githubContext } from '../run/github.ts'
import type { Ending } from '../run/notices.ts'
import { type CheckAnnotation, putCheckRun } from './check-run.ts'
import { pullBehind, putComment } from './comment.ts'
import { type EventFacts, eventFacts } from './event.ts'
import { explained, type GitHubApi, openGitHubApi, withPatience } from './github-api.ts'
import type { Request } from './inputs.ts'
import { outputsOfError } from './outputs.ts'
import type { Voice } from './voice.ts'
import { inputsInsteadOfFlags } from './wording.ts'

/** Milliseconds for all of it. */
const PATIENCE = 120_000

export interface Posting {
  readonly request: Request
  readonly environment: Environment
  readonly cwd: string
  readonly voice: Voice
  readonly now: Date
  readonly signal: AbortSignal
  /** A line for the debug log. */
  readonly debug: (text: string) => void
  /** Milliseconds between two attempts. */
  readonly pause?: number
}

interface Post {
  readonly verdict: VerifyReport['verdict']
  readonly title: string
  readonly markdown: string
  readonly annotations: readonly CheckAnnotation[]
  /** Nothing was looked at now. */
  readonly recorded: boolean
}

/** Never rejects. */
export async function postVerdict(ending: Ending, posting: Posting): Promise<void> {
  const { request, environment, signal, voice, debug } = posting
  const { command, comment, checkRun, options } = request
  if (command.verb !== 'verify' || !(comment || checkRun)) return
  // Whatever cancelled it, a newer run of the same pull request most of the time, has the word now.
  if (signal.aborted || asCancelled(ending)) return debug('No comment and no check of a run that was cancelled.')
  const event = eventFacts(environment)
  if (event.problem !== undefined) debug(`The event could not be read: ${event.problem}`)
  const { repository, apiUrl } = githubContext(environment, undefined)
  const { githubToken: token } = options
  if (repository === undefined || token === undefined) {
    const lacking = repository === undefined ? 'GITHUB_REPOSITORY is not set' : 'there is no github-token'
    warn(voice, `No comment and no check could be written: ${lacking}.`)
    return
  }
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
  try {
    const api = await openGitHubApi({ repository, token, apiUrl, signal: limited })
    const post = postOf(ending, posting, event)
    if (comment) await writeComment(api, post, event, posting, limited)
    if (checkRun) await writeCheckRun(api, post, event, posting, limited)
  } catch (error) {
    warn(voice, `No comment and no check could be written: ${asComebackError(error).message}`)
  }
}

async function writeComment(api: GitHubApi, post: Post, event: EventFacts, posting: Posting, signal: AbortSignal) {
  const { environment, request, debug } = posting
  const right = 'pull-requests: write'
  await attempt('write the comment', right, event, posting, async () => {
    const { behind } = event
    const pull =
      event.pull ??
      (behind === undefined ? undefined : await withPatience(() => pullBehind(api, behind), signal, posting.pause))
    if (pull === undefined) return debug('There is no pull request to comment.')
    const comment = {
      pull,
      name: [workflowFile(environment), environment.GITHUB_JOB ?? '', componentsText(request)].join('/'),
      run: { id: environment.GITHUB_RUN_ID || '0', attempt: environment.GITHUB_RUN_ATTEMPT || '1' },
      markdown: post.markdown,
    }
    const result = await withPatience(() => putComment(api, comment), signal, posting.pause)
    debug(`The comment of pull request ${pull}: ${result}.`)
  })
}

async function writeCheckRun(api: GitHubApi, post: Post, event: EventFacts, posting: Posting, signal: AbortSignal) {
  const { request, environment, debug } = posting
  const { sha } = event
  // A required check must not pass on a commit of which nothing was looked at.
  if (post.recorded) return debug('No check of a commit for a proof that was made before.')
  if (sha === undefined) return debug('There is no commit to check.')
  await attempt('write the check', 'checks: write', event, posting, async () => {
    const components = componentsText(request)
    const run = {
      name: `Comeback proof${components === 'all' ? '' : `: ${components}`}`,
      sha,
      verdict: post.verdict,
      title: post.title,
      summary: post.markdown,
      annotations: post.annotations,
      url: runUrl(environment),
    }
    await withPatience(() => putCheckRun(api, run), signal, posting.pause)
  })
}

async function attempt(
  what: string,
  right: string,
  event: EventFacts,
  { voice }: Posting,
  errand: () => Promise<void>,
) {
  try {
    await errand()
  } catch (error) {
    const { code, message, hint } = explained(error, what, right, event.readOnly)
    // Nothing that anybody could put right.
    const level = code === 'permission' && event.readOnly ? 'notice' : 'warning'
    voice.annotate({ level, title: 'Comeback', text: hint === undefined ? message : `${message}\n${hint}` })
  }
}

function postOf(ending: Ending, posting: Posting, { sha }: EventFacts): Post {
  const { request, environment, voice, now } = posting
  const origin: Origin = { run: runUrl(environment), commit: sha }
  if (ending.report?.command === 'verify') {
    const { migration, ...proved } = ending.report
    // What a migration does is told by the names that it is written with.
    const report = { ...voice.public(proved), ...(migration && { migration: voice.readable(migration) }) }
    const markdown = briefVerifyMarkdown(report, { details: request.summaryDetails, now }, origin)
    return {
      verdict: report.verdict,
      title: verifyTitle(report),
      markdown: inputsInsteadOfFlags(markdown),
      annotations: annotationsOf(report, posting),
      recorded: report.kind === 'recorded',
    }
  }
  const error = asComebackError(ending.report === undefined ? ending.error : undefined)
  const { code, message, hint } = voice.public({ code: error.code, message: error.message, hint: error.hint })
  const verdict = outputsOfError(error, 'verify').verdict === 'failed' ? 'failed' : 'could-not-verify'
  return {
    verdict,
    title: message,
    markdown: inputsInsteadOfFlags(briefErrorMarkdown({ code, message, hint }, verdict, origin)),
    annotations: [
      {
        path: workflowPath(environment),
        level: 'failure',
        title: `Comeback: ${code}`,
        message: withHint(message, hint),
      },
    ],
    recorded: request.options.recorded,
  }
}

function annotationsOf({ proofs, migration }: VerifyReport, posting: Posting): readonly CheckAnnotation[] {
  const all = [
    ...(migration?.findings ?? []).map(finding => ({ ...finding, of: 'migration' })),
    ...proofs.flatMap(({ component, findings }) => findings.map(finding => ({ ...finding, of: component }))),
  ]
  const levels = { failed: 'failure', 'could-not-verify': 'warning', note: 'notice' } as const
  return all.map(({ code, subject, message, hint, of }) => ({
    path:
      (code.startsWith('assertion-') ? assertionPath(subject, posting) : undefined) ??
      workflowPath(posting.environment),
    level: levels[weightOf(code)],
    title: `Comeback: ${of}, ${code}`,
    message: inputsInsteadOfFlags(withHint(subject === '' ? message : `${subject}: ${message}`, hint)),
  }))
}

/** In the repository; undefined if the file is somewhere else. */
function assertionPath(name: string, { request, cwd }: Posting): string | undefined {
  const { assertions } = request.options
  if (assertions === undefined) return undefined
  const file = resolve(cwd, assertions, `${name}.sql`)
  const path = relative(cwd, file)
  // Where the results of other jobs are told, nothing is checked out.
  const isThere = request.results.length > 0 || existsSync(file)
  return isAbsolute(path) || path.split(sep)[0] === '..' || !isThere ? undefined : path.split(sep).join('/')
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}\n${hint}`
}

function asCancelled(ending: Ending): boolean {
  return ending.report === undefined && asComebackError(ending.error).code === 'cancelled'
}

/** `.github/workflows/verify.yml`, the caller's where the workflow is called. */
function workflowPath({ GITHUB_WORKFLOW_REF: ref = '' }: Environment): string {
  return /^[^/]+\/[^/]+\/([^@]+)@/.exec(ref)?.[1] ?? '.github/workflows'
}

function workflowFile(environment: Environment): string {
  const path = workflowPath(environment)
  return path.endsWith('workflows') ? (environment.GITHUB_WORKFLOW ?? '') : (path.split('/').at(-1) ?? path)
}

function componentsText({ command }: Request): string {
  const components = 'components' in command ? command.components : []
  return components.length === COMPONENTS.length ? 'all' : components.join(', ')
}

function runUrl(environment: Environment): string | undefined {
  const { serverUrl, repository } = githubContext(environment, undefined)
  const { GITHUB_RUN_ID: id = '' } = environment
  return repository === undefined || id === '' ? undefined : `${serverUrl}/${repository}/actions/runs/${id}`
}

function warn(voice: Voice, text: string): void {
  voice.annotate({ level: 'warning', title: 'Comeback', text })
}
