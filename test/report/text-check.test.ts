import { expect, test } from 'vitest'
import type { CheckedComponent, CheckReport } from '../../src/report/check-report.ts'
import { unchecked } from '../../src/report/check-unchecked.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { createPalette } from '../../src/report/palette.ts'
import { renderReport } from '../../src/report/text.ts'

const NOTHING = { objects: 0, bytes: 0 }
const ALL = { objects: 1_042, bytes: 1_100_000_000 }

const database: CheckedComponent = {
  component: 'database',
  backups: { whole: 12, hurt: 0 },
  authenticated: 12,
  placeholders: 0,
  named: ALL,
  present: ALL,
  read: ALL,
  opened: 1_042,
  chunks: 9_000,
  orphans: NOTHING,
}

const clean: CheckReport = {
  command: 'check',
  store: 'file:./backups',
  seconds: 12,
  key: true,
  percent: 100,
  components: [database],
  findings: [],
  foreign: 0,
}

const rendered = (report: CheckReport) =>
  renderReport(report, { palette: createPalette(false), now: new Date('2026-11-23T05:00:00Z') })

test('a clean check says how much was whole, there, read and opened, and nothing else', () => {
  expect(rendered(clean)).toBe(`database 12 backups whole
  1,042 objects (1.1 GB) there with the right size
  1,042 objects (1.1 GB) read, with the right SHA-256
  1,042 objects decrypted, 9,000 chunks with the right content
in file:./backups, 12 s
`)
  expect(exitCodeOf(clean)).toBe(0)
  expect(unchecked(clean)).toEqual([])
})

test('findings name the code, the object, whom it hurts and what to do', () => {
  const finding = {
    code: 'altered',
    component: 'database',
    object: 'database/b/01.enc',
    message: 'database/b/01.enc was altered.',
    hint: 'Bring it back.',
    hurts: ['e', 'd', 'c', 'b', 'a'],
  } as const
  const report: CheckReport = {
    ...clean,
    components: [
      {
        ...database,
        backups: { whole: 7, hurt: 5 },
        placeholders: 1,
        present: { objects: 1_041, bytes: 1_000_000_000 },
        orphans: { objects: 2, bytes: 3_000 },
      },
      { ...database, component: 'config', backups: { whole: 0, hurt: 0 } },
    ],
    findings: [finding, { ...finding, code: 'missing', message: 'gone', hurts: [] }],
    foreign: 1,
  }
  expect(rendered(report)).toBe(`database 7 backups whole, 5 hurt
  1,041 objects (1.0 GB) of 1,042 there with the right size
  1,042 objects (1.1 GB) read, with the right SHA-256
  1,042 objects decrypted, 9,000 chunks with the right content
  1 placeholder of failed runs
  harmless: 2 objects (3.0 kB) that no backup names
config has no backups
altered: database/b/01.enc was altered.
  hurts e, d, c and 2 more
  hint: Bring it back.
missing: gone
  hurts no backup
  hint: Bring it back.
1 file in the store, not of a backup
in file:./backups, 12 s
`)
  expect(exitCodeOf(report)).toBe(3)
})

test('what was not looked at is said, and no line claims it', () => {
  const outside = { ...database, read: NOTHING, opened: 0, chunks: 0, authenticated: 0 }
  const text = rendered({ ...clean, key: false, percent: 0, components: [outside] })
  expect(text).not.toMatch(/SHA-256|decrypted|content/)
  expect(text).toContain('not checked: the bytes of the objects.')
  expect(text).toContain('not checked: whether the manifests are authentic')
})

test('a part of it says how much is left, and when all will have been read', () => {
  const part = { ...database, read: { objects: 300, bytes: 300_000_000 } }
  expect(unchecked({ ...clean, percent: 30, components: [part] })).toEqual([
    '800 MB that are not due today. Run daily, 30 percent a day read everything within 4 days.',
  ])
})
