/** How long artifacts live: what is asked for, what the repository allows, what GitHub says afterwards. */
import type { ArtifactApi, StoredArtifact } from './artifact-api.ts'

const DAY = 24 * 60 * 60 * 1000

export interface RetentionWish {
  /** Days to ask for: those that a backup must live, and those that packs live longer so that later backups can use them. */
  readonly days: number
  /** Those of them that a backup must live. */
  readonly backupDays: number
}

export interface RetentionOptions {
  readonly wish: RetentionWish
  /** The most days that the repository keeps artifacts, where the runner says so. */
  readonly most: number | undefined
  readonly repository: string
  readonly warn: (message: string, hint: string) => void
}

export class Retention {
  /** To ask for. */
  readonly days: number
  readonly #options: RetentionOptions
  #warned = false
  #life: number | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
    this.days = Math.min(options.wish.days, options.most ?? Number.POSITIVE_INFINITY)
  }

  /** Says once, if it is so, that backups live shorter than they should. */
  checkLimit(): void {
    if (this.days < this.#options.wish.days) this.#warn(this.days)
  }

  /** What GitHub has granted to an artifact uploaded just now: its own limit, or the organization's, may be lower. */
  async learn(api: ArtifactApi, uploaded: StoredArtifact, now: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#life !== undefined) return
    // A record that is not there yet is looked for after the next upload.
    const expiresAt = (await api.byId(uploaded.id, signal))?.expiresAt
    if (expiresAt === undefined) return
    this.#life = expiresAt.getTime() - now
    const granted = Math.round(this.#life / DAY)
    if (granted < this.days) this.#warn(granted)
  }

  /** Of an artifact uploaded at that time, until GitHub's listing tells. */
  expiry(uploadedAt: number): Date {
    return new Date(uploadedAt + (this.#life ?? this.days * DAY))
  }

  #warn(days: number): void {
    if (this.#warned) return
    this.#warned = true
    const { wish, repository, warn } = this.#options
    const limit = `${repository} keeps artifacts for ${days} ${days === 1 ? 'day' : 'days'} at most`
    const remedy = `Raise it in the repository's settings (Actions, General, "Artifact and log retention"), or use a bucket: --store s3://BUCKET/PREFIX.`
    if (days < wish.backupDays) {
      warn(`${limit}, so backups live ${days} days and not ${wish.backupDays}.`, remedy)
    } else {
      warn(
        `${limit}, and not the ${wish.days} that were asked for. Backups live as long as they should, but full ones come more often, and cost more storage.`,
        remedy,
      )
    }
  }
}
