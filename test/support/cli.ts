/** The built program as a child process in a folder of its own, as people run it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { NODE_FLAGS } from './node-flags.ts'

export const CLI = resolve(import.meta.dirname, '../../dist/cli/index.js')
export const TEST_KEY = 'a passphrase for tests only'

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Workplace extends Disposable {
  readonly folder: string
  start(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): { readonly child: ChildProcess; readonly finished: Promise<Finished> }
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>
  /** Runs with --json and returns the report; throws if the exit code is another. */
  json<Report>(
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly code?: number },
  ): Promise<Report>
}

/** PATH holds node alone: no client tools of PostgreSQL, whatever the machine has. */
export function workplace(environment: Readonly<Record<string, string>> = {}): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-cli-'))
  const base = { PATH: dirname(process.execPath), HOME: folder, COMEBACK_KEY: TEST_KEY, ...environment }

  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...args], {
      cwd: folder,
      env: { ...base, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
      ([stdout, stderr, [code]]) => ({ code, stdout, stderr }),
    )
    return { child, finished }
  }

  const run: Workplace['run'] = (args, env) => start(args, env).finished

  return {
    folder,
    start,
    run,
    async json(args, { env, code = 0 } = {}) {
      const result = await run([...args, '--json'], env)
      if (result.code !== code) throw new Error(`exit code ${result.code}:\n${result.stdout}\n${result.stderr}`)
      return JSON.parse(result.stdout)
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
