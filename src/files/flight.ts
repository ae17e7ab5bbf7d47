/** Several writes under way at once. */
export interface Flight {
  /** Resolves when there is room for the next. Throws what an earlier one threw. */
  add(task: Promise<void>): Promise<void>
  /** Resolves when all are done. Throws what the first to fail threw. */
  settle(): Promise<void>
  /** Resolves when none is under way, however they ended. */
  land(): Promise<void>
}

/** One at a time may wait for it. */
export function createFlight(most: number): Flight {
  let pending = 0
  let failure: { readonly error: unknown } | undefined
  let ended: () => void = () => undefined

  async function fewerThan(number: number): Promise<void> {
    while (pending >= number) {
      // Not a race of all that are under way: each would be subscribed to again for every one that is added.
      await new Promise<void>(resolve => {
        ended = resolve
      })
    }
  }

  function check(): void {
    if (failure !== undefined) throw failure.error
  }

  return {
    async add(task) {
      pending++
      task
        .catch(error => {
          failure ??= { error }
        })
        .finally(() => {
          pending--
          ended()
        })
      await fewerThan(most)
      check()
    },
    async settle() {
      await fewerThan(1)
      check()
    },
    land: () => fewerThan(1),
  }
}
