/**
 * What a store will hold in thirty days: as much comes as came in the last thirty, and nothing goes but what the store itself drops.
 * What retention will let go is not known here, so it is the most that there can be.
 */
import type { SpaceForecast } from '../report/status-report.ts'

const DAY = 24 * 60 * 60 * 1000
const SPAN = 30
/** Days that a store must look back on before it says anything of a pace. */
const LEAST = 7

export interface StoredObject {
  /** What was made by the same run has the same. */
  readonly run: string
  /** When that run began. */
  readonly time: Date
  /** Bytes. */
  readonly size: number
  readonly expiresAt?: Date | undefined
}

/** Undefined where there is no pace yet. `quota` in bytes. */
export function forecast(
  objects: readonly StoredObject[],
  now: Date,
  quota: number | undefined,
): SpaceForecast | undefined {
  const past = objects.filter(({ time }) => time <= now)
  const oldest = past.reduce((first, { time }) => Math.min(first, time.getTime()), now.getTime())
  const lived = (now.getTime() - oldest) / DAY
  if (lived < LEAST) return undefined
  const came = paceOf(past, now, oldest, lived)
  const stored = objects.reduce((sum, { size }) => sum + size, 0)
  const heldAfter = (days: number) => {
    const until = now.getTime() + days * DAY
    const gone = objects.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt.getTime() <= until)
    return Math.round(stored + (came * days) / SPAN - gone.reduce((sum, { size }) => sum + size, 0))
  }
  const fullAfter =
    quota === undefined || stored > quota
      ? undefined
      : Array.from({ length: SPAN }, (_, day) => day + 1).find(day => heldAfter(day) > quota)
  return {
    bytes: heldAfter(SPAN),
    came: Math.round(came),
    ...(fullAfter === undefined
      ? {}
      : { exceeded: new Date(now.getTime() + fullAfter * DAY).toISOString().slice(0, 10) }),
  }
}

/** Bytes that come in thirty days. Of a store that is younger, its first run does not count as often as the others: it stored everything. */
function paceOf(past: readonly StoredObject[], now: Date, oldest: number, lived: number): number {
  const recent = past.filter(({ time }) => now.getTime() - time.getTime() < SPAN * DAY)
  if (lived >= SPAN) return recent.reduce((sum, { size }) => sum + size, 0)
  const first = past.find(({ time }) => time.getTime() === oldest)?.run
  return recent.reduce((sum, { run, size }) => sum + size * (run === first ? 1 : SPAN / lived), 0)
}
