/**
 * Names of backups: `20261123T020000Z-7f3a91`, UTC time to the second, then its fraction in 4096ths, so that names sort by time
 * even where a restore is undone a moment after it was made, and 12 random bits, so that two runs begun in the same moment
 * don't meet. No colons: artifact names forbid them.
 */
import { randomBytes } from 'node:crypto'
import { ComebackError } from '../errors.ts'

const PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{6}$/
/** Of a second's fraction, and as many random ones. */
const BITS = 12

export function newBackupId(now: Date, random: (bytes: number) => Uint8Array = randomBytes): string {
  const fraction = Math.floor(((now.getTime() % 1000) / 1000) * 2 ** BITS)
  const chance = Buffer.from(random(2)).readUInt16BE() % 2 ** BITS
  return `${stamp(now)}-${(fraction * 2 ** BITS + chance).toString(16).padStart(6, '0')}`
}

export function isBackupId(text: string): boolean {
  return read(text) !== undefined
}

/** The time in the id. Throws `usage` if it is none. */
export function timeOf(id: string): Date {
  const time = read(id)
  if (time !== undefined) return time
  throw new ComebackError('usage', `"${id}" is not the id of a backup.`, {
    hint: 'An id looks like 20261123T020000Z-7f3a91; `comeback list` shows them.',
  })
}

function read(text: string): Date | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const time = new Date(0)
  time.setUTCFullYear(year, month - 1, day)
  time.setUTCHours(hour, minute, second)
  // Date moves what is none, such as 31 February. Compared by numbers: a store is asked this of each of its objects, several times.
  const isReal =
    time.getUTCFullYear() === year &&
    time.getUTCMonth() === month - 1 &&
    time.getUTCDate() === day &&
    time.getUTCHours() === hour &&
    time.getUTCMinutes() === minute &&
    time.getUTCSeconds() === second
  return isReal ? time : undefined
}

/** `20261123T020000Z` */
function stamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}
