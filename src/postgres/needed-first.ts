/** In the order given, but each behind what it needs. A circle has no order: it is entered where it is met. */
export function neededFirst<T>(items: readonly T[], needs: (item: T) => readonly T[]): T[] {
  const met = new Set<T>()
  const placed: T[] = []
  const place = (item: T) => {
    if (met.has(item)) return
    met.add(item)
    for (const needed of needs(item)) place(needed)
    placed.push(item)
  }
  for (const item of items) place(item)
  return placed
}
