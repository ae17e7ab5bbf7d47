/**
 * Reads objects and compares them with what was written: the SHA-256 of the bytes, and with the key also what is inside.
 * Every object is read once, however many backups need it. Holds a few packs, and 44 bytes for each chunk to be compared.
 */
import { createHash } from 'node:crypto'
import { asComebackError, hasCode } from '../errors.ts'
import { decryptPack } from '../format/cipher.ts'
import type { Component } from '../format/manifest.ts'
import { MiB } from '../format/sizes.ts'
import type { CheckFinding, FindingCode } from '../report/check-report.ts'
import { ChunkRefs } from '../repository/chunk-refs.ts'
import { unpackIndex } from '../repository/index-object.ts'
import type { Keyring } from '../repository/keyring.ts'
import { badChunk } from '../repository/pack-check.ts'
import { packFinder, packName } from '../repository/packs.ts'
import type { Store } from '../store/store.ts'
import { finding } from './check-finding.ts'
import { hurtBy, type Known, type NamedObject } from './check-inventory.ts'
import { allSideBySide, sideBySide } from './side-by-side.ts'

/** Packs at a time, and the bytes of ciphertext that they may have together, beyond which it is one. */
const PACKS_AT_A_TIME = 4
const HELD = 128 * MiB
/** Chunks of one pack that are decompressed at a time. */
const CHUNKS_AT_A_TIME = 4
/** An object that cannot be read is a finding, so many of them a store that is out of order. */
const UNAVAILABLE_LIMIT = 3

export interface ReadingRequest {
  readonly store: Store
  readonly component: Component
  readonly keyring: Keyring | undefined
  /** Those to be read, all of the size that they should have. */
  readonly due: readonly NamedObject[]
  /** All indexes, of which those are read, too, that say what is in a pack that is due. */
  readonly indexes: ReadonlyMap<Known, NamedObject>
  readonly signal: AbortSignal
  readonly expect: (bytes: number) => void
  readonly advance: (bytes: number) => void
}

export interface Reading {
  readonly findings: readonly CheckFinding[]
  /** They were listed and could not be found: a fresh listing knows why. */
  readonly vanished: readonly NamedObject[]
  readonly read: { objects: number; bytes: number }
  readonly opened: number
  readonly chunks: number
}

export async function readObjects(request: ReadingRequest): Promise<Reading> {
  const reader = new Reader(request)
  await reader.run()
  return reader
}

class Reader implements Reading {
  readonly findings: CheckFinding[] = []
  readonly vanished: NamedObject[] = []
  readonly read = { objects: 0, bytes: 0 }
  opened = 0
  chunks = 0
  readonly #request: ReadingRequest
  readonly #refs = new ChunkRefs()
  /** Packs that are due, and their numbers in `#refs`; and the same for each manifest that names them and can be believed. */
  readonly #packs = new Map<NamedObject, number>()
  readonly #numbers = new Map<Known, Map<string, number>>()
  #unavailable = 0

  constructor(request: ReadingRequest) {
    this.#request = request
  }

