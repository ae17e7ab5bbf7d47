/**
 * Which artifacts hold which objects: the last listing, and what this process changed since. GitHub's listing may lag behind
 * an upload, so an artifact of ours counts until a listing has shown it; one that was deleted never comes back.
 */
import { asComebackError } from '../errors.ts'
import type { ArtifactApi, StoredArtifact } from './artifact-api.ts'

export class Catalogue {
  readonly #api: ArtifactApi
  readonly #now: () => number
  #listed: ReadonlyMap<number, StoredArtifact> | undefined
  readonly #uploaded = new Map<number, StoredArtifact>()
  readonly #gone = new Set<number>()
  readonly #lost = new Set<number>()
  /** Made when it is needed, dropped by every change. */
  #index: ReadonlyMap<string, readonly StoredArtifact[]> | undefined
  #refreshing: Promise<void> | undefined

  constructor(api: ArtifactApi, now: () => number) {
    this.#api = api
    this.#now = now
  }

  /** Lists anew. */
  async refresh(signal: AbortSignal | undefined): Promise<void> {
    const listed = new Map((await this.#api.list(signal)).map(artifact => [artifact.id, artifact]))
    for (const id of listed.keys()) this.#uploaded.delete(id)
    this.#listed = listed
    this.#index = undefined
  }

  /** Lists if that was never done. */
  async load(signal: AbortSignal | undefined): Promise<void> {
    while (this.#listed === undefined) await this.#refreshTogether(signal)
  }

  /**
   * The artifact that holds the object; if none is known, after another look. Of several (a try that had succeeded after
   * all) the oldest: it was there when a second one was made.
   */
  async find(object: string, signal: AbortSignal | undefined): Promise<StoredArtifact | undefined> {
    const known = this.#listed !== undefined
    await this.load(signal)
    const found = this.live(object)
    if (found !== undefined || !known) return found
    await this.#refreshTogether(signal)
    return this.live(object)
  }

  /** From what is known without another look. */
  live(object: string): StoredArtifact | undefined {
    return this.all(object).find(artifact => !this.#lost.has(artifact.id) && !hasExpired(artifact, this.#now()))
  }

  /** When the newest artifact that held it expired; undefined if none did. */
  expiry(object: string): Date | undefined {
    return this.all(object).findLast(artifact => hasExpired(artifact, this.#now()))?.expiresAt
  }

  /** Oldest first, expired ones too. */
  all(object: string): readonly StoredArtifact[] {
    return this.#byObject().get(object) ?? []
  }

  /** One artifact an object, of those that have not expired. */
  objects(): readonly StoredArtifact[] {
    return [...this.#byObject().keys()].flatMap(object => this.live(object) ?? [])
  }

  add(artifact: StoredArtifact): void {
    this.#uploaded.set(artifact.id, artifact)
    this.#index = undefined
  }

  /** Its bytes are not to be had: it has expired or was deleted since it was listed. The next listing tells. */
  lose(id: number): void {
    this.#lost.add(id)
    this.#uploaded.delete(id)
    this.#index = undefined
  }

  isGone(id: number): boolean {
    return this.#gone.has(id)
  }

  /** It is deleted, whatever listings still say. */
  forget(id: number): void {
    this.#gone.add(id)
    this.#uploaded.delete(id)
    this.#index = undefined
  }

  #byObject(): ReadonlyMap<string, readonly StoredArtifact[]> {
    this.#index ??= Map.groupBy(
      // Ids grow.
      [...new Map([...this.#uploaded, ...(this.#listed ?? [])]).values()]
        .filter(({ id }) => !this.#gone.has(id))
        .sort((a, b) => a.id - b.id),
      ({ object }) => object,
    )
    return this.#index
  }

  /** Several that miss something at once share one listing. */
  async #refreshTogether(signal: AbortSignal | undefined): Promise<void> {
    const shared = this.#refreshing
    if (shared === undefined) {
      const mine = this.refresh(signal)
      this.#refreshing = mine
      return mine.finally(() => {
        this.#refreshing = undefined
      })
    }
    try {
      await shared
    } catch (error) {
      // Whoever began it was cancelled, perhaps; the others were not.
      if (signal?.aborted) throw asComebackError(signal.reason)
      if (asComebackError(error).code !== 'cancelled') throw error
      await this.refresh(signal)
    }
  }
}

function hasExpired({ expired, expiresAt }: StoredArtifact, now: number): boolean {
  return expired || (expiresAt !== undefined && expiresAt.getTime() <= now)
}
