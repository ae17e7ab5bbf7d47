/** What is tortured: the built program on a store of some kind. The same commands go to the CLI and, for artifacts, to the Action. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Step, startRunner } from '../support/action.ts'
import { CLI, TEST_KEY } from '../support/cli.ts'
import { startGitHub } from '../support/github/github.ts'
import { NODE_FLAGS } from '../support/node-flags.ts'
import { CREDENTIALS, REGION, startFakeS3 } from '../support/s3/fake-s3.ts'

export type StoreKind = 'folder' | 'bucket' | 'artifacts'
/** Names of options as the README has them; `true` is a flag, a list its values. */
export type Given = Readonly<Record<string, string | readonly string[] | true>>

export interface Command {
  readonly verb: string
  readonly component?: 'database' | 'files'
  readonly given?: Given
}

export interface Conditions {
  /** Milliseconds after which the process is killed, with no moment to tidy up. */
  readonly kill?: number
  /** How many days its clock goes ahead; negative is behind. */
  readonly days?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Of the reports of all verbs, what is looked at here. */
export interface Told {
  readonly verdict?: string
  readonly backups?: readonly {
    readonly id: string
    readonly component: string
    readonly status: string
    readonly purpose?: string
  }[]
}

export interface Ended {
  /** Null where it was killed. */
  readonly code: number | null
  readonly milliseconds: number
  /** All that it said. */
  readonly said: string
  /** Absent where it was killed before it said anything. */
  readonly report: Told | undefined
  /** It neither ended by itself within the limit nor was to be killed. */
  readonly hung: boolean
}

export interface Subject extends AsyncDisposable {
  readonly kind: StoreKind
  /** Where it runs, and its temporary folder. */
  readonly folder: string
  readonly temporary: string
  run(command: Command, conditions?: Conditions): Promise<Ended>
}

/** Milliseconds. Nothing here takes a tenth of it on an idle machine. */
const LIMIT = 240_000
const DAY = 86_400_000
const CLOCK = new URL('../support/shifted-clock.ts', import.meta.url).href
/** The chain of credentials must not leave the loopback. */
const NO_MACHINE = { AWS_EC2_METADATA_DISABLED: 'true' }

export async function startSubject(kind: StoreKind): Promise<Subject> {
  if (kind === 'artifacts') return await startActionSubject()
  const bucket = kind === 'bucket' ? await startFakeS3({ pageSize: 50 }) : undefined
  const folder = mkdtempSync(join(tmpdir(), 'comeback-torture-'))
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  const store: Record<string, string> =
    bucket === undefined
      ? { COMEBACK_STORE: 'file:store' }
      : {
          ...NO_MACHINE,
          COMEBACK_STORE: 's3://backups/torture',
          AWS_ENDPOINT_URL_S3: bucket.endpoint,
          AWS_REGION: REGION,
          AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
          AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
        }
  const base = { PATH: dirname(process.execPath), HOME: folder, TMPDIR: temporary, COMEBACK_KEY: TEST_KEY, ...store }
  return {
    kind,
    folder,
    temporary,
    run(command, conditions = {}) {
      const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...argumentsOf(command), '--json'], {
        cwd: folder,
        env: { ...base, ...clock(conditions), ...conditions.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
        ([stdout, stderr, [code]]) => ({ code, said: stdout + stderr, report: parsed(stdout) }),
      )
      return timed({ child, finished }, conditions)
    },
    async [Symbol.asyncDispose]() {
      await bucket?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startActionSubject(): Promise<Subject> {
  const github = await startGitHub()
  const runner = startRunner(github)
  return {
    kind: 'artifacts',
    folder: runner.workspace,
    temporary: runner.temporary,
    run(command, conditions = {}) {
      const step: Step = runner.start(inputsOf(command), { env: { ...clock(conditions), ...conditions.env } })
      const finished = step.finished.then(({ code, stdout, stderr, outputs }) => ({
        code,
        said: stdout + stderr,
        report: outputs.report === undefined ? undefined : parsed(readFileSync(outputs.report, 'utf8')),
      }))
      return timed({ child: step.child, finished }, conditions)
    },
    async [Symbol.asyncDispose]() {
      runner[Symbol.dispose]()
      await github[Symbol.asyncDispose]()
    },
  }
}

interface Started {
  readonly child: { kill(signal: NodeJS.Signals): boolean }
  readonly finished: Promise<Omit<Ended, 'milliseconds' | 'hung'>>
}

async function timed({ child, finished }: Started, { kill }: Conditions): Promise<Ended> {
  const begun = performance.now()
  const over = new AbortController()
  let hung = false
  void sleep(kill ?? LIMIT, undefined, { signal: over.signal }).then(
    () => {
      hung = kill === undefined
      child.kill('SIGKILL')
    },
    () => undefined,
  )
  try {
    return { ...(await finished), milliseconds: performance.now() - begun, hung }
  } finally {
    over.abort()
  }
}

function argumentsOf({ verb, component, given = {} }: Command): string[] {
  const { at, ...rest } = given
  const flags = Object.entries(rest).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, ...[value].flat()],
  )
  const named = verb === 'verify' || verb === 'copy'
  const when = at === undefined ? [] : [...(named ? ['--at'] : []), String(at)]
  return [verb, ...(component === undefined ? [] : [component]), ...when, ...flags]
}

function inputsOf({ verb, component, given = {} }: Command): Record<string, string> {
  const inputs = Object.entries(given).map(([name, value]) => [
    name,
    value === true ? 'true' : [value].flat().join('\n'),
  ])
  return { command: verb, ...(component === undefined ? {} : { component }), ...Object.fromEntries(inputs) }
}

function clock({ days = 0 }: Conditions): Record<string, string> {
  return days === 0 ? {} : { NODE_OPTIONS: `--import ${CLOCK}`, TEST_CLOCK_BEHIND: String(-days * DAY) }
}

function parsed(json: string): Told | undefined {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
