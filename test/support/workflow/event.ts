/** What starts a run, and which inputs and secrets the workflow then sees. */

import picomatch from 'picomatch'
import type { Trigger, Workflow } from './definition.ts'
import type { Value } from './expression.ts'

export type Event =
  | { readonly name: 'schedule'; readonly cron: string }
  | { readonly name: 'workflow_dispatch'; readonly inputs?: Given }
  | PullRequest
  | WorkflowRunEvent
  /** The run is the caller's: `caller` is the event that started that one. */
  | {
      readonly name: 'workflow_call'
      readonly inputs?: Given
      readonly caller: Exclude<Event, { name: 'workflow_call' }>
    }

export interface PullRequest {
  readonly name: 'pull_request'
  readonly number: number
  readonly branch: string
  readonly sha: string
  /** Paths that differ from the base. */
  readonly changed: readonly string[]
  /** The repository that it comes from, if that is another one. */
  readonly fork?: string
  /** Who opened it; without it, the actor. */
  readonly author?: string
  /** Who did what started the run. */
  readonly actor?: string
}

/** Another workflow has run to its end. */
export interface WorkflowRunEvent {
  readonly name: 'workflow_run'
  readonly workflow: string
  readonly conclusion: 'success' | 'failure'
  readonly of: Exclude<Event, { name: 'workflow_call' | 'workflow_run' }>
}

type Given = Readonly<Record<string, Value>>
type Secrets = Readonly<Record<string, string>>

/** `github.event`, as far as it is the event's own: what it says of the repository is not in it. */
export function eventPayload(event: Event, repository: string): { readonly [name: string]: Value } {
  switch (event.name) {
    case 'workflow_call':
      return eventPayload(event.caller, repository)
    case 'schedule':
      return { schedule: event.cron }
    case 'workflow_dispatch':
      return { inputs: event.inputs ?? {} }
    case 'pull_request': {
      const { number, branch, sha, fork = repository, actor = 'octocat', author = actor } = event
      const repo = { full_name: fork, fork: fork !== repository, owner: { login: fork.split('/')[0] } }
      const head = { ref: branch, sha, repo }
      const pull = { number, head, base: { ref: 'main', repo: { full_name: repository } }, user: { login: author } }
      return { action: 'synchronize', number, pull_request: pull }
    }
    case 'workflow_run': {
      const { workflow, conclusion, of } = event
      const pull = of.name === 'pull_request' ? of : undefined
      const from = pull?.fork ?? repository
      const run = {
        name: workflow,
        conclusion,
        event: of.name,
        head_branch: pull?.branch ?? 'main',
        head_sha: pull?.sha ?? '0'.repeat(40),
        head_repository: { full_name: from, owner: { login: from.split('/')[0] } },
        actor: { login: pull?.actor ?? 'octocat' },
        // Of a pull request from a fork GitHub does not tell it.
        pull_requests: pull === undefined || pull.fork !== undefined ? [] : [{ number: pull.number }],
      }
      return { action: 'completed', workflow_run: run }
    }
  }
}

/** Neither forks nor Dependabot get any. */
export function getsSecrets(event: Event): boolean {
  if (event.name === 'workflow_call') return getsSecrets(event.caller)
  return event.name !== 'pull_request' || (event.fork === undefined && event.actor !== 'dependabot[bot]')
}

/** Throws where GitHub would not start the run. */
export function inputsFor(workflow: Workflow, event: Event): Given {
  if (event.name === 'schedule') {
    const crons = workflow.on.schedule?.map(({ cron }) => cron) ?? []
    if (!crons.includes(event.cron)) throw new Error(`${event.cron} is not on the schedule: ${crons.join(', ')}`)
    return {}
  }
  if (event.name === 'pull_request') {
    const { pull_request: trigger } = workflow.on
    if (trigger === undefined) throw new Error('The workflow is not started by pull requests.')
    const touches = picomatch([...(trigger?.paths ?? ['**'])], { dot: true })
    if (!event.changed.some(path => touches(path))) throw new Error('The pull request touches none of the paths.')
    return {}
  }
  if (event.name === 'workflow_run') {
    const after = workflow.on.workflow_run?.workflows ?? []
    if (!after.includes(event.workflow)) throw new Error(`${event.workflow} is not among ${after.join(', ')}.`)
    return {}
  }
  const declared = triggerOf(workflow, event)?.inputs ?? {}
  const given = event.inputs ?? {}
  for (const name of Object.keys(given)) if (!(name in declared)) throw new Error(`There is no input ${name}.`)
  return Object.fromEntries(
    Object.entries(declared).map(([name, { type = 'string', default: standard, required, options }]) => {
      if (required && given[name] === undefined) throw new Error(`The input ${name} is required.`)
      const value =
        given[name] ?? standard ?? { string: '', choice: options?.[0] ?? '', number: 0, boolean: false }[type]
      const kind = type === 'choice' ? 'string' : type
      if (typeof value !== kind) throw new Error(`The input ${name} is a ${type}, not ${JSON.stringify(value)}.`)
      if (type === 'choice' && !options?.includes(`${value}`)) throw new Error(`The input ${name} cannot be ${value}.`)
      return [name, value]
    }),
  )
}

/** A workflow that is called sees only the secrets that it declares. */
export function secretsFor(workflow: Workflow, event: Event, secrets: Secrets): Secrets {
  if (event.name !== 'workflow_call') return secrets
  const declared = triggerOf(workflow, event)?.secrets ?? {}
  for (const name of Object.keys(secrets)) if (!(name in declared)) throw new Error(`There is no secret ${name}.`)
  for (const [name, { required }] of Object.entries(declared)) {
    if (required && !(name in secrets)) throw new Error(`The secret ${name} is required.`)
  }
  return secrets
}

function triggerOf(workflow: Workflow, { name }: Extract<Event, { inputs?: Given }>): Trigger {
  const trigger = workflow.on[name]
  if (trigger === undefined) throw new Error(`The workflow is not started by ${name}.`)
  return trigger
}
