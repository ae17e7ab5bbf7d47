/**
 * A process that stops before any chosen change of the file system, as `kill -9` stops it, without the price of a process for
 * each: from that step on, no change returns. What stands on the disk then is what a killed process leaves.
 */
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout } from 'node:timers/promises'

const CHANGES = [
  'chmod',
  'chown',
  'link',
  'mkdir',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'unlink',
  'utimes',
  'writeFile',
] as const
/** Milliseconds for what is under way beside the step that stops. */
const LANDING = 15

type Change = (...args: unknown[]) => Promise<unknown>

/** Runs until the change of that number, the first is 1. True if it came to its end before. */
export async function runUntil(step: number, run: () => Promise<unknown>): Promise<boolean> {
  const stopped = Promise.withResolvers<false>()
  const restore = patchEach(change => {
    let count = 0
    return (original, ...args) => {
      count = change()
      if (count < step) return original(...args)
      stopped.resolve(false)
      return new Promise(() => undefined)
    }
  })
  try {
    const finished = run().then(() => true as const)
    const ended = await Promise.race([finished, stopped.promise])
    if (!ended) await setTimeout(LANDING)
    return ended
  } finally {
    restore()
  }
}

/** How many changes it makes. */
export async function countChanges(run: () => Promise<unknown>): Promise<number> {
  let changes = 0
  const restore = patchEach(change => (original, ...args) => {
    changes = change()
    return original(...args)
  })
  try {
    await run()
    return changes
  } finally {
    restore()
  }
}

/** For a process of its own: kills it before the change of that number. */
export function dieBefore(step: number): void {
  patchEach(change => (original, ...args) => {
    if (change() === step) process.kill(process.pid, 'SIGKILL')
    return original(...args)
  })
}

function patchEach(
  make: (count: () => number) => (original: Change, ...args: unknown[]) => Promise<unknown>,
): () => void {
  let changes = 0
  const patched = make(() => ++changes)
  const table = promises as unknown as Record<string, Change>
  const originals = CHANGES.map(name => [name, table[name]] as const)
  for (const [name, original] of originals) {
    if (original !== undefined) table[name] = (...args) => patched(original, ...args)
  }
  syncBuiltinESMExports()
  return () => {
    for (const [name, original] of originals) if (original !== undefined) table[name] = original
    syncBuiltinESMExports()
  }
}
