/** A pg_dump that is installed, or lies in an image. The password reaches it by a private file alone. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ComebackError } from '../../errors.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type ConnectOptions, connect } from '../connection/connection.ts'
import { type ConnectionTarget, isSocket, parseDatabaseUrl } from '../connection/connection-url.ts'
import { withState } from '../connection/server-error.ts'
import { readingEncoding } from '../connection/session.ts'
import type { Settings } from '../connection/session-settings.ts'
import type { Client } from './client.ts'
import { dockerArguments } from './client-docker.ts'
import { watchProgram } from './silent-program.ts'

/** Characters of pg_dump's messages that are kept, from the beginning: the first error is the cause of the others. */
const MESSAGE_LIMIT = 4_000

/** All but the bundled one. */
export type NativeClient = Exclude<Client, { readonly kind: 'bundled' }>

export async function nativeDump(
  client: NativeClient,
  options: ConnectOptions,
  args: readonly string[],
  what: string,
): Promise<Buffer> {
  const target = parseDatabaseUrl(options.url)
  const encoding = await encodingOf(options)
  const folder = await temporaryFolder(tmpdir(), 'dump')
  const name = `comeback pg_dump ${randomBytes(4).toString('hex')}`
  const silent = new AbortController()
  using _ = watchProgram(options, name, error => silent.abort(error))
  try {
    const passFile = join(folder, 'pgpass')
    const serviceFile = join(folder, 'service')
    await writeFile(passFile, passLine(target), { mode: 0o600 })
    await writeFile(serviceFile, service(target, options, name), { mode: 0o600 })
    const variables = {
      PGPASSFILE: passFile,
      PGSERVICEFILE: serviceFile,
      PGOPTIONS: [target.options ?? '', ...settingOptions(options.settings ?? {})].join(' ').trim(),
      LC_ALL: 'C',
    }
    const all = ['--no-password', '--dbname=service=comeback', `--encoding=${encoding}`, ...args]
    return await run(
      commandOf(client, [folder, ...filesOf(target)], variables, all),
      what,
      target,
      AbortSignal.any([options.signal, silent.signal]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Connects first, which also waits for a server that wakes up and explains a failure better than pg_dump does. */
async function encodingOf(options: ConnectOptions): Promise<string> {
  await using connection = await connect(options)
  return await readingEncoding(connection)
}

interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly killSignal: 'SIGKILL' | 'SIGTERM'
}

function commandOf(
  client: NativeClient,
  files: readonly string[],
  variables: Readonly<Record<string, string>>,
  args: readonly string[],
): Command {
  if (client.kind === 'program') return { program: client.path, args, env: variables, killSignal: 'SIGKILL' }
  return {
    program: client.docker,
    args: dockerArguments(client, files, Object.keys(variables), args),
    env: { ...client.environment, ...variables },
    // What Docker's client is told it tells the program; killed, it would leave it running.
    killSignal: 'SIGTERM',
  }
}

/** What the program reads besides its own two files. */
function filesOf(target: ConnectionTarget): readonly string[] {
  const certificates = [target.sslRootCert, target.sslCert, target.sslKey].flatMap(path =>
    path === undefined || path === 'system' ? [] : [resolve(path)],
  )
  return isSocket(target) ? [target.host, ...certificates] : certificates
}

async function run(
  { program, args, env, killSignal }: Command,
  what: string,
  { password }: ConnectionTarget,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted()
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal })
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
function service(target: ConnectionTarget, options: ConnectOptions, name: string): string {
  const values = {
    host: target.host,
    port: String(target.port),
    dbname: target.database,
    user: target.user,
    sslmode: target.sslMode === 'no-verify' ? 'require' : target.sslMode,
    // libpq would look for a file in the home folder otherwise.
    sslrootcert: absolute(target.sslRootCert) ?? (target.sslMode === 'verify-full' ? 'system' : undefined),
    sslcert: absolute(target.sslCert),
    sslkey: absolute(target.sslKey),
    sslpassword: target.sslPassword,
    channel_binding: target.channelBinding ? 'require' : undefined,
    application_name: name,
    connect_timeout: String(Math.max(2, Math.ceil(options.connectTimeout / 1000))),
    keepalives_idle: '30',
  }
  const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  if (lines.some(line => /[\r\n]/.test(line))) {
    throw new ComebackError('usage', 'The database URL holds a line break, which a native pg_dump cannot be told.')
  }
  return `[comeback]\n${lines.join('\n')}\n`
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === 'system' ? path : resolve(path)
}
