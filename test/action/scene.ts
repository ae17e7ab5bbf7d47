/** A run of the Action with the files of a runner, and whatever job a test wants. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { variableOf } from '../../src/action/input-table.ts'
import { run, type Surroundings } from '../../src/action/run.ts'
import type { Report } from '../../src/report/report.ts'
import { FakePipe } from '../support/terminal.ts'

export const NOW = new Date('2026-11-23T02:00:00Z')

export type Job = Surroundings['runJob'] | Report | Error

export interface Ran {
  readonly code: number
  readonly stdout: string
  /** The lines of the log that are no masks. */
  readonly lines: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  /** The JSON that the output `report` names. */
  readonly report: unknown
}

export interface Runner extends Disposable {
  readonly folder: string
  readonly files: Readonly<Record<'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY' | 'RUNNER_TEMP', string>>
  run(
    inputs: Readonly<Record<string, string>>,
    job: Job,
    environment?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Ran>
}

export function runner(): Runner {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-action-'))
  const files = {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    RUNNER_TEMP: join(folder, 'temp'),
  }
  mkdirSync(files.RUNNER_TEMP)
  return {
    folder,
    files,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    async run(inputs, job, environment = {}, signal = new AbortController().signal) {
      const stdout = new FakePipe()
      const code = await run({
        environment: { ...files, ...inputVariables(inputs), ...environment },
        cwd: folder,
        stdout,
        signal,
        now: () => NOW,
        runJob: jobOf(job),
      })
      const outputs = outputsIn(files.GITHUB_OUTPUT)
      return {
        code,
        stdout: stdout.text,
        lines: stdout.text.split('\n').filter(line => !line.startsWith('::add-mask::')),
        outputs,
        summary: textOf(files.GITHUB_STEP_SUMMARY),
        report: outputs.report === undefined ? undefined : JSON.parse(readFileSync(outputs.report, 'utf8')),
      }
    },
  }
}

export function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [variableOf(name), value]))
}

/** As the runner reads the file. */
export function outputsIn(file: string): Record<string, string> {
  const blocks = textOf(file).matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2\n/gm)
  return Object.fromEntries([...blocks].map(([, name = '', , value = '']) => [name, value]))
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Nothing was written to it.
    return ''
  }
}

function jobOf(job: Job): Surroundings['runJob'] {
  if (typeof job === 'function') return job
  return async () => {
    if (job instanceof Error) throw job
    return job
  }
}
