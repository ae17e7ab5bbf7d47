/** A reader of bytes that somebody else may have written. */
export interface Target extends AsyncDisposable {
  readonly name: string
  /** Of all mutations, so many in a hundred. */
  readonly share: number
  readonly samples: readonly Buffer[]
  readonly mutate: 'bytes' | 'json'
  /**
   * Reads bytes that began as that sample. Resolves where it takes them; rejects with a ComebackError where it refuses. Throws
   * anything else where it took what it must not take.
   */
  read(bytes: Buffer, sample: number): Promise<void>
}

export function target(
  name: string,
  share: number,
  samples: readonly Buffer[],
  read: Target['read'],
  { mutate = 'bytes', end = async () => undefined }: { mutate?: Target['mutate']; end?: () => Promise<void> } = {},
): Target {
  return { name, share, samples, mutate, read, [Symbol.asyncDispose]: end }
}
