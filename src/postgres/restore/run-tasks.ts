/**
 * Work in lanes: each lane takes the heaviest task whose needs are met and whose locks nobody holds, so that no lane ever
 * waits inside the server for another one, and no two of them for each other.
 */

export interface Task<Lane> {
  /** Of two tasks that can begin, the heavier one does; equal ones in the order given. */
  readonly weight: number
  /** Tasks that must have ended. */
  readonly needs: readonly Task<Lane>[]
  /** Names of locks; a shared one is held by any number of tasks as long as nobody holds it alone. */
  readonly shared: readonly string[]
  readonly exclusive: readonly string[]
  run(lane: Lane): Promise<void>
}

/** Runs all tasks. The first failure is thrown once every lane has come to rest; `onFailure` may hurry the others. */
export async function runTasks<Lane>(
  lanes: readonly Lane[],
  tasks: readonly Task<Lane>[],
  onFailure: (error: unknown) => void = () => {},
): Promise<void> {
  const locks = new LockTable()
  const missing = new Map(tasks.map(task => [task, new Set(task.needs).size]))
  const dependents = new Map<Task<Lane>, Task<Lane>[]>(tasks.map(task => [task, []]))
  for (const task of tasks) {
    for (const need of new Set(task.needs)) dependents.get(need)?.push(task)
  }
  const order = new Map(tasks.map((task, index) => [task, index]))
  const heavierFirst = (a: Task<Lane>, b: Task<Lane>) =>
    b.weight - a.weight || (order.get(a) ?? 0) - (order.get(b) ?? 0)
  let ready = tasks.filter(task => task.needs.length === 0).toSorted(heavierFirst)
  let left = tasks.length
  let failure: { readonly error: unknown } | undefined
  let change = Promise.withResolvers<void>()

  const finish = (task: Task<Lane>) => {
    left--
    locks.release(task)
    const fresh = (dependents.get(task) ?? []).filter(dependent => {
      const count = (missing.get(dependent) ?? 0) - 1
      missing.set(dependent, count)
      return count === 0
    })
    if (fresh.length > 0) ready = [...ready, ...fresh].toSorted(heavierFirst)
  }
  const wake = () => {
    change.resolve()
    change = Promise.withResolvers()
  }
  const work = async (lane: Lane) => {
    while (left > 0 && failure === undefined) {
      const index = ready.findIndex(task => locks.isFree(task))
      const [task] = index < 0 ? [] : ready.splice(index, 1)
      if (task === undefined) {
        if (locks.idle) throw new Error('The tasks wait for each other.')
        await change.promise
        continue
      }
      locks.take(task)
      try {
        await task.run(lane)
        finish(task)
      } catch (error) {
        failure ??= { error }
        onFailure(error)
      }
      wake()
    }
  }
  await Promise.all(lanes.map(work))
  if (failure !== undefined) throw failure.error
}

type Locks = Pick<Task<never>, 'shared' | 'exclusive'>

class LockTable {
  /** Holders by lock: a number of sharers, or -1 for one alone. */
  readonly #held = new Map<string, number>()
  #running = 0

  get idle(): boolean {
    return this.#running === 0
  }

  isFree({ shared, exclusive }: Locks): boolean {
    return (
      shared.every(name => (this.#held.get(name) ?? 0) >= 0) &&
      exclusive.every(name => (this.#held.get(name) ?? 0) === 0)
    )
  }

  take({ shared, exclusive }: Locks): void {
    this.#running++
    for (const name of shared) this.#held.set(name, (this.#held.get(name) ?? 0) + 1)
    for (const name of exclusive) this.#held.set(name, -1)
  }

  release({ shared, exclusive }: Locks): void {
    this.#running--
    for (const name of shared) this.#held.set(name, (this.#held.get(name) ?? 1) - 1)
    for (const name of exclusive) this.#held.set(name, 0)
  }
}
