/** The running numbers of each component: how much, how fast, how long still. */
import type { ProgressEvent } from '../engine/progress.ts'
import type { Component } from '../format/manifest.ts'
import { clockText, rateText, sizeText } from '../report/quantities.ts'
import { isRemark } from './display.ts'

/** Milliseconds that a rate looks back: long enough to be calm, short enough to notice a stall. */
const RATE_WINDOW = 10_000
/** Milliseconds between two samples of the rate. */
const SAMPLE_EVERY = 500
/** Milliseconds before a rate means anything. */
const RATE_AFTER = 1_000

export interface Count {
  readonly component: Component
  phase: string
  expected: number
  done: number
  fresh: number
  stored: number
  readonly samples: { readonly at: number; readonly done: number }[]
}

export interface Tally {
  add(event: ProgressEvent): void
  /** Of the components that are at work, in the order in which they began. */
  running(): readonly Count[]
  of(component: Component): Count
}

export function createTally(now: () => number): Tally {
  const counts = new Map<Component, Count>()
  const of = (component: Component): Count => {
    const count = counts.get(component) ?? newCount(component, now())
    counts.set(component, count)
    return count
  }
  const add = (event: ProgressEvent): void => {
    if (isRemark(event) || event.type === 'names') return
    if (event.type === 'done' || event.type === 'plan') {
      counts.delete(event.component)
      return
    }
    const count = of(event.component)
    if (event.type === 'phase') count.phase = event.text
    else if (event.type === 'expect') count.expected = event.bytes
    else {
      Object.assign(count, { done: event.done, fresh: event.fresh, stored: event.stored })
      sample(count, now())
    }
  }
  return { add, of, running: () => [...counts.values()] }
}

/** What there is to say, the most important first: `412 MB of 1.1 GB`, `92 MB/s`, `0:07 left`, `12 MB new`, `38%`. */
export function numbersOf(count: Count, now: number): readonly string[] {
  const { done, expected, fresh, stored } = count
  // An estimate that was too low is no use any more.
  const ahead = expected > 0 && done <= expected
  const numbers = [ahead ? `${sizeText(done)} of ${sizeText(expected)}` : sizeText(done)]
  if (done === 0 && !ahead) return []
  const rate = rateOf(count, now)
  if (rate !== undefined) numbers.push(rateText(rate, 1))
  if (rate !== undefined && rate > 0 && ahead) numbers.push(`${clockText((expected - done) / rate)} left`)
  // A restore has nothing that could be new.
  if (fresh > 0 || stored > 0) numbers.push(`${sizeText(fresh)} new`)
  if (ahead) numbers.push(percent(done, expected))
  return numbers
}

function newCount(component: Component, at: number): Count {
  return { component, phase: '', expected: 0, done: 0, fresh: 0, stored: 0, samples: [{ at, done: 0 }] }
}

function sample(count: Count, now: number): void {
  const { samples, done } = count
  if (now - (samples.at(-1)?.at ?? 0) < SAMPLE_EVERY) return
  samples.push({ at: now, done })
  while ((samples[1]?.at ?? now) < now - RATE_WINDOW) samples.shift()
}

/** Bytes a second over the window, which goes on while nothing comes: a stall lets it sink to nothing. */
function rateOf({ samples, done }: Count, now: number): number | undefined {
  const first = samples.findLast(({ at }) => at <= now - RATE_WINDOW) ?? samples[0]
  if (first === undefined || now - first.at < RATE_AFTER || done === 0) return undefined
  return ((done - first.done) / (now - first.at)) * 1000
}

/** Never 100% before the last byte. */
function percent(done: number, expected: number): string {
  return `${Math.floor((done / expected) * 100)}%`
}
