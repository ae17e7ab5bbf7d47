/**
 * The manifest: the small record of a backup that makes it exist. JSON in the clear, since a store must be listed and pruned
 * without trying keys, and authenticated: `mac` is the HMAC-SHA256, under the chain's mac key, of the RFC 8785 canonical form
 * of everything else in it. Unknown fields are refused, so there is nothing in a manifest that the MAC doesn't cover or that
 * this version doesn't understand; another field would be a new format version.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import canonicalize from 'canonicalize'
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'
import { isBackupId } from './backup-id.ts'
import { MAX_ITERATIONS } from './keys.ts'
import { describeIssue, holdsAllOf, parseRecordText } from './record-text.ts'
import { MiB } from './sizes.ts'

export const COMPONENTS = ['database', 'files', 'config'] as const
export type Component = (typeof COMPONENTS)[number]

/** What is written; both are read. */
const FORMAT = 2
/** Bytes. Enough for some 100,000 packs; anything longer is refused before it is read. */
export const MANIFEST_LIMIT = 16 * MiB

const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)))
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/**
 * Anybody can write one that will be printed. The longest that a version of ours has written, a command, is shorter. The
 * canonical form has no place for lone surrogates.
 */
const text = v.pipe(
  v.string(),
  v.maxLength(2000),
  v.check(value => value.isWellFormed(), 'not valid Unicode'),
)
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/),
  v.check(value => !Number.isNaN(Date.parse(value)), 'no time'),
)
const backupId = v.pipe(v.string(), v.check(isBackupId, 'no backup id'))
/** Goes into paths and URLs: no separators, no `..`. */
const objectName = v.pipe(v.string(), v.maxLength(200), v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/))
const iterations = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_ITERATIONS))

const storedObject = v.strictObject({
  /** Relative to the backup's folder. */
  name: objectName,
  /** Bytes as stored. */
  size,
  /** Of the bytes as stored. */
  sha256: hex(32),
})

const HOLDS = ['all', 'some-rows', 'structure'] as const
/**
 * What a backup is a backup of: everything, a database without the rows of some tables, or one without any row. `complete`
 * says that all of that is there.
 */
export type Holds = (typeof HOLDS)[number]

const fields = v.strictObject({
  /** 1 has neither `store` nor `holds`. */
  format: v.picklist([1, FORMAT]),
  component: v.picklist(COMPONENTS),
  id: backupId,
  /** When the snapshot was taken, ISO 8601 in UTC. */
  time,
  /** `failed` is a placeholder. */
  status: v.picklist(['complete', 'partial', 'failed']),
  full: v.boolean(),
  /** Whether its own files, decrypted in name order, are the whole component. */
  stock: v.boolean(),
  /** The backup whose chunks were known when this one was made. */
  base: v.nullable(backupId),
  /** The full backup that began the chain (its own id where `full`); null for a placeholder that has none. */
  chain: v.nullable(backupId),
  /** First 16 bytes of HMAC-SHA256(source key, identity). */
  source: hex(16),
  codec: v.picklist(['gzip', 'zstd']),
  cipher: v.literal('aes-256-cbc'),
  kdf: v.strictObject({ name: v.literal('pbkdf2-hmac-sha256'), iterations, salt: hex(8) }),
  idSalt: hex(16),
  keyId: hex(8),
  /** All that was read; what of it was new; what the backup's own objects take. */
  bytes: v.strictObject({ plain: size, new: size, stored: size }),
  /** Its own packs. */
  objects: v.array(storedObject),
  /** The encrypted index, with its size before compression; null for a placeholder with nothing to build on. */
  index: v.nullable(v.strictObject({ ...storedObject.entries, plain: size })),
  /** Older backups' packs that this one refers to, with what decrypts them. */
  leansOn: v.array(v.strictObject({ backup: backupId, salt: hex(8), iterations, objects: v.array(storedObject) })),
  /** When the store itself drops the first object that it needs, as far as that is known. */
  expires: v.nullable(time),
  /** What made it, name to version. */
  tools: v.pipe(
    v.record(text, text),
    v.check(tools => Object.keys(tools).length <= 100, 'too many tools'),
  ),
  /** The shell commands that restore its own files with stock tools; null where they don't suffice. */
  decrypt: v.nullable(text),
  /** Why a placeholder is one: an error code. */
  reason: v.nullable(text),
  /** Made of a restore's target before it was touched; absent from every other backup. */
  purpose: v.optional(v.literal('safety')),
  /**
   * The store that it was made for: an id that all of its backups share, drawn when the first was made, and the first 16 bytes
   * of HMAC(source key, where that store was). Objects may be copied anywhere; this goes with them.
   */
  store: v.optional(v.strictObject({ id: hex(16), place: hex(16) })),
  holds: v.optional(v.picklist(HOLDS)),
  mac: hex(32),
})
const manifest = v.pipe(
  fields,
  v.check(
    ({ format, store, holds }) => (store !== undefined) === format > 1 && (holds !== undefined) === format > 1,
    'its fields are those of another version',
  ),
)

