/**
 * A thin thing over one pg.Client: it connects patiently, answers an abort at once, and says in a person's words why it
 * could not connect.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ComebackError } from '../../errors.ts'
import { connectError, isWaking } from './connect-error.ts'
import { type ConnectionTarget, describeTarget, parseDatabaseUrl } from './connection-url.ts'
import { internals } from './pg-internals.ts'
import { seal } from './sealed-error.ts'
import { serverError } from './server-error.ts'
import { ASKING_LIMIT, BACKEND, type Backend, type Silence, watchSilence } from './silence.ts'
import { type TlsAttempt, tellingOf, tlsAttempts } from './tls.ts'

/** Milliseconds of silence before the kernel asks whether the peer is still there. */
const KEEPALIVE_DELAY = 30_000
/** Milliseconds that one attempt may take, so that a lost packet does not eat the whole time. */
const ATTEMPT_LIMIT = 15_000
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4_000
/** Milliseconds that a polite goodbye may take. */
const GOODBYE_LIMIT = 2_000

export interface ConnectOptions {
  readonly url: string
  /** Milliseconds for all attempts together. */
  readonly connectTimeout: number
  /** Ends the connection too: an abort destroys the socket and rejects whatever is pending with the signal's reason. */
  readonly signal: AbortSignal
  readonly applicationName?: string
  /** Session settings, made before the promise resolves. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether it is hung up on when it has fallen silent for good (`silence.ts`); it is, unless this is false. */
  readonly watched?: boolean
  /** For tests: milliseconds between two looks at it. */
  readonly tick?: number
}

export interface Connection extends AsyncDisposable {
  readonly client: pg.Client
  /** `server_version_num`: 180004 for 18.4. */
  readonly serverVersion: number
  /** `host:port/database`, for messages. */
  readonly description: string
  /** Its end on the server. */
  readonly backend: Backend
  readonly silence: Silence
  /**
   * One query at a time. Rejects with pg's `DatabaseError` when the server refuses it (give it to `serverError`), with the
   * signal's reason after an abort, with `connection` if the connection is lost.
   */
  query<T>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** Says goodbye, or hangs up if the server does not answer. Never throws. */
  close(): Promise<void>
}

