/** What no key has vouched for: whoever can write to the store can make its records look well, so they must not pass for the truth. */
import type { HistoryBackup, HistoryReport } from './history-report.ts'
import { countText } from './quantities.ts'

/** Of one that is damaged, or of the old scripts, there is nothing that a key could vouch for. */
export function isDoubtful({ authenticated, status }: HistoryBackup): boolean {
  return !authenticated && status !== 'damaged' && status !== 'unread'
}

/** A sentence; undefined where there is no doubt. */
export function doubtText({ components }: Pick<HistoryReport, 'components'>): string | undefined {
  const backups = components.flatMap(({ backups }) => backups)
  const doubtful = backups.filter(isDoubtful).length
  if (doubtful === 0) return undefined
  const some = `${countText(doubtful, 'record')} of ${backups.length.toLocaleString('en')} ${doubtful === 1 ? 'was' : 'were'} not`
  return `${doubtful === backups.length ? 'No record here was' : some} authenticated with a key: what they say is what the store claims.`
}
