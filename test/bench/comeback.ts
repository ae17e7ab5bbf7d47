/** The program under test, run as users run it: a process of its own, in a folder of its own. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BackupOutcome, BackupReport } from '../../src/report/report.ts'
import { type Command, type Measured, measure } from './measure.ts'

const BUILT = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
export const KEY = 'bench-key-0123456789-abcdefghijklmnopqrstuvwxyz'

export interface Comeback {
  /** A verb and its options; `--json` and `--quiet` are added. */
  run(args: readonly string[], env?: Command['env']): Promise<Measured>
  /** `backup database` into the folder, which must come out complete. */
  backup(
    url: string,
    store: string,
    ...options: readonly string[]
  ): Promise<Measured & { readonly backup: CompleteBackup }>
}

export type CompleteBackup = Extract<BackupOutcome, { readonly status: 'complete' | 'partial' }>

/** `source`: the TypeScript itself instead of what was built from it. */
export function comeback(source: boolean, cwd: string): Comeback {
  const entry = source ? SOURCE : BUILT
  if (!existsSync(entry)) throw new Error(`${entry} is not there. Build it with: npm run build`)
  const run: Comeback['run'] = (args, env = {}) =>
    measure({
      program: process.execPath,
      args: [entry, ...args, '--json', '--quiet'],
      env: { COMEBACK_KEY: KEY, ...env },
      cwd,
    })
  return {
    run,
    async backup(url, store, ...options) {
      const measured = await run(['backup', 'database', '--store', `file:${store}`, ...options], { DATABASE_URL: url })
      const report: BackupReport = JSON.parse(measured.stdout)
      const [backup] = report.backups
      if (backup?.status !== 'complete') throw new Error(`The backup is not complete:\n${measured.stdout}`)
      return { ...measured, backup }
    },
  }
}
