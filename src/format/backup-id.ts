/**
 * Names of backups: `20261123T020000Z-7f3a91`, UTC time to the second and 24 random bits, so that two runs begun in the
 * same second don't meet. No colons (artifact names forbid them); names sort by time.
 */
import { randomBytes } from 'node:crypto'
import { ComebackError } from '../errors.ts'

const PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-[0-9a-f]{6}$/
const RANDOM_BYTES = 3

export function newBackupId(now: Date, random: (bytes: number) => Uint8Array = randomBytes): string {
  return `${stamp(now)}-${Buffer.from(random(RANDOM_BYTES)).toString('hex')}`
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
  const [, year, month, day, hour, minute, second] = match
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // The round trip refuses dates such as 31 February, which Date would move.
  return !Number.isNaN(time.getTime()) && text.startsWith(stamp(time)) ? time : undefined
}

/** `20261123T020000Z` */
function stamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}
