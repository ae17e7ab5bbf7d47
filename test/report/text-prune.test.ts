import { describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { createPalette } from '../../src/report/palette.ts'
import { widthOf } from '../../src/report/printable.ts'
import type { PrunedBackup, PruneReport } from '../../src/report/prune-report.ts'
import { renderReport } from '../../src/report/text.ts'

const rendered = (report: PruneReport) =>
  renderReport(report, { palette: createPalette(false), now: new Date('2026-11-23T05:00:00Z') })

const backup = (id: string, changes: Partial<PrunedBackup> = {}): PrunedBackup => ({
  component: 'database',
  id,
  time: '2026-11-23T02:00:00.000Z',
  status: 'complete',
  action: 'keep',
  reasons: ['younger than 30 days'],
  frees: { objects: 0, bytes: 0 },
  outlived: 0,
  ...changes,
})

const plan: PruneReport = {
  command: 'prune',
  store: 'file:./backups',
  applied: false,
  policy: ['everything younger than 30 days', '7 daily'],
  backups: [
    backup('20261123T020000Z-7f3a91', { reasons: ['newest complete', 'younger than 24 h', 'day 2026-11-23'] }),
    backup('20261122T020000Z-7f3a92'),
    backup('20260922T010000Z-7f3a93', {
      component: 'files',
      status: 'partial',
      action: 'remove',
      reasons: ['older than 30 days, in no slot'],
      frees: { objects: 3, bytes: 340_000_000 },
      outlived: 1,
    }),
  ],
  leftovers: [{ component: 'config', id: '20260910T010000Z-7f3a94', objects: 3, bytes: 1200 }],
  kept: { backups: 2, bytes: 4_500_000_000 },
  removed: { backups: 1, objects: 6, bytes: 340_001_200 },
  foreign: [],
  problems: [],
}

describe('a plan', () => {
  test('has a line for each backup with its reasons, the rule, the sum, and says that it is one', () => {
    expect(rendered(plan)).toBe(
      `keep     database  20261123T020000Z-7f3a91
         newest complete, younger than 24 h, day 2026-11-23
keep     database  20261122T020000Z-7f3a92          younger than 30 days
remove   files     20260922T010000Z-7f3a93  340 MB
         partial, older than 30 days, in no slot, 1 object of it still needed
remove   config    20260910T010000Z-7f3a94  1.2 kB
         left over: 3 objects without a record

The rule: everything younger than 30 days, 7 daily.
Would remove 1 backup, 6 objects, 340 MB. 2 backups (4.5 GB) would stay in
  file:./backups.
This is a plan; nothing was changed. With --apply it is carried out.
`,
    )
  })

  test('that removes nothing does not ask to be applied', () => {
    const nothing = {
      ...plan,
      backups: plan.backups.slice(0, 2),
      leftovers: [],
      removed: { backups: 0, objects: 0, bytes: 0 },
    }
    expect(rendered(nothing)).toMatch(/Nothing would go: 2 backups \(4\.5 GB\) in file:\.\/backups\.\n$/)
    expect(rendered({ ...nothing, backups: [] })).toBe('There is nothing to prune in file:./backups.\n')
  })
})

test('what was done is told as done', () => {
  expect(rendered({ ...plan, applied: true })).toContain(
    'Removed 1 backup, 6 objects, 340 MB. 2 backups (4.5 GB) stay in',
  )
  expect(rendered({ ...plan, applied: true })).not.toContain('--apply')
})

test('a refusal fails the run, a warning does not; both are told of in 80 columns', () => {
  const warning = {
    severity: 'warning',
    message: '"database/20260920T010000Z-7f3a91/manifest.json" is not a valid manifest: it is not JSON text. It stays.',
    hint: 'Bring it back from a copy of the store, or delete it by hand if you can do without that backup.',
  } as const
  const failed = { severity: 'failed', message: 'The store did not let 3 objects go.' } as const
  const warned = { ...plan, problems: [warning] }
  const refused = { ...plan, problems: [warning, failed] }
  expect([plan, warned, refused].map(exitCodeOf)).toEqual([0, 0, 1])
  const text = rendered(refused)
  expect(text).toContain('\nwarning: "database')
  expect(text).toContain('\nfailed: The store did not let 3 objects go.\n')
  for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(80)
})

test('colours stand for what happens, and leave the text as it is', () => {
  const coloured = renderReport(plan, { palette: createPalette(true), now: new Date() })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(rendered(plan))
  expect(coloured).toContain('\x1b[32mkeep')
  expect(coloured).toContain('\x1b[33mremove')
})
