/** Bounded concurrency, for requests whose answer is small and whose way is long. */

/** Hundreds of them, each a request of its own: more than this at a time and a store slows us down. */
export const MANIFESTS_AT_A_TIME = 8

/**
 * Maps in order, up to `width` items at work at a time; an item counts until its result was taken, so that results don't
 * pile up either. The first failure is thrown in its turn. Nothing is at work any more when this returns or throws, be it
 * that the caller stopped early.
 */
export async function* sideBySide<T, U>(
  items: Iterable<T>,
  width: number,
  map: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const working: Promise<U>[] = []
  try {
    for (const item of items) {
      const result = map(item)
      // Awaited below in its turn; until then a failure must not count as unhandled.
      result.catch(() => undefined)
      working.push(result)
      if (working.length >= width) yield await first(working)
    }
    while (working.length > 0) yield await first(working)
  } finally {
    await Promise.allSettled(working)
  }
}

/** `sideBySide` for results that are wanted all at once. */
export async function allSideBySide<T, U>(
  items: Iterable<T>,
  width: number,
  map: (item: T) => Promise<U>,
): Promise<readonly U[]> {
  const results: U[] = []
  for await (const result of sideBySide(items, width, map)) results.push(result)
  return results
}

function first<U>(working: Promise<U>[]): Promise<U> {
  return working.shift() as Promise<U>
}
