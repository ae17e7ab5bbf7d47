/** What the search for differences goes by, and how a part of it may fail without the others. */
import type { SinkProgress, StoredBackup } from '../../engine/ports.ts'
import { PROOF_CODES, type ProofFinding } from '../../engine/proof.ts'
import { type Connection, type ConnectOptions, connect } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { prepareSession } from '../connection/session.ts'
import { type DatabaseDetail, parseSegmentDetail, type SegmentDetail } from '../detail.ts'
import type { PgDumpRequest } from '../schema/client.ts'
import { otherFinding } from './outcome.ts'
import type { RowsSegment } from './row-cuts.ts'
import type { Comparison } from './segment-comparison.ts'

/** Milliseconds. Nobody else is there to hold a lock. */
const LOCK_TIMEOUT = 60_000

export interface ComparisonRequest {
  readonly backup: StoredBackup
  readonly detail: DatabaseDetail
  readonly connect: ConnectOptions
  readonly lanes: number
  readonly pgDump?: PgDumpRequest
  readonly progress: SinkProgress
  /** Tables and sequences that the restore had to leave out, by display name. */
  readonly absent?: ReadonlySet<string>
}

export interface Looking extends ComparisonRequest {
  readonly segments: readonly RowsSegment[]
  readonly comparison: Comparison
  /** Names of the backup's segments that the restored database did not give. */
  readonly unread: ReadonlySet<string>
}

/**
 * Over a connection of its own, as a COPY that is left before its end takes the connection with it. What fails becomes a
 * finding: what was found elsewhere still counts. Throws only if it was cancelled. `what` begins the message of a failure.
 */
export async function attempt(
  { connect: target, detail, progress }: ComparisonRequest,
  what: string,
  work: (connection: Connection) => Promise<readonly ProofFinding[]>,
): Promise<readonly ProofFinding[]> {
  progress.phase(what)
  try {
    await using connection = await connect(target)
    const encoding = detail.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8'
    await prepareSession(connection, encoding, LOCK_TIMEOUT, detail.settings ?? {})
    return await work(connection)
  } catch (error) {
    target.signal.throwIfAborted()
    return [otherFinding(serverError(error, what))]
  }
}

/** What was left out, and so is not looked for. */
export function notLookedFor(subject: string): ProofFinding {
  const message = `${subject} was not compared: what it needs could not be made here.`
  return { code: 'entry-skipped', subject, message }
}

/** Whether it says that a search failed, and not what it found. */
export function endsSearch({ code }: ProofFinding): boolean {
  return PROOF_CODES[code] === 'could-not-verify' && code !== 'schema-not-comparable' && code !== 'entry-skipped'
}

/** Whether something of the kind is not as it was backed up, was not read again, or is new. */
export function isDifferent(
  { backup, comparison, unread }: Looking,
  isOf: (detail: SegmentDetail) => boolean,
): boolean {
  const stored = backup.segments.filter(({ detail }) => isOf(parseSegmentDetail(detail)))
  return (
    stored.some(({ name }) => unread.has(name)) || [...comparison.different.values()].some(({ detail }) => isOf(detail))
  )
}

export async function textOf({ backup, connect: target }: Looking, name: string): Promise<Buffer> {
  const segment = backup.segments.find(one => one.name === name)
  if (segment === undefined) return Buffer.alloc(0)
  const parts: Buffer[] = []
  for await (const part of backup.read(segment, target.signal)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}
