/**
 * Whether somebody on the way to the server could read along, or answer in its place. Neither `prefer`, libpq's default, nor `require`
 * keeps anybody from it; so whoever has not asked for more is told, unless the way does not leave the machine.
 */
import { TLSSocket } from 'node:tls'
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from './connection.ts'
import { type ConnectionTarget, describeTarget, isSocket, parseDatabaseUrl } from './connection-url.ts'
import { internals } from './pg-internals.ts'
import { isLoopback } from './tls.ts'

export interface Guard {
  readonly encrypted: boolean
  /** Somebody that this machine trusts vouches for who answered. */
  readonly vouchedFor: boolean
}

/** Of a connection that was made by this URL. */
export function unguardedProblems({ client }: Connection, url: string): readonly Problem[] {
  const { stream } = internals(client).connection
  const isTls = stream instanceof TLSSocket
  return unguarded({ encrypted: isTls, vouchedFor: isTls && stream.authorized }, parseDatabaseUrl(url))
}

export function unguarded({ encrypted, vouchedFor }: Guard, target: ConnectionTarget): readonly Problem[] {
  if (vouchedFor || isSocket(target) || isLoopback(target.host)) return []
  const place = describeTarget(target)
  const message = encrypted
    ? `The connection to ${place} is encrypted, but nothing vouches for who answered: somebody on the way could have, and have the password and the rows.`
    : `The connection to ${place} is not encrypted: somebody on the way can read, and change, the password and the rows.`
  const hint =
    'Write sslmode=verify-full into the URL: with sslrootcert=system where a public authority signed the certificate of the server, else with sslrootcert=FILE, which its provider offers.'
  return [{ severity: 'warning', message, hint }]
}