  async run(): Promise<void> {
    const { indexes, store, expect } = this.#request
    const due = new Set(this.#request.due)
    const isIndex = new Set(indexes.values())
    for (const object of due) if (!isIndex.has(object)) this.#addPack(object)
    const first = [...indexes].filter(([user, object]) => due.has(object) || this.#numbers.has(user))
    expect(sum([...first.map(([, object]) => object), ...this.#packs.keys()]))
    // One at a time: the index of a large database is the largest object there is.
    for (const [user, object] of first) await this.#checkIndex(object, user)
    const width = Math.max(1, Math.min(PACKS_AT_A_TIME, Math.floor(HELD / store.packSize)))
    await allSideBySide(this.#packs, width, ([object, number]) => this.#checkPack(object, number))
  }

  #addPack(object: NamedObject): void {
    const number = this.#packs.size
    this.#packs.set(object, number)
    for (const user of object.users) {
      if (!user.authentic) continue
      const numbers = this.#numbers.get(user) ?? new Map<string, number>()
      this.#numbers.set(user, numbers.set(object.name, number))
    }
  }

  async #checkIndex(object: NamedObject, user: Known): Promise<void> {
    const { manifest } = user
    const decrypted = await this.#open(object)
    if (decrypted === undefined || manifest.index === null) return
    try {
      const index = await unpackIndex(manifest.index, decrypted)
      const find = packFinder(manifest)
      const due = this.#numbers.get(user)
      const numbers = index.packs.map(({ backup, name }) => due?.get(packName(manifest.component, find(backup, name))))
      for (let i = 0; i < index.chunks.length; i++) {
        const ref = index.chunks.at(i)
        const number = numbers[ref.pack]
        if (number !== undefined) this.#refs.add({ ...ref, pack: number })
      }
    } catch (error) {
      if (!hasCode(error, 'damaged')) throw error
      this.#found('bad-index', object, `is no index of its backup: ${error.message}`)
    }
  }

  async #checkPack(object: NamedObject, number: number): Promise<void> {
    const decrypted = await this.#open(object)
    if (decrypted === undefined) return
    const { keyring, signal } = this.#request
    const keys = await keyring?.chain(object.idSalt, object.iterations)
    if (keys === undefined) return
    const bad: string[] = []
    const look = (ref: Parameters<typeof badChunk>[2]) => badChunk(object.file, decrypted, ref, keys.id)
    for await (const chunk of sideBySide(this.#refs.of(number), CHUNKS_AT_A_TIME, look)) {
      signal.throwIfAborted()
      if (chunk === undefined) this.chunks++
      else bad.push(`at byte ${chunk.offset} ${chunk.why}`)
    }
    if (bad.length === 0) return
    this.#found(
      'bad-chunk',
      object,
      `holds ${bad.length === 1 ? 'a bad chunk' : `${bad.length} bad chunks`}: ${bad[0]}`,
    )
  }

  /** Its plaintext, if it is what was written and some manifest that can be believed says how to decrypt it. */
  async #open(object: NamedObject): Promise<Buffer | undefined> {
    const stored = await this.#get(object)
    const { keyring } = this.#request
    if (stored === undefined || keyring === undefined || !object.users.some(({ authentic }) => authentic)) return
    try {
      const plain = decryptPack(await keyring.pack(object.salt, object.iterations), stored)
      this.opened++
      return plain
    } catch (error) {
      if (!hasCode(error, 'damaged')) throw error
      this.#found('undecryptable', object, `cannot be decrypted: ${error.message}`)
      return
    }
  }

  async #get(object: NamedObject): Promise<Uint8Array | undefined> {
    const { store, signal, advance } = this.#request
    const { name, size } = object
    try {
      let bytes = await store.get(name, { limit: size, signal })
      // It may have been damaged on its way alone.
      if (!isWritten(object, bytes)) bytes = await store.get(name, { limit: size, signal })
      advance(size)
      if (isWritten(object, bytes)) {
        this.read.objects++
        this.read.bytes += size
        return bytes
      }
      if (bytes.length === size)
        this.#found('altered', object, 'was altered: its SHA-256 is not the one that was written.')
      else this.#found('wrong-size', object, `gave ${bytes.length} bytes where ${size} were written.`)
    } catch (error) {
      if (signal.aborted) throw error
      this.#failed(object, error)
    }
    return
  }

  #failed(object: NamedObject, cause: unknown): void {
    const { code, message, hint } = asComebackError(cause)
    switch (code) {
      case 'not-found':
        this.vanished.push(object)
        break
      case 'damaged':
        this.#found('wrong-size', object, `is not as it was written: ${message}`)
        break
      case 'store-unavailable':
        if (++this.#unavailable >= UNAVAILABLE_LIMIT) throw cause
        this.#found('unreadable', object, `cannot be read: ${message}`, hint)
        break
      case 'permission':
      case 'failed':
        this.#found('unreadable', object, `cannot be read: ${message}`, hint)
        break
      default:
        throw cause
    }
  }

  #found(code: FindingCode, { name, users }: NamedObject, what: string, hint?: string): void {
    const { component } = this.#request
    const hurts = hurtBy(users.map(({ entry }) => entry))
    this.findings.push(finding({ code, component, object: name, what, hint, hurts }))
  }
}

function sum(objects: readonly NamedObject[]): number {
  return objects.reduce((bytes, { size }) => bytes + size, 0)
}

function isWritten({ size, sha256 }: NamedObject, bytes: Uint8Array): boolean {
  return bytes.length === size && createHash('sha256').update(bytes).digest('hex') === sha256
}
