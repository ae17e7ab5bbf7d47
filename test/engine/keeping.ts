/** What the tests of retention, `prune` and `status` have in common: their requests, and what a store then is worth. */
import { expect } from 'vitest'
import { type PruneRequest, prune } from '../../src/engine/prune.ts'
import type { RetentionPolicy } from '../../src/engine/retention.ts'
import { type StatusRequest, status } from '../../src/engine/status.ts'
import { COMPONENTS, type Component } from '../../src/format/manifest.ts'
import { parseObjectName } from '../../src/repository/layout.ts'
import type { Store } from '../../src/store/store.ts'
import type { MemoryStore } from '../fakes/memory-store.ts'
import { memorySink } from '../fakes/source.ts'
import { keyring, runRestore } from './scene.ts'

export const DAY = 24 * 60 * 60 * 1000

export function policy(rules: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return {
    days: 30,
    last: undefined,
    hourly: undefined,
    daily: undefined,
    weekly: undefined,
    monthly: undefined,
    yearly: undefined,
    ...rules,
  }
}

export function runPrune(
  store: Store,
  now: Date,
  options: Partial<Omit<PruneRequest, 'policy'>> & { readonly policy?: Partial<RetentionPolicy> } = {},
) {
  return prune({
    store,
    components: COMPONENTS,
    keyring,
    apply: true,
    now: () => now,
    progress: () => undefined,
    signal: new AbortController().signal,
    ...options,
    policy: policy(options.policy),
  })
}

export function runStatus(store: Store, now: Date, options: Partial<StatusRequest> = {}) {
  return status({
    store,
    components: COMPONENTS,
    keyring,
    maxAge: undefined,
    now: () => now,
    progress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  })
}

/** Ids of the backups that exist, oldest first. */
export function idsIn(store: MemoryStore, component: Component = 'database'): readonly string[] {
  return [...store.objects.keys()]
    .map(parseObjectName)
    .filter(place => place?.component === component && place.file === 'manifest.json')
    .map(place => place?.id ?? '')
    .sort()
}

/** Every backup that exists restores to the bytes that it was made of; `contents` by id. */
export async function expectAllRestore(
  store: MemoryStore,
  contents: ReadonlyMap<string, ReadonlyMap<string, Buffer>>,
  component: Component = 'database',
): Promise<void> {
  for (const id of idsIn(store, component)) {
    const sink = memorySink(component)
    await runRestore(store, sink, id)
    const wanted = contents.get(id)
    expect(wanted, id).toBeDefined()
    expect([...sink.restored.keys()].sort(), id).toEqual([...(wanted?.keys() ?? [])].sort())
    for (const [name, bytes] of wanted ?? []) expect(sink.restored.get(name)?.equals(bytes), `${id} ${name}`).toBe(true)
  }
}

/** Objects that no record in the store needs, but for an index that waits for the last pack of its folder. */
export function unneededIn(store: MemoryStore): readonly string[] {
  const needed = new Set<string>()
  for (const [name, bytes] of store.objects) {
    if (!/\/(manifest|placeholder)\.json$/.test(name)) continue
    const { component, id, index, objects, leansOn } = JSON.parse(Buffer.from(bytes).toString())
    needed.add(name)
    if (index !== null) needed.add(`${component}/${id}/${index.name}`)
    for (const group of [{ backup: id, objects }, ...leansOn]) {
      for (const object of group.objects) {
        needed.add(`${component}/${group.backup}/${object.name}`)
        needed.add(`${component}/${group.backup}/index.gz.enc`)
      }
    }
  }
  return [...store.objects.keys()].filter(name => !needed.has(name))
}

/** Runs something else in the middle: before the k-th call that the store gets. */
export function interposed(store: MemoryStore, call: number, run: () => Promise<unknown>): MemoryStore {
  let calls = 0
  let running: Promise<unknown> | undefined
  const meet = async () => {
    calls++
    if (calls === call) running = run()
    // Only the call itself waits, not those that are under way beside it.
    if (calls === call) await running
  }
  return {
    ...store,
    async *list(...args) {
      await meet()
      yield* store.list(...args)
    },
    put: (...args) => meet().then(() => store.put(...args)),
    get: (...args) => meet().then(() => store.get(...args)),
    stat: (...args) => meet().then(() => store.stat(...args)),
    delete: (...args) => meet().then(() => store.delete(...args)),
  }
}
