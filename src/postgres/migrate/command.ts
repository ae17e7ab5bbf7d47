/** The user's command: run by the shell in a process group of its own, so that all of it ends when it must. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from '../../errors.ts'
import type { ConnectionTarget } from '../connection/connection-url.ts'
import { readLines } from './lines.ts'

/** Milliseconds between the request to end and the end. */
const GRACE = 5_000
/** Milliseconds that output may still come after the shell has ended. */
const LAST_WORDS = 1_000
/** The shell's own codes: what it cannot run, and what it does not find. */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127
/** A shell whose command was ended by a signal ends with this and the signal's number. */
const BY_SIGNAL = 128
const ENDING_SIGNALS: readonly number[] = [
  constants.signals.SIGABRT,
  constants.signals.SIGHUP,
  constants.signals.SIGINT,
  constants.signals.SIGKILL,
  constants.signals.SIGSEGV,
  constants.signals.SIGTERM,
]

/** What libpq takes from the environment to find a server. Left as it is, some of it would lead to another one. */
const LIBPQ =
  /^PG(HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|SSL\w*|GSS\w*|REQUIRE\w*|CHANNELBINDING|TARGETSESSIONATTRS|LOADBALANCEHOSTS|SYSCONFDIR|MINPROTOCOLVERSION|MAXPROTOCOLVERSION)$/
/** Parameters of a URL that say where the server is and how to reach it. */
const WHERE =
  /^(host|hostaddr|port|user|password|dbname|ssl\w*|gss\w*|require\w*|channel_binding|target_session_attrs|load_balance_hosts|service|pgbouncer)$/

export interface CommandRequest {
  readonly command: string
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output: (line: string) => void
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly signal: AbortSignal
  /** Called when it is to end, before it is told. */
  readonly ending?: () => void
}

export interface CommandEnd {
  readonly exitCode: number | null
  /** Why it says nothing about the migrations; undefined if the command ended by itself. */
  readonly notRun?: string
}

/**
 * Throws the signal's reason when everything that the command started has ended, unless it is that the time is up, which is an end
 * like another; and what keeps the shell from starting.
 */
export async function runCommand(request: CommandRequest): Promise<CommandEnd> {
  const { command, cwd, environment, output, timeout, signal } = request
  signal.throwIfAborted()
  const child = spawn('sh', ['-c', command], {
    cwd,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const readers = [child.stdout, child.stderr].map(stream => {
    const lines = readLines(output)
    stream.on('data', bytes => lines.read(bytes))
    return lines
  })
  const exited = Promise.withResolvers<{ code: number | null; name: string | null }>()
  const closed = Promise.withResolvers<void>()
  child.on('error', error => exited.reject(error))
  child.on('exit', (code, name) => exited.resolve({ code, name }))
  child.on('close', () => closed.resolve())
  const out = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
  const ending = AbortSignal.any([signal, ...(out === undefined ? [] : [out])])
  const endAll = async () => {
    request.ending?.()
    killGroup(child.pid, 'SIGTERM')
    await Promise.race([exited.promise.catch(() => undefined), sleep(GRACE)])
    killGroup(child.pid, 'SIGKILL')
  }
  ending.addEventListener('abort', endAll, { once: true })
  try {
    const { code, name } = await exited.promise
    // What the command leaves running would go on changing what is looked at next.
    killGroup(child.pid, 'SIGKILL')
    await Promise.race([closed.promise, sleep(LAST_WORDS)])
    for (const reader of readers) reader.end()
    if (hasCode(signal.reason, 'timeout'))
      return { exitCode: null, notRun: 'the time for the whole run (--timeout) was up' }
    signal.throwIfAborted()
    if (out?.aborted === true) return { exitCode: null, notRun: `it took longer than ${seconds(timeout ?? 0)}` }
    return { exitCode: code, ...notRun(code, name) }
  } finally {
    ending.removeEventListener('abort', endAll)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/** The environment of a command that is to find a database by it, and no other one. */
export function environmentFor(
  environment: Readonly<Record<string, string | undefined>>,
  url: string,
  { user, password, database }: ConnectionTarget,
  port: number,
): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !LIBPQ.test(name))),
    DATABASE_URL: urlOf(url, { user, password, database }, port),
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: user,
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    PGDATABASE: database,
    // Encryption ends at the proxy, which speaks it to whoever insists, and binds nobody to the server behind it.
    PGSSLMODE: 'disable',
    PGCHANNELBINDING: 'disable',
    PGGSSENCMODE: 'disable',
  }
}

type Login = Pick<ConnectionTarget, 'user' | 'password' | 'database'>

function urlOf(original: string, { user, password, database }: Login, port: number): string {
  const url = new URL(`postgresql://127.0.0.1:${port}`)
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(password ?? '')
  url.pathname = `/${encodeURIComponent(database)}`
  // Some are a client's own, such as the schema that Prisma looks at.
  for (const [name, value] of parametersOf(original)) if (!WHERE.test(name)) url.searchParams.append(name, value)
  url.searchParams.set('sslmode', 'disable')
  return url.href
}

function parametersOf(url: string): URLSearchParams {
  const query = url.indexOf('?')
  return new URLSearchParams(query < 0 ? '' : url.slice(query + 1))
}

function notRun(code: number | null, name: string | null): { readonly notRun?: string } {
  if (name !== null) return { notRun: `it was ended by ${name}` }
  if (code === NOT_FOUND) return { notRun: 'the shell does not find it' }
  if (code === NOT_EXECUTABLE) return { notRun: 'the shell may not execute it' }
  const number = (code ?? 0) - BY_SIGNAL
  return ENDING_SIGNALS.includes(number) ? { notRun: `a part of it was ended by signal ${number}` } : {}
}

function killGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // Nobody is left in it.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`
}
