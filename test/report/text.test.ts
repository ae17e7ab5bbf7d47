import { describe, expect, test } from 'vitest'
import { createPalette } from '../../src/report/palette.ts'
import type { BackupOutcome, ListedBackup, Report } from '../../src/report/report.ts'
import { renderReport } from '../../src/report/text.ts'

const rendered = (report: Report, zone?: string) =>
  renderReport(report, { palette: createPalette(false), now: new Date('2026-11-23T05:00:00Z'), zone })

const complete: Extract<BackupOutcome, { status: 'complete' | 'partial' }> = {
  status: 'complete',
  component: 'database',
  id: '20261123T020000Z-7f3a91',
  time: '2026-11-23T02:00:00.000Z',
  seconds: 12,
  full: false,
  stock: false,
  base: '20261122T020000Z-112233',
  segments: 12,
  chunks: 300,
  bytes: { read: 1_080_000_000, new: 12_000_000, stored: 3_400_000 },
  leansOn: 3,
  keyId: '0123456789abcdef',
  largest: [],
  history: [],
  problems: [],
}

const listed = (changes: Partial<ListedBackup>): ListedBackup => ({
  component: 'database',
  id: '20261123T020000Z-7f3a91',
  time: '2026-11-23T02:00:00.000Z',
  status: 'complete',
  stock: true,
  bytes: 1_080_000_000,
  stored: 340_000_000,
  keyId: '0123456789abcdef',
  leansOn: [],
  authenticated: true,
  full: true,
  new: 1_080_000_000,
  ...changes,
})

describe('backups', () => {
  test('are a block each: what it is, how much, how fast, what it stands on, what is missing', () => {
    const partial: BackupOutcome = {
      ...complete,
      component: 'files',
      status: 'partial',
      full: true,
      leansOn: 0,
      problems: [
        { severity: 'partial', message: 'a.txt vanished while it was read.' },
        { severity: 'warning', message: 'b.sock is a socket.', hint: 'Leave it out with --exclude.' },
      ],
    }
    const failed: BackupOutcome = {
      status: 'failed',
      component: 'config',
      placeholder: '20261123T020100Z-000001',
      error: { code: 'permission', message: '.env cannot be read.', hint: 'Check its mode.' },
    }
    expect(
      rendered({
        command: 'backup',
        store: 'file:./backups',
        backups: [{ ...complete, tool: 'pg_dump 18.3 (bundled)' }, partial, failed],
      }),
    ).toBe(
      `database complete 20261123T020000Z-7f3a91
  1.1 GB read, 12 MB new, 3.4 MB stored
  12 s, 90 MB/s
  leans on 3 older packs
  schema read by pg_dump 18.3 (bundled)
files partial 20261123T020000Z-7f3a91
  1.1 GB read, 12 MB new, 3.4 MB stored
  12 s, 90 MB/s
  full: stands on its own
  missing: a.txt vanished while it was read.
  warning: b.sock is a socket.
    hint: Leave it out with --exclude.
config FAILED: .env cannot be read.
  hint: Check its mode.
  kept as placeholder 20261123T020100Z-000001, on which the next backup builds
  code: permission
in file:./backups
`,
    )
  })
})