export type Manifest = Readonly<v.InferOutput<typeof manifest>>
export type StoredObject = v.InferOutput<typeof storedObject>

export type MacKey = KeyObject | Uint8Array

/** Those of format 1 don't say it; where no pack of theirs is one of rows, there are no rows. */
export function holdsOf({ holds, status, component, objects, leansOn }: Manifest): Holds {
  if (holds !== undefined) return holds
  // Of a failed run nobody knows what it would have held.
  if (component !== 'database' || status === 'failed') return 'all'
  const files = [...objects, ...leansOn.flatMap(({ objects }) => objects)]
  return files.some(({ name }) => /^\d+-data-/.test(name)) ? 'all' : 'structure'
}

/** The manifest as it is stored. */
export function sealManifest(unsealed: Omit<Manifest, 'mac'>, macKey: MacKey): Buffer {
  // A record that this program couldn't read back must not be written, so it is parsed before it leaves.
  const sealed = v.parse(manifest, { ...unsealed, mac: macOf(unsealed, macKey).toString('hex') })
  const bytes = Buffer.from(`${JSON.stringify(sealed, null, 2)}\n`)
  if (bytes.length <= MANIFEST_LIMIT) return bytes
  throw new ComebackError('failed', `The manifest of ${unsealed.id} would have ${bytes.length} bytes.`, {
    hint: `${MANIFEST_LIMIT} bytes is the limit: use larger packs.`,
  })
}

/**
 * The manifest out of the bytes of the object `name`, for its structure alone: nothing in it may be believed before
 * `isAuthentic` says so. `damaged` if it isn't one, `unsupported` if a newer version wrote it.
 */
export function parseManifest(bytes: Uint8Array, name: string): Manifest {
  if (bytes.length > MANIFEST_LIMIT)
    throw damaged(name, `it has ${bytes.length} bytes, ${MANIFEST_LIMIT} at most are read`)
  const json = parseJson(bytes, name)
  const format = v.safeParse(v.object({ format: v.pipe(v.number(), v.integer(), v.minValue(FORMAT + 1)) }), json)
  if (format.success) {
    throw new ComebackError(
      'unsupported',
      `"${name}" has format version ${format.output.format}; this program reads 1 to ${FORMAT}.`,
      {
        hint: 'Use the version of Comeback that made the backup, or a newer one.',
      },
    )
  }
  const parsed = v.safeParse(manifest, json)
  if (!parsed.success) throw damaged(name, describeIssue(parsed.issues[0]))
  if (!holdsAllOf(bytes, parsed.output)) throw damaged(name, 'a field stands in it twice, or has a name that none has')
  return parsed.output
}

/** Whether this key's owner wrote the manifest as it is. */
export function isAuthentic(sealed: Manifest, macKey: MacKey): boolean {
  const { mac, ...unsealed } = sealed
  const given = Buffer.from(mac, 'hex')
  const right = macOf(unsealed, macKey)
  return given.length === right.length && timingSafeEqual(given, right)
}

function macOf(unsealed: Omit<Manifest, 'mac'>, macKey: MacKey): Buffer {
  return createHmac('sha256', macKey)
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
  return new ComebackError('damaged', `"${name}" is not a valid manifest: ${why}.`, {
    hint: 'It was damaged or changed in the store. Use another backup, and run `comeback check`.',
    cause,
  })
}
