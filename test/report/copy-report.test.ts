import { describe, expect, test } from 'vitest'
import type { CopiedBackup, CopyReport } from '../../src/report/copy-report.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import { renderReport } from '../../src/report/text.ts'

const now = new Date('2026-11-23T05:00:00Z')
const text = (report: CopyReport) => renderReport(report, { palette: createPalette(false), now })
const markdown = (report: CopyReport) => renderMarkdown(report, { details: false, now })

function backup(number: number, status: CopiedBackup['status'], changes: Partial<CopiedBackup> = {}): CopiedBackup {
  const id = `202611${String(number).padStart(2, '0')}T020000Z-7f3a91`
  const moved =
    status === 'copied' || status === 'planned' ? { objects: 3, bytes: 12_000_000 } : { objects: 0, bytes: 0 }
  return { component: 'database', id, time: '2026-11-23T02:00:00.000Z', status, ...moved, ...changes }
}

function report(backups: readonly CopiedBackup[], changes: Partial<CopyReport> = {}): CopyReport {
  const [objects, bytes] = [backups.length * 3, backups.length * 12_000_000]
  const stores = { from: 'artifact:acme/app', to: 's3://bucket/app' }
  return { command: 'copy', ...stores, dryRun: false, seconds: 4, backups, objects, bytes, warnings: [], ...changes }
}

const full = { code: 'store-full', message: 'The bucket is full.', hint: 'Make room.' } as const

describe('a copy', () => {
  test('has a line for each backup that was not there already, the sum, and both places', () => {
    const backups = [backup(1, 'present'), backup(2, 'copied'), backup(3, 'failed', { error: full }), backup(4, 'left')]
    expect(text(report(backups))).toBe(`database 20261102T020000Z-7f3a91 copied, 3 objects, 12 MB
database 20261103T020000Z-7f3a91 FAILED
  The bucket is full.
  hint: Make room.
database 20261104T020000Z-7f3a91 not begun
1 backup copied, 1 backup there already, 1 backup FAILED, 1 backup not begun: 12 objects, 48 MB
from artifact:acme/app to s3://bucket/app
`)
  })

  test('that is a plan says so, and what its rule cannot have', () => {
    const warnings = ['This store drops objects after 90 days, so it cannot keep 12 monthly backups.']
    const plan = report([backup(2, 'planned')], { dryRun: true, warnings })
    expect(text(plan)).toContain(
      '1 backup would be copied: 3 objects, 12 MB\nwarning: This store drops objects after 90',
    )
    expect(markdown(plan)).toContain('> [!WARNING]\n> This store drops objects after 90 days')
    expect(exitCodeOf(plan)).toBe(0)
  })

  test('shows what went wrong first in the summary, however many went well', () => {
    const many = Array.from({ length: 150 }, (_, index) => backup((index % 28) + 1, 'present'))
    const shown = markdown(report([...many, backup(3, 'failed', { error: full })]))
    expect(shown).toMatch(/^## ❌ 150 backups there already, 1 backup FAILED/)
    expect(shown).toContain(
      '| ❌ failed | database | <code>20261103T020000Z-7f3a91</code> | 0 B | The bucket is full. |',
    )
  })

  test('exits as the first that failed', () => {
    const damaged = { code: 'damaged', message: 'It was altered.' } as const
    expect(exitCodeOf(report([backup(1, 'copied'), backup(2, 'failed', { error: damaged })]))).toBe(3)
    expect(exitCodeOf(report([backup(2, 'failed', { error: full }), backup(3, 'left')]))).toBe(1)
  })
})
