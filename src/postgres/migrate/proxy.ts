/**
 * A server's address on loopback that leads to the real one, so that what a migration does can be watched whatever tool it uses.
 * Bytes pass as they are. Towards the tool it speaks no TLS; towards the server as much as the URL asks for.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ComebackError } from '../../errors.ts'
import { type ConnectionTarget, isSocket, parseDatabaseUrl } from '../connection/connection-url.ts'
import { tlsAttempts } from '../connection/tls.ts'
import type { Watcher } from './watcher.ts'

const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
/** Bytes of the largest startup packet that a server takes. */
const STARTUP_LIMIT = 10_000

export interface Proxy extends AsyncDisposable {
  /** For the tool: the same database, role and password. */
  readonly url: string
  readonly port: number
}

/** `watcher` is asked for one for each session. Listens on 127.0.0.1 alone. */
export async function openProxy(url: string, watcher: () => Watcher): Promise<Proxy> {
  const target = parseDatabaseUrl(url)
  const sockets = new Set<Socket>()
  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer({ noDelay: true }, client => {
    keep(client)
    void serve(client, target, watcher(), keep).catch(() => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: localUrl(target, port),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function localUrl({ user, password, database }: ConnectionTarget, port: number): string {
  const url = new URL(`postgresql://127.0.0.1:${port}`)
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(password ?? '')
  url.pathname = `/${encodeURIComponent(database)}`
  url.searchParams.set('sslmode', 'disable')
  return url.href
}

async function serve(
  client: Socket,
  target: ConnectionTarget,
  watcher: Watcher,
  keep: <S extends Socket>(socket: S) => S,
): Promise<void> {
  let server: Socket | undefined
  // Whichever side ends or fails takes the other with it.
  client.on('error', () => server?.destroy())
  try {
    const startup = await readStartup(client)
    server = keep(await connectServer(target))
    server.on('error', () => client.destroy())
    server.write(startup.packet)
    const up = pump(client, server, bytes => watcher.toServer(bytes), startup.rest)
    const down = pump(server, client, bytes => watcher.toClient(bytes))
    await Promise.allSettled([up, down])
  } finally {
    client.destroy()
    server?.destroy()
  }
}

interface Startup {
  readonly packet: Buffer
  /** What came behind it. */
  readonly rest: Buffer
}

/** Requests for encryption are declined, as a server without it would. */
async function readStartup(client: Socket): Promise<Startup> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    while (bytes.length < 8 || bytes.length < bytes.readUInt32BE(0)) {
      if (bytes.length >= 4 && bytes.readUInt32BE(0) > STARTUP_LIMIT) throw new Error('no startup packet')
      const [part] = await next(client)
      bytes = Buffer.concat([bytes, part])
    }
    const length = bytes.readUInt32BE(0)
    const request = bytes.readUInt32BE(4)
    if (request !== SSL_REQUEST && request !== GSS_REQUEST) {
      return { packet: bytes.subarray(0, length), rest: bytes.subarray(length) }
    }
    client.write('N')
    bytes = bytes.subarray(length)
  }
}

async function next(socket: Socket): Promise<[Buffer]> {
  const ended = once(socket, 'close').then(() => {
    throw new Error('closed')
  })
  ended.catch(() => undefined)
  socket.resume()
  const [part] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer]
  socket.pause()
  return [part]
}

async function pump(from: Socket, to: Socket, look: (bytes: Uint8Array) => void, first?: Buffer): Promise<void> {
  if (first !== undefined && first.length > 0) {
    look(first)
    to.write(first)
  }
  for await (const bytes of from as AsyncIterable<Buffer>) {
    look(bytes)
    if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')])
  }
  to.end()
}

async function connectServer(target: ConnectionTarget): Promise<Socket> {
  const attempts = await tlsAttempts(target)
  for (const [index, { ssl }] of attempts.entries()) {
    const socket = isSocket(target)
      ? connect(`${target.host}/.s.PGSQL.${target.port}`)
      : connect({ host: target.host, port: target.port, noDelay: true })
    await once(socket, 'connect')
    if (ssl === false) return socket
    const request = Buffer.alloc(8)
    request.writeUInt32BE(8, 0)
    request.writeUInt32BE(SSL_REQUEST, 4)
    socket.write(request)
    const [answer] = await next(socket)
    if (answer.toString('latin1') === 'S') {
      const secure = connectTls({ ...ssl, socket, ...(ssl.checkServerIdentity ? {} : { servername: target.host }) })
      await once(secure, 'secureConnect')
      return secure
    }
    socket.destroy()
    if (index === attempts.length - 1) break
  }
  throw new ComebackError('connection', 'The server does not offer TLS, which the URL asks for.')
}
