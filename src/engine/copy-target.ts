/**
 * The store that backups are copied into, as far as it is known: what it held when it was last listed, and what was put since.
 *
 * A `prune` of that store may be at work beside the copy, and does not know that packs without a record are about to get one.
 * So the store is listed again now and then, at the latest before a record is put: what is gone is copied once more. A pack
 * that goes after that is found by the last look, when the records are there and no prune takes their packs any more.
 */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import type { Needed } from './copy-choice.ts'

/** Milliseconds that a listing is believed. */
const BELIEVED = 60_000

export class CopyTarget {
  readonly store: Store
  readonly #now: () => Date
  #sizes = new Map<string, number>()
  #lookedAt = 0
  #refused: ComebackError | undefined

  constructor(store: Store, now: () => Date) {
    this.store = store
    this.#now = now
  }

  /** Why it takes nothing more: full, gone, or not ours to write to. */
  get refused(): ComebackError | undefined {
    return this.#refused
  }

  async look(signal: AbortSignal): Promise<Catalog> {
    const catalog = await readCatalog(this.store, undefined, signal)
    this.#sizes = new Map([...catalog.objects.values()].map(({ name, size }) => [name, size]))
    this.#lookedAt = this.#now().getTime()
    return catalog
  }

  get isStale(): boolean {
    return this.#now().getTime() - this.#lookedAt >= BELIEVED
  }

  /** Whatever its size. */
  has(name: string): boolean {
    return this.#sizes.has(name)
  }

  lacks({ name, size }: Needed): boolean {
    return this.#sizes.get(name) !== size
  }

  /** Whether it must be copied. `damaged` if another object has its name. */
  wants({ name, size }: Needed): boolean {
    const there = this.#sizes.get(name)
    if (there === undefined) return true
    if (there === size) return false
    throw notTheSame(name, `with ${there} bytes, where ${size} were written`)
  }

  /** As if it had been put. */
  note({ name, size }: Needed): void {
    this.#sizes.set(name, size)
  }

  /** Another copy may be at work on the same; `damaged` if something else has the name. Any other failure is of the store. */
  async put(name: string, body: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await this.store.put(name, [body], signal)
    } catch (error) {
      if (!hasCode(error, 'already-exists')) {
        this.#refused ??= asComebackError(error)
        throw error
      }
      const there = await this.store.get(name, { limit: body.length, signal }).catch((cause: unknown) => {
        throw hasCode(cause, 'damaged') ? notTheSame(name, 'and larger than what was to be written', cause) : cause
      })
      if (Buffer.compare(there, body) !== 0) throw notTheSame(name, 'with other bytes than were to be written', error)
    }
    this.note({ name, size: body.length })
  }
}

/** `damaged`: something else stands where it should be. */
export function notTheSame(name: string, what: string, cause?: unknown): ComebackError {
  return new ComebackError('damaged', `${name} is in the target already, ${what}.`, {
    hint: 'Something else wrote there. Nothing was overwritten: remove it, or copy into another place.',
    cause,
  })
}
