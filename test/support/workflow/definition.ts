/** Workflows and actions as they are written, as far as the runner knows them. What it does not know, it refuses. */
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parse } from 'yaml'

const scalar = v.union([v.string(), v.number(), v.boolean(), v.null()])
const texts = v.record(v.string(), scalar)

const step = v.strictObject({
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  if: v.optional(scalar),
  uses: v.optional(v.string()),
  run: v.optional(v.string()),
  shell: v.optional(v.literal('bash')),
  with: v.optional(texts),
  env: v.optional(texts),
  'continue-on-error': v.optional(v.boolean()),
})

const service = v.strictObject({
  image: v.string(),
  env: v.optional(texts),
  ports: v.optional(v.array(scalar)),
  options: v.optional(v.string()),
})

const job = v.strictObject({
  name: v.optional(v.string()),
  if: v.optional(scalar),
  'runs-on': v.optional(v.string()),
  'timeout-minutes': v.optional(scalar),
  'cache-mode': v.optional(v.picklist(['none', 'read', 'write', 'write-only'])),
  environment: v.optional(v.string()),
  permissions: v.optional(v.record(v.string(), v.string())),
  concurrency: v.optional(v.strictObject({ group: v.string(), 'cancel-in-progress': v.optional(scalar) })),
  needs: v.optional(v.string()),
  outputs: v.optional(texts),
  env: v.optional(texts),
  services: v.optional(v.record(v.string(), service)),
  uses: v.optional(v.string()),
  with: v.optional(texts),
  secrets: v.optional(texts),
  steps: v.optional(v.array(step)),
})

const input = v.strictObject({
  description: v.optional(v.string()),
  type: v.optional(v.picklist(['string', 'number', 'boolean', 'choice'])),
  required: v.optional(v.boolean()),
  default: v.optional(scalar),
  options: v.optional(v.array(v.string())),
})

const trigger = v.nullable(
  v.object({
    inputs: v.optional(v.record(v.string(), input)),
    secrets: v.optional(
      v.record(v.string(), v.object({ description: v.optional(v.string()), required: v.optional(v.boolean()) })),
    ),
  }),
)

const workflow = v.object({
  name: v.optional(v.string()),
  on: v.object({
    pull_request: v.optional(v.nullable(v.strictObject({ paths: v.optional(v.array(v.string())) }))),
    workflow_run: v.optional(
      v.strictObject({ workflows: v.array(v.string()), types: v.optional(v.array(v.string())) }),
    ),
    schedule: v.optional(v.array(v.object({ cron: v.string() }))),
    workflow_dispatch: v.optional(trigger),
    workflow_call: v.optional(trigger),
  }),
  env: v.optional(texts),
  jobs: v.record(v.string(), job),
})

const action = v.object({
  inputs: v.optional(v.record(v.string(), v.object({ default: v.optional(scalar) }))),
  runs: v.strictObject({ using: v.literal('node24'), main: v.string() }),
})

export type Workflow = v.InferOutput<typeof workflow>
export type Job = v.InferOutput<typeof job>
export type Step = v.InferOutput<typeof step>
export type Service = v.InferOutput<typeof service>
export type Trigger = v.InferOutput<typeof trigger>
export type Action = v.InferOutput<typeof action>

export function readWorkflow(file: string): Workflow {
  return v.parse(workflow, parse(readFileSync(file, 'utf8')))
}

export function readAction(file: string): Action {
  return v.parse(action, parse(readFileSync(file, 'utf8')))
}
