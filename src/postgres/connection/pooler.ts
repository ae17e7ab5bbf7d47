/**
 * A transaction pooler gives each transaction to whichever server connection is free: an exported snapshot, session settings
 * and pg_dump's own session do not survive it, and worse, the settings leak into the application's sessions. A session pooler
 * (Supabase's on port 5432) is harmless.
 */
import { ComebackError } from '../../errors.ts'
import type { Connection } from './connection.ts'
import type { ConnectionTarget } from './connection-url.ts'
import { internals } from './pg-internals.ts'

/** Supabase's transaction pooler. */
const SUPABASE_PORT = 6543

/** Throws `unsupported`. `open` opens another connection to the same URL; without it, only the address tells. */
export async function refuseTransactionPooler(
  connection: Connection,
  target: ConnectionTarget,
  open: (() => Promise<Connection>) | undefined,
): Promise<void> {
  const hint = hintFromAddress(target)
  if (hint !== undefined) throw refusal(connection, hint)
  if (open === undefined || !(await isPooled(connection))) return
  await using other = await open()
  if (await sharesBackend(connection, other)) {
    throw refusal(connection, 'Use a direct connection, or a pooler in session mode.')
  }
}

function hintFromAddress({ host, port, pgbouncer }: ConnectionTarget): string | undefined {
  const neon = /^([^.]+)-pooler(\..+)$/.exec(host)
  if (neon !== null) return `Use the unpooled host ${neon[1]}${neon[2]}.`
  if (port === SUPABASE_PORT) {
    return 'Port 6543 is the transaction pooler of Supabase. Use its session pooler, port 5432 of the same host, or the direct connection.'
  }
  return pgbouncer ? 'The URL says pgbouncer=true. Use a direct connection, or a pooler in session mode.' : undefined
}

/** A pooler makes up the process id that it greets with, since its cancel requests go to itself. */
async function isPooled(connection: Connection): Promise<boolean> {
  return (await backendOf(connection)) !== internals(connection.client).processID
}

/** Two sessions that are both open never have the same backend, unless something lends it to them by turns. */
async function sharesBackend(one: Connection, other: Connection): Promise<boolean> {
  return (await backendOf(one)) === (await backendOf(other))
}

async function backendOf(connection: Connection): Promise<number | undefined> {
  const [row] = await connection.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid')
  return row?.pid
}

function refusal({ description }: Connection, hint: string): ComebackError {
  return new ComebackError(
    'unsupported',
    `${description} is a transaction pooler, through which no backup can be taken.`,
    {
      hint,
    },
  )
}
