/** The parts of pg's Client that are needed and that its types keep to themselves. One place to look at when pg changes. */
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type pg from 'pg'

interface Internals {
  /** The protocol's events, `authenticationSASL` among them. `stream` becomes another one when TLS begins. */
  readonly connection: EventEmitter & { readonly stream: Duplex }
  /** What the start-up packet is made of. */
  readonly connectionParameters: { options: string | undefined; replication: string | undefined }
  binary: boolean
  /** False from the moment a query is sent until the server has answered all of it. */
  readonly readyForQuery: boolean
  /** From the server's greeting. */
  readonly processID: number | null
}

export function internals(client: pg.Client): Internals {
  return client as unknown as Internals
}
