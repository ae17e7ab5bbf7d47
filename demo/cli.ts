/** Comeback as its users run it: a process of its own, in their folder, with their environment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BackupOutcome, BackupReport, RestoreReport } from '../src/report/report.ts'
import type { VerifyReport } from '../src/report/verify-report.ts'

const BUILT = fileURLToPath(new URL('../dist/cli/index.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
/** Libpq's and our own settings of whoever runs the demo, and the mark of CI, where no key would be made. */
const NOT_INHERITED = /^(CI|GITHUB_ACTIONS|PG[A-Z]+|DATABASE_URL|COMEBACK_\w+)$/

export type CompleteBackup = Extract<BackupOutcome, { readonly status: 'complete' | 'partial' }>

export interface Cli {
  /** Throws unless every component is complete. */
  backup(...args: readonly string[]): Promise<ReadonlyMap<string, CompleteBackup>>
  restore(...args: readonly string[]): Promise<RestoreReport>
  /** Throws unless the verdict is `verified`. */
  verify(...args: readonly string[]): Promise<VerifyReport>
  /** Ends a run under way. */
  kill(): void
}

/** `source`: the TypeScript itself instead of what was built from it. */
export function createCli(cwd: string, environment: Readonly<Record<string, string>>, source: boolean): Cli {
  const entry = source ? SOURCE : BUILT
  if (!existsSync(entry)) throw new Error(`${entry} is not there. Build it first: npm run build`)
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name))
  const env = { ...Object.fromEntries(inherited), ...environment }
  let child: ChildProcess | undefined

  async function run(args: readonly string[]): Promise<string> {
    child = spawn(process.execPath, [entry, ...args, '--json', '--quiet'], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', text => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      stderr += text
    })
    const [code, signal] = await once(child, 'close')
    child = undefined
    if (code !== 0) throw new Error(`comeback ${args.join(' ')} ended with ${code ?? signal}:\n${stdout}${stderr}`)
    return stdout
  }

  return {
    async backup(...args) {
      const report: BackupReport = JSON.parse(await run(['backup', ...args]))
      const complete = new Map<string, CompleteBackup>()
      for (const backup of report.backups) {
        if (backup.status !== 'complete') throw new Error(`A backup is not complete: ${JSON.stringify(backup)}`)
        complete.set(backup.component, backup)
      }
      return complete
    },
    async restore(...args) {
      return JSON.parse(await run(['restore', ...args]))
    },
    async verify(...args) {
      return JSON.parse(await run(['verify', ...args]))
    },
    kill: () => child?.kill('SIGKILL'),
  }
}
