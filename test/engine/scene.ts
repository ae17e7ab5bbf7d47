/** A store, a key and the engine's verbs with quiet defaults, for tests of the engine on bytes in memory. */
import { createCipheriv, createHash } from 'node:crypto'
import { backup } from '../../src/engine/backup.ts'
import { parseMoment } from '../../src/engine/catalog.ts'
import { findBackup } from '../../src/engine/find-backup.ts'
import type { BackupRequest } from '../../src/engine/plan.ts'
import type { Sink, Source } from '../../src/engine/ports.ts'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { restore } from '../../src/engine/restore.ts'
import type { Component } from '../../src/format/manifest.ts'
import type { BackupOutcome } from '../../src/report/report.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import type { Store } from '../../src/store/store.ts'

export const KEY = 'correct horse battery staple'
export const keyring = new Keyring(KEY)

/** Few, so that a test makes many chains in a second; the real number is measured elsewhere. */
export const FEW_ITERATIONS = 2

const DAY = 24 * 60 * 60 * 1000

/** A clock that stands still until it is moved, beginning on 1 November 2026. */
export function fakeClock(start = '2026-11-01T02:00:00Z') {
  let time = Date.parse(start)
  return {
    now: () => new Date(time),
    /** Every backup needs a second of its own only to be told apart by people; a day is easier to read. */
    nextDay() {
      time += DAY
    },
  }
}

export type Clock = ReturnType<typeof fakeClock>

export async function runBackup(
  store: Store,
  source: Source,
  options: Partial<BackupRequest> & { readonly clock?: Clock; readonly events?: ProgressEvent[] } = {},
): Promise<BackupOutcome> {
  const { clock = fakeClock(), events, ...request } = options
  return backup({
    store,
    keyring,
    source,
    codec: 'gzip',
    level: 1,
    full: false,
    fullEvery: 30 * DAY,
    iterations: FEW_ITERATIONS,
    tools: { comeback: 'test' },
    now: clock.now,
    progress: event => events?.push(event),
    signal: new AbortController().signal,
    ...request,
  })
}

/** A backup that must succeed. */
export async function goodBackup(...args: Parameters<typeof runBackup>) {
  const outcome = await runBackup(...args)
  if (outcome.status === 'failed') throw new Error(`The backup failed: ${outcome.error.message}`)
  return outcome
}

export async function runRestore(store: Store, sink: Sink, at = 'latest', ring = keyring) {
  return restore({
    store,
    keyring: ring,
    component: sink.component,
    moment: parseMoment(at),
    sink,
    now: () => new Date(),
    progress: () => undefined,
    signal: new AbortController().signal,
  })
}

export function manifest(store: Store, component: Component = 'database', at = 'latest') {
  return findBackup(store, component, parseMoment(at), keyring, new AbortController().signal)
}

/** Bytes that look random and are the same each time, so that chunks never repeat by accident. */
export function noise(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
