/** Sizes, times and counts as people read them. */

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `0 B`, `1.2 kB`, `38 MB`, `1.1 GB`: powers of 1,000. */
export function sizeText(bytes: number): string {
  let value = bytes
  let step = 0
  // Rounding must not make `1000 kB` of 999.6 kB.
  while (value >= (step === 0 ? 1000 : 999.5) && step < SIZES.length - 1) {
    value /= 1000
    step += 1
  }
  const rounded = step > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value).toString()
  return `${rounded} ${SIZES[step]}`
}

export function rateText(bytes: number, seconds: number): string {
  return `${sizeText(seconds > 0 ? bytes / seconds : 0)}/s`
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return two(Math.floor(whole / MINUTE), 'min', whole % MINUTE, 's')
  const minutes = Math.round(whole / MINUTE)
  if (whole < DAY) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(whole / HOUR)
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** `0:07`, `12:03`, `1:02:03`: as wide in one second as in the next. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)]
  const rest = String(whole % MINUTE).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** The largest unit alone: `5 min`, `3 h`, `12 d`. */
export function ageText(from: Date, to: Date): string {
  const seconds = Math.max(0, (to.getTime() - from.getTime()) / 1000)
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`
}

/** `2026-11-23 02:00:00 UTC`. */
export function timeText(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `1 backup`, `12 backups`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
