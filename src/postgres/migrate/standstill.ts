/** Where a migration stood when its time was up: the statement that the server was at, and the lock that it waited for. */
import type { WaitRow } from './lock-sampler.ts'
import { withoutLiterals } from './statement-text.ts'

/** What the server is at for one connection. */
export interface RunningStatement {
  readonly pid: number | undefined
  readonly sql: Buffer
  readonly milliseconds: number
}

/** Connections that are told of. */
const TOLD = 3

/** Sentences, without literals. */
export function standstill(
  running: readonly RunningStatement[],
  waits: readonly WaitRow[],
  { own, tables }: { readonly own: readonly number[]; readonly tables: ReadonlyMap<string, string> },
): string {
  if (running.length === 0) return 'No statement was running then: the server waited for the command.'
  const longest = running.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, TOLD)
  return longest
    .map(({ pid, sql, milliseconds }) => {
      const wait = waits.find(one => one.pid === pid)
      const waited = wait === undefined ? '' : `, and waited for ${lockText(wait, tables)}, ${holder(wait, own)}`
      return `The server was at "${withoutLiterals(sql)}" for ${Math.round(milliseconds / 100) / 10} s${waited}.`
    })
    .join(' ')
}

function lockText({ kind, mode, oid }: WaitRow, tables: ReadonlyMap<string, string>): string {
  if (kind === 'relation') return `${mode} on ${tables.get(oid ?? '') ?? 'what it made or its index'}`
  if (kind === 'advisory') return 'an advisory lock'
  if (kind === 'transactionid' || kind === 'virtualxid' || kind === 'tuple') return 'the end of another transaction'
  return `a lock (${kind})`
}

/** The gate is alone with the database: nearly always it is the migration that stands in its own way. */
function holder({ blockers }: WaitRow, own: readonly number[]): string {
  const isOwn = blockers.some(pid => own.includes(pid))
  return `which another connection ${isOwn ? 'of the migration itself' : 'to the server'} held`
}