/**
 * Connects, again and again within the time given while the server wakes up. Throws `usage`, `connection`,
 * `authentication` or `permission`, naming `host:port/database` and never the password.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const target = parseDatabaseUrl(options.url)
  const deadline = Date.now() + options.connectTimeout
  let pause = FIRST_PAUSE
  for (const started = Date.now(); ; ) {
    options.signal.throwIfAborted()
    try {
      return await connectOnce(options, target, deadline)
    } catch (error) {
      options.signal.throwIfAborted()
      const wait = pause * (0.5 + Math.random() / 2)
      if (!isWaking(error, Date.now() + wait - started) || Date.now() + wait >= deadline) {
        throw connectError(error, target, options.connectTimeout)
      }
      await sleep(wait, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted())
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
  }
}

async function connectOnce(options: ConnectOptions, target: ConnectionTarget, deadline: number): Promise<Connection> {
  const attempt = ({ ssl }: TlsAttempt) =>
    open(createClient(options, target, ssl, Math.min(deadline - Date.now(), ATTEMPT_LIMIT)), options, target)
  const { first, second } = await tlsAttempts(target)
  try {
    return await attempt(first)
  } catch (error) {
    options.signal.throwIfAborted()
    if (second === undefined || !second.after(error)) throw error
    return await attempt(second).catch((other: unknown) => {
      throw tellingOf(error, other)
    })
  }
}

function createClient(
  options: ConnectOptions,
  target: ConnectionTarget,
  ssl: pg.ClientConfig['ssl'],
  timeout: number,
): pg.Client {
  let offersBinding = false
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    // A function, so that pg asks neither PGPASSWORD nor a .pgpass file.
    password: () => {
      if (target.channelBinding && !offersBinding) {
        throw new ComebackError('authentication', `${describeTarget(target)} offers no channel binding.`, {
          hint: 'The URL says channel_binding=require. Ask the server for scram-sha-256 over TLS, or drop the parameter.',
        })
      }
      if (target.password !== undefined) return target.password
      throw new ComebackError('authentication', `${describeTarget(target)} asks for a password, the URL has none.`, {
        hint: 'PGPASSWORD and files of passwords are not read here: write it into the URL, percent-encoded.',
      })
    },
    ssl,
    enableChannelBinding: target.channelBinding,
    application_name: options.applicationName ?? target.applicationName ?? 'comeback',
    client_encoding: 'UTF8',
    sslnegotiation: 'postgres',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY,
    connectionTimeoutMillis: Math.max(timeout, 1),
  })
  // Of what pg takes from the environment, PGOPTIONS, PGREPLICATION and PGBINARY cannot be overruled by its configuration.
  Object.assign(internals(client).connectionParameters, { options: target.options, replication: undefined })
  internals(client).binary = false
  // Before pg itself listens, and so before anybody gets to see it.
  internals(client).connection.on('errorMessage', seal)
  internals(client).connection.on('authenticationSASL', (message: { mechanisms: readonly string[] }) => {
    offersBinding = message.mechanisms.includes('SCRAM-SHA-256-PLUS')
  })
  return client
}

async function open(client: pg.Client, options: ConnectOptions, target: ConnectionTarget): Promise<Connection> {
  const { signal } = options
  const hangUp = (reason?: unknown) =>
    internals(client).connection.stream.destroy(reason instanceof Error ? reason : undefined)
  const onAbort = () => hangUp(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  // Without a listener, a connection that dies while idle would end the process. The next query tells.
  client.on('error', () => {})
  try {
    await client.connect()
    const greeting = await greeted(client, options.settings ?? {}, hangUp)
    signal.throwIfAborted()
    return connectionOver(client, target, greeting, options, onAbort)
  } catch (error) {
    signal.removeEventListener('abort', onAbort)
    hangUp()
    throw error
  }
}

interface Greeting {
  readonly version: number
  readonly backend: Backend
}

/** Makes the settings and asks for the version and the backend, in one round trip. */
async function greeted(
  client: pg.Client,
  settings: Readonly<Record<string, string>>,
  hangUp: (reason: Error) => void,
): Promise<Greeting> {
  const timer = setTimeout(() => hangUp(new Error('timeout expired')), ATTEMPT_LIMIT)
  try {
    const result = await client.query<{ version: number } & Backend>(
      `SELECT pg_catalog.current_setting('server_version_num')::int AS version, b.pid, b.started, b.server,
              (SELECT count(pg_catalog.set_config(name, value, false)) FROM unnest($1::text[], $2::text[]) AS s(name, value))
         FROM (VALUES (1)) AS one LEFT JOIN (${BACKEND}) AS b ON true`,
      [Object.keys(settings), Object.values(settings)],
    )
    const { version = 0, pid = 0, started = '', server = '' } = result.rows[0] ?? {}
    return { version, backend: { pid, started, server } }
  } finally {
    clearTimeout(timer)
  }
}

function connectionOver(
  client: pg.Client,
  target: ConnectionTarget,
  { version, backend }: Greeting,
  options: ConnectOptions,
  onAbort: () => void,
): Connection {
  const { signal } = options
  const description = describeTarget(target)
  let closing: Promise<void> | undefined
  const close = () => {
    signal.removeEventListener('abort', onAbort)
    closing ??= goodbye(client)
    return closing
  }
  return {
    client,
    serverVersion: version,
    description,
    backend,
    silence:
      options.watched === false || backend.started === '' ? UNWATCHED : watch(client, description, backend, options),
    async query<T>(sql: string, values?: readonly unknown[]) {
      signal.throwIfAborted()
      try {
        const result = await client.query(sql, values === undefined ? undefined : [...values])
        return result.rows as T[]
      } catch (error) {
        signal.throwIfAborted()
        throw error instanceof pg.DatabaseError ? error : serverError(error, `A query on ${description}`)
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const UNWATCHED: Silence = { awaits: () => undefined, ours: work => work() }

function watch(client: pg.Client, description: string, backend: Backend, options: ConnectOptions): Silence {
  return watchSilence({
    description,
    backend,
    stream: internals(client).connection.stream,
    awaitsAnswer: () => !internals(client).readyForQuery,
    async ask(work) {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(ASKING_LIMIT)])
      await using other = await connect({
        ...options,
        settings: {},
        connectTimeout: ASKING_LIMIT,
        signal,
        watched: false,
      })
      return await work((sql, values) => other.query(sql, values))
    },
    ...(options.tick === undefined ? {} : { tick: options.tick }),
  })
}

async function goodbye(client: pg.Client): Promise<void> {
  const { stream } = internals(client).connection
  const timer = setTimeout(() => stream.destroy(), GOODBYE_LIMIT)
  if (!stream.destroyed) await client.end()
  clearTimeout(timer)
  stream.destroy()
}
