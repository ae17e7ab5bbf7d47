/** Which objects are read today, if only some are: others tomorrow, so that all are read in time. */
import { createHash } from 'node:crypto'

const DAY = 24 * 60 * 60 * 1000

/**
 * Every object has a place on a circle of 100, by its name. A window of `percent` moves on by its own width each UTC day:
 * within any ceil(100 / percent) days in a row it passes over the whole circle, without anything being remembered.
 */
export function isDue(name: string, percent: number, now: Date): boolean {
  if (percent >= 100) return true
  const place = (createHash('sha256').update(name).digest().readUInt32LE(0) / 2 ** 32) * 100
  const start = (Math.floor(now.getTime() / DAY) * percent) % 100
  return (place - start + 100) % 100 < percent
}
