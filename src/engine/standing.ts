/**
 * The one rule for what counts. Anybody who can write to a store can leave records there, of any date and with any claim; clocks
 * go wrong; objects rot. So before a record is the latest backup, the base of the next one, the age of the last proof, or a
 * reason to remove another, it is asked here what it is. It counts if the key at hand wrote it as it is, for this store (see
 * `store-family.ts`), and not on a day to come. Without a key at hand it counts as it claims to be, and whoever shows that says so.
 *
 * What doesn't count is never removed, and always named.
 */
import { asComebackError, ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Discount } from '../report/history-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, manifestOf } from './catalog.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'
import { type Family, familyOf, type Member, memberOf, outsider } from './store-family.ts'

/** Milliseconds that another machine's clock may be ahead before what it wrote is dated in the future. */
const CLOCK_SKEW = 60 * 60 * 1000

export type Standing =
  | { readonly counts: true; readonly authenticated: boolean }
  | { readonly counts: false; readonly because: Because; readonly error: ComebackError }

/** `gone`: listed, and deleted before it was read. Of the others nobody with this key wrote it, or it was changed since. */
export type Because = Discount | 'damaged' | 'gone'

export interface Judged {
  readonly entry: CatalogEntry
  readonly standing: Standing
  /** As it claims to be, where another key made it; absent where it cannot be read or was altered. */
  readonly manifest?: Manifest
}

export interface Judging {
  readonly store: Store
  /** Of the component at least. */
  readonly catalog: Catalog
  readonly keyring: Keyring | undefined
  readonly now: Date
  readonly signal: AbortSignal
}

export function isFuture(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + CLOCK_SKEW
}

/** A record that was read and not judged yet. `standing` holds on to nothing of it. */
export interface Read {
  readonly manifest?: Manifest
  /** Whether the key at hand wrote it; true of all if there is none. */
  readonly believed: boolean
  readonly standing: () => Promise<Standing>
}

export class Judge {
  readonly #context: Judging
  readonly #members = new Map<CatalogEntry, Member | undefined>()
  readonly #families = new Map<Component, Promise<Family>>()

  constructor(context: Judging) {
    this.#context = context
  }

  /**
   * Reads a record and judges it. `parsed` hears of the manifest before it is authenticated. Throws what keeps the store from
   * being read.
   */
  async judge(entry: CatalogEntry, parsed?: (manifest: Manifest) => void): Promise<Judged> {
    const { manifest, standing } = await this.read(entry, parsed)
    return { entry, standing: await standing(), ...(manifest === undefined ? {} : { manifest }) }
  }

  /** The first half of `judge`. Judging may take a look at all: of many, read all before the first is judged. */
  async read(entry: CatalogEntry, parsed?: (manifest: Manifest) => void): Promise<Read> {
    const { store, keyring, signal } = this.#context
    let manifest: Manifest | undefined
    try {
      manifest = await manifestOf(store, entry, signal)
      parsed?.(manifest)
      const member = keyring === undefined ? undefined : await memberOf(manifest, store, keyring)
      this.#members.set(entry, member)
      return { manifest, believed: true, standing: () => this.#standing(entry, member) }
    } catch (error) {
      const because = becauseOf(error)
      if (because === undefined) throw error
      this.#members.set(entry, undefined)
      const standing = async () => ({ counts: false, because, error: asComebackError(error) }) as const
      return { ...(because === 'other-key' && manifest !== undefined ? { manifest } : {}), believed: false, standing }
    }
  }

  async #standing(entry: CatalogEntry, member: Member | undefined): Promise<Standing> {
    if (isFuture(timeOf(entry.id), this.#context.now)) {
      return { counts: false, because: 'future', error: fromTomorrow(entry) }
    }
    if (member === undefined) return { counts: true, authenticated: false }
    // The usual case needs no look at the others.
    const why = member.here ? undefined : outsider(member, await this.family(entry.component))
    return why === undefined
      ? { counts: true, authenticated: true }
      : { counts: false, because: why, error: ofAnother(entry, member.bond === undefined ? 'unbound' : why) }
  }

  /** Which store the component's records were made for. */
  family(component: Component): Promise<Family> {
    const known = this.#families.get(component)
    if (known !== undefined) return known
    const found = this.#findFamily(component)
    this.#families.set(component, found)
    return found
  }

  async #findFamily(component: Component): Promise<Family> {
    const entries = this.#context.catalog.entries.filter(entry => entry.component === component)
    const unread = entries.filter(entry => !this.#members.has(entry))
    await allSideBySide(unread, MANIFESTS_AT_A_TIME, entry => this.read(entry).then(() => undefined))
    return familyOf(entries.flatMap(entry => this.#members.get(entry) ?? []))
  }
}

function becauseOf(error: unknown): Because | undefined {
  if (hasCode(error, 'wrong-key')) return 'other-key'
  if (hasCode(error, 'damaged', 'unsupported')) return 'damaged'
  return hasCode(error, 'not-found') ? 'gone' : undefined
}

function fromTomorrow({ component, id }: CatalogEntry): ComebackError {
  return new ComebackError('no-such-backup', `The ${component} backup ${id} is dated in the future.`, {
    hint: 'A clock is wrong here, or was where it was made: it counts for nothing until then. It can be restored by its id.',
  })
}

const OF_ANOTHER = {
  'other-store': [
    'was made for another store',
    'Somebody copied it here. It counts for nothing here, and can be restored by its id.',
  ],
  'unclear-store': [
    'may be of another store: there are backups of several here, and nothing tells which is this one',
    'Any can be restored by its id. `comeback list` shows them; remove those that do not belong here.',
  ],
  unbound: [
    'names no store, and is younger than the first here that does',
    'Somebody copied it here, or an older Comeback is still at work: bring it up to date. It counts for nothing here, and can be restored by its id.',
  ],
} as const

function ofAnother({ component, id }: CatalogEntry, why: keyof typeof OF_ANOTHER): ComebackError {
  const [what, hint] = OF_ANOTHER[why]
  return new ComebackError('no-such-backup', `The ${component} backup ${id} ${what}.`, { hint })
}
