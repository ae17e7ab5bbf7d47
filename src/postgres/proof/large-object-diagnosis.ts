/**
 * Which large objects are not as they were backed up: all of them are read on both sides once more, a batch of the backup at a
 * time, so that memory holds a few digests for each object of one batch.
 */
import { createHash, type Hash } from 'node:crypto'
import type { StoredBackup } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import { parseSegmentDetail } from '../detail.ts'
import { copyOut } from '../dump/copy-out.ts'
import { largeObjectQueries } from '../dump/large-objects.ts'
import { rowBatches } from './row-stream.ts'

/** As `dump/large-objects.ts` writes them, and `script/large-objects.ts` from a dump in parts of another size. */
const CONTENT = /^SELECT pg_catalog\.lo_(?:from_bytea\(|put\()(\d+), (?:\d+, )?'\\x/
const PROPERTY =
  /^(?:(?:ALTER|COMMENT ON|(?:REVOKE|GRANT) .{1,40} ON) LARGE OBJECT |SECURITY LABEL FOR .{1,200} ON LARGE OBJECT )(\d+)/
/** How `dump/large-objects.ts` names a batch. */
const BATCH = /^large objects? (\d+)(?:-(\d+))?$/
/** Bytes of a line in which the number must stand. */
const START = 400
const LARGEST_OID = '4294967295'
/** Findings that are told one by one. */
const TOLD = 20

export interface LargeObjectsCompared {
  readonly backup: StoredBackup
  readonly connection: Connection
  /** A dump tells owners and grants in its schema, and of an empty object nothing. */
  readonly contentsOnly: boolean
  readonly signal: AbortSignal
}

export async function diagnoseLargeObjects(compared: LargeObjectsCompared): Promise<readonly ProofFinding[]> {
  const told: ProofFinding[] = []
  let more = 0
  for (const { names, first, last } of batchesOf(compared)) {
    const before = await describe(storedLines(compared, names))
    const after = await describe(restoredLines(compared.connection, first, last))
    for (const oid of new Set([...before.keys(), ...after.keys()])) {
      const how = howItDiffers(before.get(oid), after.get(oid), compared.contentsOnly)
      if (how === undefined) continue
      const subject = `large object ${oid}`
      if (told.length === TOLD) more++
      else told.push({ code: 'large-object-differs', subject, message: `The ${subject} ${how}.` })
    }
  }
  if (more === 0) return told
  const message = `${more.toLocaleString('en')} more large objects are not as they were backed up.`
  return [...told, { code: 'large-object-differs', subject: 'large objects', message }]
}

/** Digests; empty where nothing is told. */
interface LargeObject {
  content: string
  properties: string
}

function howItDiffers(
  old: LargeObject | undefined,
  now: LargeObject | undefined,
  contentsOnly: boolean,
): string | undefined {
  const sameContent = (old?.content ?? '') === (now?.content ?? '')
  if (contentsOnly && sameContent) return undefined
  if (now === undefined) return 'did not come back'
  if (old === undefined) return 'was not backed up'
  if (!sameContent) return 'is not as it was backed up: its bytes are others'
  if (old.properties === now.properties) return undefined
  return 'is not as it was backed up: its owner, grants, comment or labels are others'
}

/** By the names of segments, what they hold and the numbers since the batch before: all numbers are in one of them. */
function batchesOf({ backup, contentsOnly }: LargeObjectsCompared) {
  const names = backup.segments.flatMap(({ name, detail }) => {
    const parsed = parseSegmentDetail(detail)
    return parsed.kind === 'script' && parsed.content === 'large-objects' ? [name] : []
  })
  const batches = names
    .flatMap(name => {
      const [, first, last = first] = BATCH.exec(name) ?? []
      return last === undefined ? [] : [{ names: [name], last: BigInt(last) }]
    })
    .sort((a, b) => (a.last < b.last ? -1 : 1))
  if (contentsOnly || batches.length === 0 || batches.length < names.length) {
    return [{ names, first: '0', last: LARGEST_OID }]
  }
  return batches.map(({ names, last }, index) => ({
    names,
    first: String((batches[index - 1]?.last ?? -1n) + 1n),
    last: index === batches.length - 1 ? LARGEST_OID : String(last),
  }))
}

async function* storedLines({ backup, signal }: LargeObjectsCompared, names: readonly string[]) {
  for (const segment of backup.segments) {
    if (names.includes(segment.name)) yield* rowBatches(backup.read(segment, signal))
  }
}

async function* restoredLines({ client }: Connection, first: string, last: string) {
  for (const query of largeObjectQueries({ first, last, bytes: 0 })) {
    yield* rowBatches((await copyOut(client, query)).bytes)
  }
}

async function describe(batches: AsyncIterable<readonly Buffer[]>): Promise<ReadonlyMap<string, LargeObject>> {
  const objects = new Map<string, LargeObject>()
  const objectOf = (oid: string): LargeObject => {
    const object = objects.get(oid) ?? { content: '', properties: '' }
    objects.set(oid, object)
    return object
  }
  // The parts of an object stand one behind the other, so one hash is open at a time. They are cut at other places in a dump.
  let open: { readonly oid: string; readonly hash: Hash; bytes: number } | undefined
  const close = () => {
    if (open !== undefined && open.bytes > 0) objectOf(open.oid).content += open.hash.digest('base64')
    open = undefined
  }
  for await (const lines of batches) {
    for (const line of lines) {
      const start = line.toString('latin1', 0, START)
      const [head = '', content] = CONTENT.exec(start) ?? []
      if (content !== undefined) {
        objectOf(content)
        if (open?.oid !== content) close()
        open ??= { oid: content, hash: createHash('sha256'), bytes: 0 }
        const digits = line.subarray(head.length, line.lastIndexOf("'"))
        open.hash.update(digits)
        open.bytes += digits.length
        continue
      }
      const oid = PROPERTY.exec(start)?.[1]
      if (oid === undefined) continue
      const object = objectOf(oid)
      object.properties = createHash('sha256').update(object.properties).update(line).digest('base64')
    }
  }
  close()
  return objects
}
