/** A pg_dump that is installed, for servers newer than the bundled one. The password reaches it by a private file alone. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ComebackError } from '../../errors.ts'
import { type ConnectOptions, connect } from '../connection/connection.ts'
import { type ConnectionTarget, parseDatabaseUrl } from '../connection/connection-url.ts'
import { withState } from '../connection/server-error.ts'
import { readingEncoding } from '../connection/session.ts'
import type { Settings } from '../connection/session-settings.ts'

/** Characters of pg_dump's messages that are kept, from the beginning: the first error is the cause of the others. */
const MESSAGE_LIMIT = 4_000

export async function nativeDump(
  program: string,
  options: ConnectOptions,
  args: readonly string[],
  what: string,
): Promise<Buffer> {
  const target = parseDatabaseUrl(options.url)
  const encoding = await encodingOf(options)
  const folder = await mkdtemp(join(tmpdir(), 'comeback-'))
  try {
    const passFile = join(folder, 'pgpass')
    const serviceFile = join(folder, 'service')
    await writeFile(passFile, passLine(target), { mode: 0o600 })
    await writeFile(serviceFile, service(target, options), { mode: 0o600 })
    return await run(
      program,
      ['--no-password', '--dbname=service=comeback', `--encoding=${encoding}`, ...args],
      what,
      target,
      options.signal,
      {
        PGPASSFILE: passFile,
        PGSERVICEFILE: serviceFile,
        PGOPTIONS: [target.options ?? '', ...settingOptions(options.settings ?? {})].join(' ').trim(),
        LC_ALL: 'C',
      },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `18.6`, from `pg_dump (PostgreSQL) 18.6 (Debian 18.6-1)`. Throws `usage` if the program is no pg_dump. */
export async function nativeVersion(program: string, signal?: AbortSignal): Promise<string> {
  const hint = 'Give --pg-dump the path of a pg_dump, or leave it away to use the bundled one.'
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env: {}, ...(signal && { signal }) })
    const version = /^pg_dump \(PostgreSQL\) (\S+)/.exec(stdout)?.[1]
    if (version !== undefined) return version
  } catch (error) {
    signal?.throwIfAborted()
    throw new ComebackError('usage', `${program} cannot be run.`, { cause: error, hint })
  }
  throw new ComebackError('usage', `${program} is no pg_dump.`, { hint })
}

/** Connects first, which also waits for a server that wakes up and explains a failure better than pg_dump does. */
async function encodingOf(options: ConnectOptions): Promise<string> {
  await using connection = await connect(options)
  return await readingEncoding(connection)
}

async function run(
  program: string,
  args: readonly string[],
  what: string,
  { password }: ConnectionTarget,
  signal: AbortSignal,
  env: Readonly<Record<string, string>>,
): Promise<Buffer> {
  signal.throwIfAborted()
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' })
  const output: Buffer[] = []
  let messages = ''
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(0, MESSAGE_LIMIT)
  })
  const ended = Promise.withResolvers<number | null>()
  child.on('error', error => ended.reject(error))
  child.on('close', code => ended.resolve(code))
  const code = await ended.promise.catch((error: unknown) => {
    signal.throwIfAborted()
    throw new ComebackError('usage', `${program} cannot be run.`, { cause: error })
  })
  signal.throwIfAborted()
  if (code !== 0) throw failure(messages.replaceAll(password || '\0', '***'), code, what)
  return Buffer.concat(output)
}

/** The child's messages are the only trace of the server's error code, which stands in them for no known locale but C. */
function failure(messages: string, code: number | null, what: string): ComebackError {
  const said = messages.trim() || `it ended with code ${code}`
  if (/permission denied/.test(said)) return withState('42501', `${what} failed: ${said}`)
  if (/statement timeout/.test(said) && /Query was: LOCK TABLE/.test(said))
    return withState('55P03', `${what} failed: ${said}`)
  if (/server version mismatch/.test(said)) return new ComebackError('server-too-new', `${what} failed: ${said}`)
  return new ComebackError('failed', `${what} failed: ${said}`)
}

function settingOptions(settings: Settings): string[] {
  return Object.entries(settings).map(
    // A backslash keeps what would end the argument.
    ([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`,
  )
}

/** One line that matches any connection. */
function passLine({ password }: ConnectionTarget): string {
  return password === undefined ? '' : `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`
}

/** A service file knows no quoting: a value goes to the end of its line. */
function service(target: ConnectionTarget, options: ConnectOptions): string {
  const values = {
    host: target.host,
    port: String(target.port),
    dbname: target.database,
    user: target.user,
    sslmode: target.sslMode === 'no-verify' ? 'require' : target.sslMode,
    // libpq would look for a file in the home folder otherwise.
    sslrootcert: target.sslRootCert ?? (target.sslMode === 'verify-full' ? 'system' : undefined),
    sslcert: target.sslCert,
    sslkey: target.sslKey,
    sslpassword: target.sslPassword,
    channel_binding: target.channelBinding ? 'require' : undefined,
    application_name: options.applicationName,
    connect_timeout: String(Math.max(2, Math.ceil(options.connectTimeout / 1000))),
    keepalives_idle: '30',
  }
  const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  if (lines.some(line => /[\r\n]/.test(line))) {
    throw new ComebackError('usage', 'The database URL holds a line break, which a native pg_dump cannot be told.')
  }
  return `[comeback]\n${lines.join('\n')}\n`
}
