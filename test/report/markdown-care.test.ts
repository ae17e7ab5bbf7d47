import { describe, expect, test } from 'vitest'
import type { CheckReport } from '../../src/report/check-report.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import type { PrunedBackup, PruneReport } from '../../src/report/prune-report.ts'
import type { Report } from '../../src/report/report.ts'
import type { ComponentStatus, StatusReport } from '../../src/report/status-report.ts'
import { NOW } from './sample-reports.ts'

const ID = '20261123T010000Z-7f3a91'
const rendered = (report: Report) => renderMarkdown(report, { details: false, now: NOW })

const good: ComponentStatus = {
  component: 'database',
  state: 'good',
  overdue: false,
  last: { id: ID, time: '2026-11-23T01:00:00Z', age: 3_612, bytes: 1_080_000_000, authenticated: true },
  since: [],
  sinceCount: 0,
  backups: 31,
  failed: 0,
  stored: 2_000_000_000,
  grown: { days7: 30_000_000, days30: 400_000_000 },
  nextDue: '2026-11-24T01:00:00Z',
  largestGap: 30 * 3600,
  next: [],
}

describe('a status', () => {
  const status = (...components: ComponentStatus[]): StatusReport => ({
    command: 'status',
    store: 'artifact:acme/app',
    time: NOW.toISOString(),
    maxAge: 26 * 3600,
    components,
    space: { stored: 0 },
  })

  test('in order is a table', () => {
    expect(rendered(status(good))).toBe(`## ✅ Backups are in order

The last good one may be 26 h old.

| Component | Last good backup | Age | Worst RPO | Next due | Size | Last verified | Restore takes (RTO) | Backups of any kind | Stored | In 7 days | In 30 days |
| --- | --- | ---: | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| ✅ database | <code>20261123T010000Z-7f3a91</code> | 1 h | 30 h | 2026-11-24 01:00 UTC | 1.1 GB | never |  | 31 | 2.0 GB | 30 MB | 400 MB |

In <code>artifact&#58;acme/app</code>.

`)
  })

  test('says what the store will hold, what that takes for granted, and what is more than the quota', () => {
    const in30Days = { bytes: 3_000_000_000, came: 1_000_000_000, exceeded: '2026-12-03' }
    const filling = rendered({ ...status(good), space: { stored: 1, quota: 2_000_000_000, exceeded: false, in30Days } })
    expect(filling).toContain('## ✅')
    expect(filling).toContain('> From 2026-12-03 on the store holds more than the quota of 2.0 GB, at this pace.')
    expect(filling).toContain('\nIn 30 days the store holds up to 3.0 GB, if as much comes as in the last 30 (1.0 GB)')
    const full = rendered({ ...status(good), space: { stored: 9_000_000_000, quota: 2_000_000_000, exceeded: true } })
    expect(full).toContain('## ❌ Backups need attention: the quota\n')
    expect(full).toContain('> 9.0 GB are stored, and the quota is 2.0 GB.')
  })

  test('that alarms says for which components, what to do, and what came since', () => {
    const text = rendered(
      status(good, {
        ...good,
        component: 'files',
        overdue: true,
        since: [{ id: ID, time: '2026-11-23T01:00:00Z', status: 'failed', reason: 'store-full' }],
        sinceCount: 4,
        next: ['Run `comeback backup files`.'],
      }),
    )
    expect(text).toContain('## ❌ Backups need attention: files\n')
    expect(text).toContain('> - Run &#96;comeback backup files&#96;.')
    expect(text).toContain('- <code>20261123T010000Z-7f3a91</code> failed, 1 h ago: store-full')
    expect(text).toContain('… and 3 more')
  })
})

describe('a check', () => {
  const amount = { objects: 12, bytes: 340_000_000 }
  const report: CheckReport = {
    command: 'check',
    store: 'file:b',
    seconds: 3,
    key: true,
    percent: 10,
    components: [
      {
        component: 'database',
        backups: { whole: 30, hurt: 0 },
        authenticated: 30,
        placeholders: 0,
        named: amount,
        present: amount,
        read: { objects: 0, bytes: 0 },
        opened: 0,
        chunks: 0,
        orphans: { objects: 0, bytes: 0 },
      },
    ],
    findings: [],
    foreign: 0,
  }

  test('that finds nothing says how far it looked', () => {
    const text = rendered(report)
    expect(text).toContain('## ✅ Check: all is whole')
    expect(text).toContain('| ✅ database | 30 | 0 | 30 | 12 of 12 (340 MB) | 0 | 0 | 0 |')
    expect(text).toContain('- **Read:** 10 % of the objects')
  })

  test('that finds damage shows it first, with what it hurts and what to do', () => {
    const finding = {
      code: 'missing',
      component: 'database',
      object: 'database/x/01-data-0001.sql.gz.enc',
      message: 'The pack | is missing.',
      hint: 'Bring it back.',
      hurts: [ID],
    } as const
    const text = rendered({ ...report, key: false, findings: [finding] })
    expect(text).toMatch(/^## ❌ Check: 1 finding\n\n> \[!CAUTION\]\n> - The pack &#124; is missing\./)
    expect(text).toContain(`Hurts <code>${ID}</code>.<br>**What to do:** Bring it back.`)
    expect(text).toContain('none at hand')
  })
})

describe('prune', () => {
  const backup: PrunedBackup = {
    component: 'database',
    id: ID,
    time: '2026-10-01T02:00:00Z',
    status: 'complete',
    action: 'remove',
    reasons: ['older than 30 days'],
    frees: { objects: 5, bytes: 340_000_000 },
    outlived: 2,
  }
  const report: PruneReport = {
    command: 'prune',
    store: 'file:b',
    applied: false,
    policy: ['everything younger than 30 days'],
    backups: [{ ...backup, action: 'keep', reasons: ['younger than 30 days'], outlived: 0 }, backup],
    leftovers: [],
    kept: { backups: 1, bytes: 1_000 },
    removed: { backups: 1, objects: 5, bytes: 340_000_000 },
    foreign: [],
    problems: [],
  }

  test('as a plan says what would go and why, and that nothing did', () => {
    const text = rendered(report)
    expect(text).toContain('## ✅ Prune: 1 backup would go')
    expect(text).toContain('| complete | 340 MB | older than 30 days; 2 objects stay, as newer backups lean on them |')
    expect(text).toContain('this is a plan')
    expect(text).toContain('<details><summary>Kept: 1 backup</summary>')
  })

  test('that failed on something says so first', () => {
    const text = rendered({
      ...report,
      applied: true,
      backups: [{ ...backup, action: 'refused' }],
      problems: [{ severity: 'failed', message: 'The store refused.', hint: 'Allow it.' }],
    })
    expect(text).toMatch(/^## ❌ Prune: 1 backup removed\n\n> \[!CAUTION\]\n> - The store refused\./)
    expect(text).toContain('| complete, refused by the store |')
    expect(text).not.toContain('this is a plan')
  })

  test('with nothing to do says so', () => {
    const none = { ...report, backups: [], removed: { backups: 0, objects: 0, bytes: 0 } }
    expect(rendered(none)).toContain('## ✅ Prune: nothing to remove')
  })
})
