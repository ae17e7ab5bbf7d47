/** Stores as they may be after a year, with all that can happen to backups in it. */
import { historyOf } from '../../src/engine/report-history.ts'
import type { Component } from '../../src/format/manifest.ts'
import type { HistoryReport } from '../../src/report/history-report.ts'
import type { ListedBackup } from '../../src/report/report.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR
export const NOW = new Date('2026-11-25T07:40:00Z')

export function listed(component: Component, time: number, changes: Partial<ListedBackup> = {}): ListedBackup {
  const iso = new Date(time).toISOString()
  return {
    component,
    id: `${iso.slice(0, 19).replace(/[-:]/g, '')}Z-${component.slice(0, 4)}00`,
    time: iso,
    status: 'complete',
    stock: false,
    bytes: 1_000_000,
    stored: 100_000,
    new: 50_000,
    full: false,
    keyId: 'k',
    leansOn: [],
    authenticated: true,
    ...changes,
  }
}

export function report(
  backups: readonly ListedBackup[],
  store = 'file:/srv/backups',
  storeArguments: readonly string[] = ['--store', store],
): HistoryReport {
  const newestFirst = backups.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))
  return historyOf({ command: 'list', store, backups: newestFirst, foreign: [] }, NOW, {
    html: 'report.html',
    storeArguments,
  })
}

/** Every database backup is proved once a week; some runs fail, one proof finds damage, the cron was off for ten days. */
export function aYear(): readonly ListedBackup[] {
  const found: ListedBackup[] = []
  const random = pseudoRandom(7)
  for (let back = 370; back >= 0; back--) {
    const day = Date.parse('2026-11-25') - back * DAY
    if (back > 120 && back < 131) continue
    const size = 1.1e9 + (370 - back) * 2.6e6 + random() * 2e7
    const time = day + 2 * HOUR + random() * 20 * 60_000
    const minutes = 4 + (370 - back) / 60 + random()
    found.push(
      listed('database', time, {
        bytes: size,
        new: 2.4e7 + random() * 4e7,
        stored: 1.5e7 + random() * 2e7,
        ...(back % 43 === 20 ? failure('The server at db.internal:5432 did not answer within 30 s.') : {}),
        ...(back % 97 === 3 ? { status: 'partial' as const } : {}),
        ...(back % 7 === 1
          ? {
              proof: proof(
                time + 2 * HOUR,
                back === 155 ? 'failed' : back % 49 === 1 ? 'could-not-verify' : 'verified',
                minutes * 60,
              ),
            }
          : {}),
      }),
    )
    if (back % 86 === 20) found.push(listed('database', time + HOUR, { bytes: size, new: 3e7 }))
    if (back === 60) found.push(listed('database', day + 15 * HOUR, { purpose: 'safety', bytes: size, new: 1e6 }))
    if (back % 7 === 2) {
      found.push(
        listed('files', day + 3.5 * HOUR, {
          bytes: 4.2e9 + (370 - back) * 6e6,
          new: 8e7 + random() * 3e8,
          ...(back % 28 === 2 ? { proof: proof(day + 6 * HOUR, 'verified', 410 + random() * 60) } : {}),
        }),
      )
    }
    if (back % 30 === 12 && back < 300)
      found.push(listed('config', day + 4 * HOUR, { bytes: 18_400, new: 900, stored: 6_000 }))
  }
  return found
}

export function failure(reason: string): Partial<ListedBackup> {
  return { status: 'failed', bytes: 0, new: 0, reason }
}

export function proof(time: number, verdict: 'verified' | 'failed' | 'could-not-verify', restoreSeconds: number) {
  return { verdict, time: new Date(time).toISOString(), restoreSeconds, authenticated: true }
}

/** The same each time (mulberry32). */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
