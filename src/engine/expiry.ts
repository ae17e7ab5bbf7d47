/**
 * How long a backup lives: retention lets it go at the earliest on one day, and a store such as GitHub's artifacts may drop
 * its objects on another, whatever anybody wants.
 */
import type { ObjectInfo } from '../store/store.ts'
import type { Problem } from './ports.ts'

/** Milliseconds. A store counts from when an object was put, retention from when the run began. */
const TOLERANCE = 24 * 60 * 60 * 1000

/** When the store drops the first of these; undefined where it keeps them for good, or does not say. */
export function firstExpiry(objects: readonly (ObjectInfo | undefined)[]): Date | undefined {
  const times = objects.flatMap(object => (object?.expiresAt === undefined ? [] : [object.expiresAt.getTime()]))
  return times.length === 0 ? undefined : new Date(times.reduce((first, time) => Math.min(first, time)))
}

/** The first of the two days: from then on the backup may be gone. */
export function goneFrom(keepUntil: Date | undefined, dropped: Date | undefined): Date | undefined {
  return keepUntil !== undefined && dropped !== undefined && dropped < keepUntil ? dropped : (keepUntil ?? dropped)
}

/** A warning where the store drops it well before retention would let it go. */
export function expiryProblems(keepUntil: Date | undefined, dropped: Date | undefined): readonly Problem[] {
  if (keepUntil === undefined || dropped === undefined) return []
  if (dropped.getTime() + TOLERANCE >= keepUntil.getTime()) return []
  return [
    {
      severity: 'warning',
      message: `The store drops this backup on ${day(dropped)}, but it is to be kept until ${day(keepUntil)}.`,
      hint: "Keep fewer --retention-days, let the store keep objects longer (for GitHub: the repository's artifact retention), or use a bucket.",
    },
  ]
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10)
}
