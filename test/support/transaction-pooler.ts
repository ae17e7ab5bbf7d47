/**
 * A tiny transaction pooler: every client is greeted by the pooler itself, and all of them take turns on one connection to the
 * server, query by query. Enough to behave as PgBouncer does towards one client after the other.
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { connect } from '../../src/postgres/connection/connection.ts'
import { internals } from '../../src/postgres/connection/pg-internals.ts'
import { greeting, MessageScanner, QUERY, READY_FOR_QUERY, SYNC } from '../../src/postgres/schema/wire.ts'

export async function startTransactionPooler(url: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = await connect({ url, connectTimeout: 5_000, signal: new AbortController().signal })
  const { stream } = internals(server.client).connection
  const fromServer = new MessageScanner()
  stream.removeAllListeners('data')
  let current: Socket | undefined
  let turn = Promise.withResolvers<void>()
  turn.resolve()
  stream.on('data', (bytes: Buffer) => {
    const client = current
    client?.write(bytes)
    fromServer.scan(bytes, type => {
      if (type === READY_FOR_QUERY) turn.resolve()
    })
  })

  const clients = new Set<Socket>()
  const listener = createServer(client => {
    clients.add(client)
    client.on('error', () => {})
    const scanner = new MessageScanner()
    let greeted = false
    let pending: Buffer[] = []
    client.on('data', async (bytes: Buffer) => {
      if (!greeted) {
        greeted = true
        client.write(greeting({ server_version: '18.0', client_encoding: 'UTF8' }))
        return
      }
      pending.push(bytes)
      let due = false
      scanner.scan(bytes, type => {
        due ||= type === QUERY || type === SYNC
      })
      if (!due) return
      const message = Buffer.concat(pending)
      pending = []
      await turn.promise
      turn = Promise.withResolvers()
      current = client
      stream.write(message)
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const pooled = new URL(url)
  pooled.port = String(address.port)
  return {
    url: pooled.href,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy()
      listener.close()
      stream.destroy()
      await once(listener, 'close')
    },
  }
}
