/** Plain connections to the server that migrations run against, with TLS where the URL wants it, and nothing said on them yet. */
import { once } from 'node:events'
import { connect as connectSocket, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { type ConnectionTarget, describeTarget, isSocket, parseDatabaseUrl } from '../connection/connection-url.ts'
import { tlsAttempts } from '../connection/tls.ts'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const YES = 0x53 // S

export interface Upstream {
  readonly target: ConnectionTarget
  readonly usesTls: boolean
  open(signal: AbortSignal): Promise<Duplex>
}

/** Reaches the server as the connection given reached it. */
export async function upstreamOf(url: string, connection: Connection): Promise<Upstream> {
  const target = parseDatabaseUrl(url)
  const [row] = await connection.query<{ ssl: boolean }>(
    'SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()',
  )
  const attempts = await tlsAttempts(target)
  const tls = row?.ssl === true ? attempts.first.ssl || attempts.second?.ssl || undefined : undefined
  return {
    target,
    usesTls: tls !== undefined,
    async open(signal) {
      const socket = connectSocket(
        isSocket(target)
          ? { path: `${target.host}/.s.PGSQL.${target.port}`, allowHalfOpen: true }
          : { host: target.host, port: target.port, noDelay: true, allowHalfOpen: true },
      )
      const hungUp = new AbortController()
      socket.once('close', () => hungUp.abort())
      const either = AbortSignal.any([signal, hungUp.signal])
      try {
        await once(socket, 'connect', { signal: either })
        return tls === undefined ? socket : await secure(socket, target, tls, either)
      } catch (error) {
        socket.destroy()
        throw error
      }
    },
  }
}

async function secure(
  socket: Socket,
  target: ConnectionTarget,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  socket.write(SSL_REQUEST)
  const [answer]: Buffer[] = await once(socket, 'data', { signal })
  // Nothing may follow the answer in clear: it would pass for a part of what is encrypted.
  if (answer?.length !== 1 || answer[0] !== YES) {
    throw new ComebackError('connection', `${describeTarget(target)} speaks no TLS any more.`)
  }
  const { host } = target
  const secured = connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}), ...options })
  await once(secured, 'secureConnect', { signal })
  return secured
}