describe('a list', () => {
  test('is one aligned table, with reasons under what failed', () => {
    const text = rendered({
      command: 'list',
      store: 'file:./backups',
      foreign: ['notes.txt'],
      backups: [
        listed({ full: false, new: 12_000_000, leansOn: ['20261122T020000Z-112233', '20261121T020000Z-112233'] }),
        listed({ proof: { verdict: 'verified', time: '2026-11-23T03:00:00Z', authenticated: true } }),
        listed({ proof: { verdict: 'failed', time: '2026-11-23T03:00:00Z', authenticated: true } }),
        listed({ proof: { verdict: 'could-not-verify', time: '2026-11-23T03:00:00Z', authenticated: true } }),
        listed({ expires: '2026-11-28T02:00:00Z' }),
        listed({ expires: '2026-12-23T02:00:00Z' }),
        listed({ component: 'files', status: 'partial', id: '20261122T020000Z-aaaaaa', time: '2026-11-22T02:00:00Z' }),
        listed({
          component: 'config',
          status: 'failed',
          bytes: 0,
          stored: 120,
          full: false,
          new: 0,
          reason: 'The disk is full.',
        }),
        listed({ status: 'damaged', authenticated: false, reason: 'The manifest is cut short.' }),
        listed({ authenticated: false }),
        listed({ purpose: 'safety' }),
        listed({ purpose: 'safety', status: 'partial' }),
      ],
    })
    expect(text).toBe(`STATUS    COMPONENT  ID (UTC)                    AGE    SIZE     NEW  KIND
complete  database   20261123T020000Z-7f3a91     3 h  1.1 GB   12 MB  on 2
verified  database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
complete  database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
  its proof FAILED, 2 h ago
complete  database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
  its proof could not be made, 2 h ago
complete  database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
  the store drops it on 2026-11-28
complete  database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
partial   files      20261122T020000Z-aaaaaa    27 h  1.1 GB  1.1 GB  full
FAILED    config     20261123T020000Z-7f3a91     3 h     0 B     0 B  -
  why: The disk is full.
damaged   database   20261123T020000Z-7f3a91     3 h       -       -  full
  why: The manifest is cut short.
complete  database   20261123T020000Z-7f3a91 ?   3 h  1.1 GB  1.1 GB  full
safety    database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
partial   database   20261123T020000Z-7f3a91     3 h  1.1 GB  1.1 GB  full
  was to be a safety backup

11 backups and 1 failed run, 3.7 GB stored in file:./backups
? made with another key than the one at hand, so listed as it claims to be
not of a backup, left alone: notes.txt
`)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test("has the reader's own time, too, in the place of the age, and fits all the same", () => {
    const backups = [
      listed({ bytes: 999_000_000, new: 999_000_000 }),
      listed({ time: '2026-07-01T23:30:00Z', full: false, leansOn: ['20261122T020000Z-112233'] }),
    ]
    const text = rendered({ command: 'list', store: 'file:x', foreign: [], backups }, 'Europe/Paris')
    expect(text).toContain(`STATUS    COMPONENT  ID (UTC)                 LOCAL TIME     SIZE     NEW  KIND
complete  database   20261123T020000Z-7f3a91  11-23 03:00  999 MB  999 MB  full
complete  database   20261123T020000Z-7f3a91  07-02 01:30  1.1 GB  1.1 GB  on 1
`)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('of nothing says where it looked', () => {
    expect(rendered({ command: 'list', store: 'file:./backups', backups: [], foreign: [] })).toBe(
      'No backups in file:./backups.\n',
    )
  })

  test('counts foreign names beyond a handful', () => {
    const foreign = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    expect(rendered({ command: 'list', store: 'file:x', backups: [], foreign })).toContain(
      ': a, b, c, d, e, and 2 more',
    )
  })

  test('cannot be drawn over by a name', () => {
    const foreign = ['a\nSTATUS  forged']
    expect(rendered({ command: 'list', store: 'file:x', backups: [], foreign })).toContain('a STATUS  forged')
  })
})

describe('what else there is to tell', () => {
  test('a restore: from which backup, how much, what went where', () => {
    const report: Report = {
      command: 'restore',
      component: 'database',
      id: '20261123T020000Z-7f3a91',
      time: '2026-11-23T02:00:00.000Z',
      seconds: 20,
      bytes: 1_080_000_000,
      summary: ['42 tables into localhost:5432/copy'],
      problems: [{ severity: 'warning', message: 'Owners were left out.' }],
    }
    expect(rendered(report)).toBe(`database restored from 20261123T020000Z-7f3a91 (2026-11-23 02:00:00 UTC)
  1.1 GB in 20 s, 54 MB/s
  42 tables into localhost:5432/copy
  warning: Owners were left out.
`)
  })

  test('a restore over something: where that is, and how it comes back', () => {
    const safety = {
      id: '20261124T020000Z-7f3a91',
      store: 'file:./backups',
      undo: 'comeback restore database --undo --confirm shop',
    }
    const about = { id: '20261123T020000Z-7f3a91', time: '2026-11-23T02:00:00.000Z', seconds: 20, bytes: 1 }
    const text = rendered({
      ...{ command: 'restore', component: 'database', summary: [], problems: [] },
      ...about,
      safety,
    })
    expect(text).toContain('kept as safety backup 20261124T020000Z-7f3a91, in file:./backups.\n')
    expect(text).toContain('with the same options: comeback restore database --undo --confirm shop\n')
  })

  test('an export: where it is and how to decrypt it', () => {
    const text = rendered({
      command: 'export',
      component: 'files',
      id: '20261123T020000Z-7f3a91',
      directory: 'out/files/20261123T020000Z-7f3a91',
      files: ['a', 'b'],
      bytes: 5_000_000,
      decrypt: 'openssl enc -d …\n  gunzip',
    })
    expect(text).toContain('2 files, 5.0 MB, in out/files/20261123T020000Z-7f3a91\n')
    expect(text).toContain('\n    openssl enc -d …\n      gunzip\n')
  })

  test('a key: its id alone, or where the new one is and that it must be kept', () => {
    expect(rendered({ command: 'key', keyId: '0123456789abcdef' })).toBe('0123456789abcdef\n')
    expect(rendered({ command: 'key', keyId: '0123456789abcdef', file: '.backup_key' })).toContain('keep a copy')
  })
})
