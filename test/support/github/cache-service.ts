/** CacheService v2: entries are immutable within their branch; a branch sees its own and the default branch's. */
import { randomUUID } from 'node:crypto'
import type { CacheRecord, Run } from './records.ts'
import { Refusal } from './refusal.ts'
import { type Backend, numberOf, stringOf, type TwirpBody, type TwirpService } from './twirp.ts'

const DEFAULT_BRANCH = 'main'
const DOWNLOAD_SECONDS = 600

export function cacheService({ settings, records, blobs, sign }: Backend): TwirpService {
  const { caches } = records

  const same = (body: TwirpBody, run: Run) => (other: CacheRecord) =>
    !other.deleted && other.key === body.key && other.version === body.version && other.branch === run.branch

  return {
    CreateCacheEntry(body, run) {
      if (caches.some(same(body, run))) {
        throw new Refusal(409, 'already_exists', 'cache entry with the same key, version, and scope already exists')
      }
      const cache: CacheRecord = {
        id: records.nextId(),
        key: stringOf(body.key),
        version: stringOf(body.version),
        branch: run.branch,
        blob: `cache/${randomUUID()}`,
        createdAt: settings.now(),
        size: undefined,
        deleted: false,
      }
      caches.push(cache)
      const url = sign({ blob: cache.blob, permissions: 'cw' }, settings.uploadUrlSeconds)
      return { ok: true, signed_upload_url: url }
    },

    FinalizeCacheEntryUpload(body, run) {
      const cache = caches.find(other => same(body, run)(other) && other.size === undefined)
      if (cache === undefined) throw new Refusal(404, 'not_found', 'cache entry not found')
      const size = blobs.find(cache.blob)?.size
      if (size !== numberOf(body.size_bytes)) throw new Refusal(400, 'invalid_argument', 'size mismatch')
      cache.size = size
      return { ok: true, entry_id: String(cache.id) }
    },

    GetCacheEntryDownloadURL(body, run) {
      const prefixes = Array.isArray(body.restore_keys) ? body.restore_keys.map(stringOf) : []
      for (const branch of new Set([run.branch, DEFAULT_BRANCH])) {
        const seen = caches
          .filter(other => !other.deleted && other.size !== undefined && other.version === body.version)
          .filter(other => other.branch === branch)
          .reverse()
        const hit =
          seen.find(({ key }) => key === body.key) ??
          [stringOf(body.key), ...prefixes]
            .map(prefix => seen.find(({ key }) => key.startsWith(prefix)))
            .find(cache => cache !== undefined)
        if (hit === undefined) continue
        const url = sign({ blob: hit.blob, permissions: 'r' }, DOWNLOAD_SECONDS)
        return { ok: true, signed_download_url: url, matched_key: hit.key }
      }
      return { ok: false }
    },
  }
}
