/** The steps of a job, one after the other, in one workspace. */
import { readFileSync } from 'node:fs'
import { createCommandFiles } from './command-file.ts'
import type { Step } from './definition.ts'
import { execute, type Place } from './execute.ts'
import { type Contexts, holds, interpolate, interpolateAll } from './expression.ts'

export type Outcome = 'success' | 'failure' | 'skipped'

export interface StepResult {
  readonly name: string
  readonly outcome: Outcome
  /** The same, but for a failure that may be. */
  readonly conclusion: Outcome
  readonly outputs: Readonly<Record<string, string>>
  /** What it wrote for the job summary. */
  readonly summary: string
}

export interface JobContext {
  readonly contexts: Contexts
  /** `env:` of workflow and job. */
  readonly environment: Readonly<Record<string, string>>
}

/** What earlier steps left behind. */
interface Progress {
  readonly well: boolean
  readonly environment: Readonly<Record<string, string>>
  /** The context `steps`. */
  readonly steps: Contexts
}

export interface RanSteps {
  readonly results: readonly StepResult[]
  /** The context `steps`, as the job's outputs see it. */
  readonly steps: Contexts
}

export async function runSteps(steps: readonly Step[], job: JobContext, place: Place): Promise<RanSteps> {
  const results: StepResult[] = []
  let progress: Progress = { well: true, environment: job.environment, steps: {} }
  for (const [index, step] of steps.entries()) {
    const { result, environment } = await runStep(step, index, job.contexts, progress, place)
    results.push(result)
    progress = after(progress, step, result, environment)
  }
  return { results, steps: progress.steps }
}

async function runStep(step: Step, index: number, job: Contexts, progress: Progress, place: Place) {
  const before = contextsAt(progress, job, progress.environment)
  const env = { ...progress.environment, ...interpolateAll(step.env, before) }
  const contexts = contextsAt(progress, job, env)
  const name = interpolate(step.name ?? step.uses ?? step.run?.split('\n')[0], contexts)
  if (!holds(step.if, before, progress.well)) {
    place.log.line(`- skipped: ${name}`)
    const result: StepResult = { name, outcome: 'skipped', conclusion: 'skipped', outputs: {}, summary: '' }
    return { result, environment: {} }
  }
  place.log.line(`- ${name}`)
  const files = createCommandFiles(place.temporary, index)
  const { code, outputs, environment } = await execute(step, { env, contexts, files }, place)
  const summary = readFileSync(files.STEP_SUMMARY, 'utf8')
  const outcome = code === 0 ? 'success' : 'failure'
  const conclusion = step['continue-on-error'] === true ? 'success' : outcome
  const result: StepResult = { name, outcome, conclusion, outputs, summary }
  return { result, environment }
}

function contextsAt({ well, steps }: Progress, job: Contexts, env: Contexts): Contexts {
  return { ...job, env, steps, job: { ...Object(job.job), status: well ? 'success' : 'failure' } }
}

function after(
  { well, environment, steps }: Progress,
  step: Step,
  { outcome, conclusion, outputs }: StepResult,
  more: Readonly<Record<string, string>>,
): Progress {
  const known = { outcome, conclusion, outputs }
  return {
    well: well && conclusion !== 'failure',
    environment: { ...environment, ...more },
    steps: step.id === undefined ? steps : { ...steps, [step.id]: known },
  }
}
