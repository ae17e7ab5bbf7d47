/** Several writes under way at once. */
export interface Flight {
  /** Resolves when there is room for the next. Throws what an earlier one threw. */
  add(task: Promise<void>): Promise<void>
  /** Resolves when all are done. Throws what the first to fail threw. */
  settle(): Promise<void>
  /** Resolves when none is under way, however they ended. */
  land(): Promise<void>
}

export function createFlight(most: number): Flight {
  const pending = new Set<Promise<unknown>>()
  let failure: { readonly error: unknown } | undefined

  function check(): void {
    if (failure !== undefined) throw failure.error
  }

  return {
    async add(task) {
      const settled: Promise<unknown> = task
        .catch(error => {
          failure ??= { error }
        })
        .finally(() => pending.delete(settled))
      pending.add(settled)
      if (pending.size >= most) await Promise.race(pending)
      check()
    },
    async settle() {
      await Promise.all(pending)
      check()
    },
    async land() {
      await Promise.all(pending)
    },
  }
}
