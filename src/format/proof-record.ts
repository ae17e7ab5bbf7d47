/**
 * The record of a proof, `proof-20261125T042700Z-0c11a5.json` in the folder of the backup that was proved. JSON in the clear, like a
 * manifest, so that a store can be pruned and a pull request told of it without the key: verdict, times and sizes, codes of
 * findings, and no name of a table or file. Those stand in `sealed`: gzip, encrypted under the backup's pack key like
 * an index, in base64. `mac` is the HMAC-SHA256, under the chain's mac key, of `comeback/1 proof`, a NUL, and the RFC 8785
 * canonical form of everything else; the prefix keeps a proof from passing for a manifest.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import canonicalize from 'canonicalize'
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'
import { isBackupId } from './backup-id.ts'
import { createEncryptor, decryptPack, type PackKey } from './cipher.ts'
import { codecOf } from './compression.ts'
import { COMPONENTS, type MacKey } from './manifest.ts'
import { describeIssue, holdsAllOf, parseRecordText } from './record-text.ts'
import { MiB } from './sizes.ts'

/** Bytes of the record, and of what is sealed in it before compression. */
export const PROOF_LIMIT = 16 * MiB
const SEALED_LIMIT = 64 * MiB
const DOMAIN = 'comeback/1 proof\0'
const FILE = /^proof-(\d{8}T\d{6}Z-[0-9a-f]{6})\.json$/
const CODEC = codecOf('gzip')

const number = v.pipe(v.number(), v.finite(), v.minValue(0))
const id = v.pipe(v.string(), v.check(isBackupId, 'no backup id'))
/** One line, and valid Unicode: the canonical form has no place for lone surrogates. */
const text = v.pipe(v.string(), v.maxLength(200), v.regex(/^[^\p{Cc}\p{Cs}]*$/u))
const code = v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,40}$/))
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/),
  v.check(value => !Number.isNaN(Date.parse(value)), 'no time'),
)

const record = v.strictObject({
  format: v.literal(1),
  type: v.literal('proof'),
  /** Its own: a moment, as a backup's. */
  id,
  component: v.picklist(COMPONENTS),
  backup: id,
  verdict: v.picklist(['verified', 'failed', 'could-not-verify']),
  provedAt: time,
  /** Seconds; null where the proof did not get so far. */
  restoreSeconds: v.nullable(number),
  compareSeconds: v.nullable(number),
  /** Seconds from the snapshot to the proof. */
  age: number,
  /** Plain bytes of the backup, and bytes of its own files. */
  bytes: number,
  stored: number,
  server: v.nullable(text),
  engine: text,
  checks: v.pipe(
    v.array(v.strictObject({ name: code, result: v.picklist(['passed', 'failed', 'not-run']) })),
    v.maxLength(100),
  ),
  /** How many findings there are of each code. */
  findings: v.pipe(
    v.record(code, number),
    v.check(codes => Object.keys(codes).length <= 100, 'too many codes'),
  ),
  /** Base64. */
  sealed: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/)),
  mac: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
})

export type ProofRecord = Readonly<v.InferOutput<typeof record>>

export function proofFile(id: string): string {
  return `proof-${id}.json`
}

/** The proof's own id; undefined if it is the name of something else. */
export function proofIdOf(file: string): string | undefined {
  const found = FILE.exec(file)?.[1]
  return found !== undefined && isBackupId(found) ? found : undefined
}

/** The record as it is stored. `details` is any JSON. */
export async function sealProof(
  unsealed: Omit<ProofRecord, 'mac' | 'sealed'>,
  details: unknown,
  keys: { readonly mac: MacKey; readonly pack: PackKey },
): Promise<Buffer> {
  const encryptor = createEncryptor(keys.pack)
  const packed = await CODEC.compress(Buffer.from(JSON.stringify(details)), CODEC.defaultLevel)
  const sealed = Buffer.concat([
    encryptor.header,
    encryptor.update(CODEC.confounder()),
    encryptor.update(packed),
    encryptor.final(),
  ]).toString('base64')
  const whole = { ...unsealed, sealed }
  // What could not be read back must not be written.
  const parsed = v.parse(record, { ...whole, mac: macOf(whole, keys.mac).toString('hex') })
  const bytes = Buffer.from(`${JSON.stringify(parsed, null, 2)}\n`)
  if (bytes.length <= PROOF_LIMIT) return bytes
  throw new ComebackError('failed', `The record of the proof would have ${bytes.length} bytes.`, {
    hint: `${PROOF_LIMIT} bytes is the limit.`,
  })
}

/** For its structure alone: nothing in it may be believed before `isAuthenticProof` says so. `damaged`, `unsupported`. */
export function parseProof(bytes: Uint8Array, name: string): ProofRecord {
  if (bytes.length > PROOF_LIMIT) throw damaged(name, `it has ${bytes.length} bytes`)
  const json = parseJson(bytes, name)
  const newer = v.safeParse(v.object({ format: v.pipe(v.number(), v.integer(), v.minValue(2)) }), json)
  if (newer.success) {
    throw new ComebackError(
      'unsupported',
      `"${name}" has format version ${newer.output.format}; this program reads 1.`,
      {
        hint: 'Use the version of Comeback that made it, or a newer one.',
      },
    )
  }
  const parsed = v.safeParse(record, json)
  if (!parsed.success) throw damaged(name, describeIssue(parsed.issues[0]))
  if (!holdsAllOf(bytes, parsed.output)) throw damaged(name, 'a field stands in it twice, or has a name that none has')
  return parsed.output
}

export function isAuthenticProof(sealed: ProofRecord, macKey: MacKey): boolean {
  const { mac, ...unsealed } = sealed
  return timingSafeEqual(Buffer.from(mac, 'hex'), macOf(unsealed, macKey))
}

/** What `sealProof` was given as details. Only of an authentic record. `damaged` if it cannot be read. */
export async function openDetails({ sealed, id }: ProofRecord, pack: PackKey): Promise<unknown> {
  const plain = decryptPack(pack, Buffer.from(sealed, 'base64')).subarray(CODEC.confounder().length)
  // gzip's last four bytes are the size before it, and are checked by whoever decompresses.
  const size = plain.length < 4 ? 0 : plain.readUInt32LE(plain.length - 4)
  if (size > SEALED_LIMIT) throw damaged(proofFile(id), `it would unpack to ${size} bytes`)
  return JSON.parse((await CODEC.decompress(plain, size)).toString('utf8'))
}

function macOf(unsealed: Omit<ProofRecord, 'mac'>, macKey: MacKey): Buffer {
  return createHmac('sha256', macKey)
    .update(DOMAIN)
    .update(canonicalize(unsealed) ?? '')
    .digest()
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseRecordText(bytes)
  } catch (cause) {
    throw damaged(name, 'it is not JSON text', cause)
  }
}

function damaged(name: string, why: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `"${name}" is not a valid record of a proof: ${why}.`, {
    hint: 'It was damaged or changed in the store. The backup itself may be well: verify it again.',
    cause,
  })
}
