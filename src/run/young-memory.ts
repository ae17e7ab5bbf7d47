/**
 * V8 doubles the space in which it makes objects whenever enough of them have lived for a while, up to 64 MiB, and never gives
 * that back: of a run over a hundred thousand files a quarter of its memory. It is left to grow until it is large enough for
 * everything here, and then no more. `--max-semi-space-size` would do the same, but a program has no say in its own flags
 * until it runs; this one is read at each growth.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const MiB = 1024 * 1024
/** Bytes. Two halves, of which one is in use. */
const ENOUGH = 16 * MiB
/** Milliseconds. */
const LOOK_EVERY = 250

export function boundYoungMemory(): void {
  const timer = setInterval(() => {
    if (youngMemory() < ENOUGH) return
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(timer)
  }, LOOK_EVERY).unref()
}

function youngMemory(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
