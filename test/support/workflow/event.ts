/** What starts a run, and which inputs and secrets the workflow then sees. */

import type { Trigger, Workflow } from './definition.ts'
import type { Contexts, Value } from './expression.ts'

export type Event =
  | { readonly name: 'schedule'; readonly cron: string }
  | { readonly name: 'workflow_dispatch'; readonly inputs?: Given }
  /** The run is the caller's: `caller` is the event that started that one. */
  | {
      readonly name: 'workflow_call'
      readonly inputs?: Given
      readonly caller: Exclude<Event, { name: 'workflow_call' }>
    }

type Given = Readonly<Record<string, Value>>
type Secrets = Readonly<Record<string, string>>

/** `github.event_name` and `github.event`. */
export function eventContext(event: Event): Contexts {
  if (event.name === 'workflow_call') return eventContext(event.caller)
  const payload = event.name === 'schedule' ? { schedule: event.cron } : { inputs: event.inputs ?? {} }
  return { event_name: event.name, event: payload }
}

/** Throws where GitHub would not start the run. */
export function inputsFor(workflow: Workflow, event: Event): Given {
  if (event.name === 'schedule') {
    const crons = workflow.on.schedule?.map(({ cron }) => cron) ?? []
    if (!crons.includes(event.cron)) throw new Error(`${event.cron} is not on the schedule: ${crons.join(', ')}`)
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

function triggerOf(workflow: Workflow, { name }: Exclude<Event, { name: 'schedule' }>): Trigger {
  const trigger = workflow.on[name]
  if (trigger === undefined) throw new Error(`The workflow is not started by ${name}.`)
  return trigger
}
