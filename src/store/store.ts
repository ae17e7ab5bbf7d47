/**
 * The port to wherever objects live. Objects are bounded (a pack, an index, a manifest), so they travel as bytes in
 * memory, which makes a retry a repetition and nothing more. `test/store/contract.ts` is the contract in executable form;
 * every store runs it.
 *
 * Names are `component/backup-id/file`, in [A-Za-z0-9._/-]. Errors are `ComebackError`s:
 * `not-found`, `already-exists`, `store-full`, `store-unavailable` (may pass; the retry decorator repeats it), `permission`
 * (won't pass), `damaged` (shorter than asked for), `cancelled`.
 */

export interface ObjectInfo {
  readonly name: string
  /** Bytes as stored. */
  readonly size: number
  /** When it was put, by the store's own clock, which need not agree with anybody else's; absent where it does not tell. */
  readonly writtenAt?: Date
  /** When the store itself will drop the object; absent where it keeps objects for good. */
  readonly expiresAt?: Date
}

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

export interface Store {
  /** For people: `file:./backups`, `s3://bucket/prefix`. Holds no credentials. */
  readonly location: string
  /** For the machines, where `location` may name another place elsewhere: no two stores have it in common. */
  readonly place?: string
  /** Ciphertext bytes that a pack should reach in this store before the next one is begun. */
  readonly packSize: number
  /** Every finished object whose name begins with the prefix, in no promised order; half-written ones never show. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo>
  /** Creates an object, all of it or nothing, durable when the promise resolves. `already-exists` if the name is taken. */
  put(name: string, body: readonly Uint8Array[], signal?: AbortSignal): Promise<void>
  /** The whole object, or the range of it. An object larger than `limit` (bytes) is `damaged`, before it is read. */
  get(
    name: string,
    options?: { readonly range?: ByteRange; readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>
  /** `not-found` if it is not there. */
  stat(name: string, signal?: AbortSignal): Promise<ObjectInfo>
  /** Deleting what is not there is not an error. */
  delete(name: string, signal?: AbortSignal): Promise<void>
  /** Removes what puts that were cut short have left; absent where they leave nothing. */
  tidy?(signal?: AbortSignal): Promise<void>
}
