/** Which sequences, and which large objects, are not as they were backed up: found in the statements that would make them. */
import { createHash, type Hash } from 'node:crypto'
import type { StoredBackup } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import { parseSegmentDetail } from '../detail.ts'
import { copyOut } from '../dump/copy-out.ts'
import { largeObjectQueries } from '../dump/large-objects.ts'
import { rowBatches } from './row-stream.ts'

/** As `dump/sequences.ts` writes them. */
const SETVAL = /^SELECT pg_catalog\.setval\((E?'.*'), (-?\d+), (true|false)\);$/
/** As `dump/large-objects.ts` writes them, the object's number last. */
const OF_OBJECT =
  /^(?:SELECT pg_catalog\.lo_(?:from_bytea|put)\(|(?:ALTER|COMMENT ON|(?:REVOKE|GRANT) .{1,40} ON) LARGE OBJECT |SECURITY LABEL FOR .{1,200} ON LARGE OBJECT )(\d+)/
/** Bytes of a line in which the number must stand. */
const START = 400
const ALL_OBJECTS = { first: '0', last: '4294967295', bytes: 0 }
/** Findings that are told one by one. */
const TOLD = 20

export function diagnoseSequences(stored: string, restored: string): readonly ProofFinding[] {
  const [before, after] = [sequencesOf(stored), sequencesOf(restored)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old?.text === now?.text) return []
    return [
      {
        code: 'sequence-differs',
        subject: `sequence ${name}`,
        message: `The sequence ${name} ${howItDiffers(old, now)}.`,
      },
    ]
  })
}

interface SequenceState {
  readonly next: bigint
  readonly text: string
}

function howItDiffers(old: SequenceState | undefined, now: SequenceState | undefined): string {
  if (now === undefined) return 'did not come back'
  if (old === undefined) return 'was not backed up'
  if (now.next < old.next) return 'is behind: it would give numbers again that were used'
  return now.next > old.next ? 'is ahead of where it was backed up' : 'is not where it was backed up'
}

function sequencesOf(script: string): ReadonlyMap<string, SequenceState> {
  const found = new Map<string, SequenceState>()
  for (const line of script.split('\n')) {
    const [, literal = '', value = '0', called] = SETVAL.exec(line) ?? []
    if (literal === '') continue
    const name = literal
      .replace(/^E?'|'$/g, '')
      .replaceAll("''", "'")
      .replace(/"([a-z_][a-z0-9_$]*)"/g, '$1')
    found.set(name, { next: BigInt(value) + (called === 'true' ? 1n : 0n), text: line })
  }
  return found
}

/** Reads all of them on both sides once more; by number alone it could not be told which one it is. */
export async function diagnoseLargeObjects(
  backup: StoredBackup,
  connection: Connection,
  signal: AbortSignal,
): Promise<readonly ProofFinding[]> {
  const before = await digestsOf(storedLines(backup, signal))
  const after = await digestsOf(restoredLines(connection))
  const findings: ProofFinding[] = []
  for (const oid of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(oid), after.get(oid)]
    if (old === now) continue
    const how =
      now === undefined ? 'did not come back' : old === undefined ? 'was not backed up' : 'is not as it was backed up'
    findings.push({
      code: 'large-object-differs',
      subject: `large object ${oid}`,
      message: `The large object ${oid} ${how}.`,
    })
  }
  const more = findings.length - TOLD
  if (more <= 0) return findings
  const message = `${more.toLocaleString('en')} more large objects are not as they were backed up.`
  return [...findings.slice(0, TOLD), { code: 'large-object-differs', subject: 'large objects', message }]
}

async function* storedLines(backup: StoredBackup, signal: AbortSignal) {
  for (const segment of backup.segments) {
    const detail = parseSegmentDetail(segment.detail)
    if (detail.kind === 'script' && detail.content === 'large-objects') yield* rowBatches(backup.read(segment, signal))
  }
}

async function* restoredLines({ client }: Connection) {
  for (const query of largeObjectQueries(ALL_OBJECTS)) yield* rowBatches((await copyOut(client, query)).bytes)
}

/** By number, of everything that is said of the object, in its order. */
async function digestsOf(batches: AsyncIterable<readonly Buffer[]>): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, Hash>()
  for await (const lines of batches) {
    for (const line of lines) {
      const oid = OF_OBJECT.exec(line.toString('latin1', 0, START))?.[1]
      if (oid === undefined) continue
      const hash = hashes.get(oid) ?? createHash('sha256')
      hashes.set(oid, hash.update(line).update('\n'))
    }
  }
  return new Map([...hashes].map(([oid, hash]) => [oid, hash.digest('hex')]))
}
