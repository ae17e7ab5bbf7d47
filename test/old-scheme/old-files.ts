/** Backups as the old shell scripts made them, by the real programs, in a folder of their own; and the job that reads them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { runJob } from '../../src/job.ts'
import type { Command, JobContext } from '../../src/job-context.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { OptionName } from '../../src/options.ts'
import type { Report } from '../../src/report/report.ts'

export const OLD_KEY = 'the key of the old scripts'

/** As the scripts called it. */
export const STANDARD: readonly string[] = ['-pbkdf2']

const LARGEST = 1024 * 1024 * 1024

export interface OldPlace extends Disposable {
  readonly folder: string
  /** Compressed and encrypted; `name` as in `database/database_20260501_020000.sql.gz.enc`. Returns its path. */
  write(name: string, plain: string | Buffer, how?: OldOptions): string
  run<R extends Report>(
    command: Command,
    given?: Partial<Record<OptionName, string>>,
    context?: Partial<JobContext>,
  ): Promise<R>
  readonly events: ProgressEvent[]
}

export interface OldOptions {
  readonly args?: readonly string[]
  readonly key?: string
  /** Does what the scripts did by `gzip -c`. */
  readonly compress?: (plain: Buffer) => Buffer
  /** Of the encrypted bytes. */
  readonly damage?: (bytes: Buffer) => Buffer
}

export function oldPlace(): OldPlace {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-old-test-'))
  writeFileSync(join(folder, '.backup_key'), `${OLD_KEY}\n`)
  const events: ProgressEvent[] = []
  return {
    folder,
    events,
    write(name, plain, { args = STANDARD, key = OLD_KEY, compress = gzip, damage = (bytes: Buffer) => bytes } = {}) {
      const path = join(folder, 'tmp/backups', name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, damage(encrypt(compress(Buffer.from(plain)), args, key)))
      return path
    },
    run: async (command, given = {}, context = {}) => {
      const values = Object.entries(given).map(([name, value]) => [name as OptionName, [value]] as const)
      const report = await runJob(command, resolveOptions(command.verb, new Map(values), {}), {
        cwd: folder,
        key: undefined,
        ci: false,
        environment: {},
        github: { apiUrl: '', serverUrl: '', repository: undefined, run: undefined },
        temporary: folder,
        progress: event => events.push(event),
        signal: new AbortController().signal,
        ...context,
      })
      // The command decides which it is.
      return report as never
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The real `gzip`. */
export function gzip(plain: Buffer): Buffer {
  return execFileSync('gzip', ['-c'], { input: plain, maxBuffer: LARGEST })
}

export function encrypt(plain: Buffer, args: readonly string[] = STANDARD, key = OLD_KEY): Buffer {
  return execFileSync('openssl', ['enc', '-aes-256-cbc', '-salt', ...args, '-pass', `pass:${key}`], {
    input: plain,
    maxBuffer: LARGEST,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

/** The real `pg_dump`'s plain script. */
export function dump(url: string, ...args: readonly string[]): string {
  return execFileSync('pg_dump', [...args, url], {
    encoding: 'utf8',
    maxBuffer: LARGEST,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
