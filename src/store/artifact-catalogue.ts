/**
 * Which artifacts hold which objects: the last listing, and what this process changed since. GitHub's listing may lag behind
 * an upload, so an artifact of ours counts until a listing has shown it; one that was deleted never comes back.
 */
import { asComebackError } from '../errors.ts'
import type { ArtifactApi, StoredArtifact } from './artifact-api.ts'

/** Whose artifacts are a backup's own. */
export interface Settlement {
  /** The run that made it. */
  readonly run: string | undefined
  /** Id of the artifact that holds its authentic record. */
  readonly record: number | undefined
}

export class Catalogue {
  readonly #api: ArtifactApi
  readonly #now: () => number
  #listed: ReadonlyMap<number, StoredArtifact> | undefined
  readonly #uploaded = new Map<number, StoredArtifact>()
  readonly #gone = new Set<number>()
  readonly #lost = new Set<number>()
  /** By backup: whose artifacts are its own. */
  readonly #settled = new Map<string, Settlement>()
  /** Made when it is needed, dropped by every change. */
  #index: ReadonlyMap<string, readonly StoredArtifact[]> | undefined
  #oldest: ReadonlyMap<string, StoredArtifact> | undefined
  #rivalled: ReadonlySet<string> | undefined
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
    this.#changed()
  }

  /** Lists if that was never done. */
  async load(signal: AbortSignal | undefined): Promise<void> {
    while (this.#listed === undefined) await this.#refreshTogether(signal)
  }

  /** The artifact that holds the object; if none is known, after another look. Of several the one that `live` prefers. */
  async find(object: string, signal: AbortSignal | undefined): Promise<StoredArtifact | undefined> {
    const known = this.#listed !== undefined
    await this.load(signal)
    const found = this.live(object)
    if (found !== undefined || !known) return found
    await this.#refreshTogether(signal)
    return this.live(object)
  }

  /**
   * From what is known without another look. Of several first the one that was found authentic; then one of the run that
   * made the backup; then (a try that had succeeded after all) the oldest: it was there when a second one was made.
   */
  live(object: string): StoredArtifact | undefined {
    const [first, ...others] = this.candidates(object)
    if (first === undefined || others.length === 0) return first
    const folder = folderOf(object)
    const { run, record } = this.#settled.get(folder) ?? { run: this.founder(folder), record: undefined }
    const all = [first, ...others]
    return all.find(({ id }) => id === record) ?? all.find(artifact => artifact.run === run) ?? first
  }

  /** Whether a put by this run would replace something: another run's intrusion in a backup that it made itself is nothing. */
  isTaken(object: string, run: string): boolean {
    const artifact = this.live(object)
    return artifact !== undefined && (artifact.run === run || this.founder(folderOf(object)) !== run)
  }

  /** Those that could be read, oldest first. */
  candidates(object: string): readonly StoredArtifact[] {
    return this.all(object).filter(artifact => !this.#lost.has(artifact.id) && !hasExpired(artifact, this.#now()))
  }

  /**
   * The run that made the oldest artifact of the backup. Nobody can have been before it who did not know the backup's id,
   * and that is random.
   */
  founder(folder: string): string | undefined {
    return this.#founders().get(folder)?.run
  }

  /** Whether several artifacts of a backup go by one name, and it is not known yet whose are its own. */
  isContested(folder: string): boolean {
    return this.#contested().has(folder) && !this.#settled.has(folder)
  }

  settle(folder: string, settlement: Settlement): void {
    this.#settled.set(folder, settlement)
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
    this.#changed()
  }

  /** Its bytes are not to be had: it has expired or was deleted since it was listed. The next listing tells. */
  lose(id: number): void {
    this.#lost.add(id)
    this.#uploaded.delete(id)
    this.#changed()
  }

  isGone(id: number): boolean {
    return this.#gone.has(id)
  }

  /** It is deleted, whatever listings still say. */
  forget(id: number): void {
    this.#gone.add(id)
    this.#uploaded.delete(id)
    this.#changed()
  }

  #changed(): void {
    this.#index = undefined
    this.#oldest = undefined
    this.#rivalled = undefined
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

  #founders(): ReadonlyMap<string, StoredArtifact> {
    if (this.#oldest === undefined) {
      const oldest = new Map<string, StoredArtifact>()
      for (const [object, [first]] of this.#byObject()) {
        const folder = folderOf(object)
        const known = oldest.get(folder)
        if (first !== undefined && (known === undefined || first.id < known.id)) oldest.set(folder, first)
      }
      this.#oldest = oldest
    }
    return this.#oldest
  }

  #contested(): ReadonlySet<string> {
    this.#rivalled ??= new Set(
      [...this.#byObject()].flatMap(([object, artifacts]) => (artifacts.length > 1 ? folderOf(object) : [])),
    )
    return this.#rivalled
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

/** `component/backup-id`. */
export function folderOf(object: string): string {
  return object.slice(0, object.lastIndexOf('/'))
}

function hasExpired({ expired, expiresAt }: StoredArtifact, now: number): boolean {
  return expired || (expiresAt !== undefined && expiresAt.getTime() <= now)
}
