import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markdownError, renderMarkdown } from '../../src/report/markdown.ts'
import type { BackupOutcome, Report } from '../../src/report/report.ts'
import { failedBackup, leaningBackup, madeBackup, mixedRun, month, NOW } from './sample-reports.ts'

const rendered = (report: Report, details = false) => renderMarkdown(report, { details, now: NOW })
const backups = (store: string, ...outcomes: BackupOutcome[]) =>
  rendered({ command: 'backup', store, backups: outcomes })

describe('the summary of a backup', () => {
  test('says what it is, how much, how fast, on what it stands, until when it is kept, and with which key', () => {
    expect(backups('s3://bucket/app', { ...madeBackup, largest: [] })).toBe(`## ✅ Backup: database complete

| Component | Backup | Size | New | Stored | Took | Rate |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
| database | <code>20261123T020000Z-7f3a91</code> | 1.1 GB | 1.1 GB (100 %) | 340 MB | 12 s | 90 MB/s |

In <code>s3&#58;//bucket/app</code>.

- **Taken:** 2026-11-23 02:00:00 UTC
- **Holds:** 12 segments in 9,300 chunks
- **Stands on:** itself: a full backup
- **Kept until:** 2026-12-23 (for 30 days)
- **Key id:** <code>0123456789abcdef</code>

<details><summary>Decrypt it without Comeback</summary>

With the key (its id is <code>0123456789abcdef</code>) in a file outside of the folder that this makes:

Where the bucket is not Amazon's, add <code>--endpoint-url URL</code> to <code>aws s3 cp</code>.

\`\`\`sh
mkdir 20261123T020000Z-7f3a91 && cd 20261123T020000Z-7f3a91 && {
aws s3 cp --recursive s3://bucket/app/database/20261123T020000Z-7f3a91 . \\
  --exclude '*' --include manifest.json --include '[0-9][0-9]-*.sql.*.enc'
${madeBackup.decrypt}; }
\`\`\`

</details>

`)
  })

  test('says which program read the schema', () => {
    const text = backups('s3://bucket/app', {
      ...madeBackup,
      tool: 'pg_dump 15.20 (/usr/lib/postgresql/15/bin/pg_dump)',
    })
    expect(text).toMatch(/^- \*\*Schema read by:\*\* <code>pg.*dump 15\.20 .*<\/code>$/m)
  })

  test('shows failures first, with what to do', () => {
    const text = rendered(mixedRun)
    expect(text).toMatch(/^## ❌ Backup: config failed; files partial; database complete\n\n> \[!CAUTION\]\n/)
    expect(text.indexOf('.env cannot be read')).toBeLessThan(text.indexOf('| Component |'))
    expect(text).toContain('> **What to do:** Check its mode.')
    expect(text).toContain('placeholder <code>20261123T020100Z-000001</code>')
  })

  test('shows what is missing before what is only odd', () => {
    const text = rendered(mixedRun)
    expect(text.indexOf('**Missing:** "uploads/a.txt"')).toBeGreaterThan(0)
    expect(text.indexOf('b.sock')).toBeGreaterThan(text.indexOf('uploads/a.txt'))
  })

  test('of nothing but failures has no table', () => {
    expect(backups('file:b', failedBackup)).not.toContain('|')
  })

  test('fetches artifacts under their own names before it decrypts them', () => {
    const text = backups('artifact:acme/app', madeBackup)
    expect(text).toContain("gh api --paginate 'repos/acme/app/actions/artifacts?per_page=100'")
    expect(text).toContain('capture("^comeback~database~20261123T020000Z-7f3a91~')
    expect(text).toContain('gh api repos/acme/app/actions/artifacts/$artifact/zip')
  })

  test('that leans on older ones is exported first', () => {
    const text = backups('artifact:acme/app', leaningBackup)
    expect(text).toContain('comeback export database 20261123T020000Z-7f3a91 --into exported --store artifact:acme/app')
    expect(text).not.toContain('openssl')
    expect(text).toContain('3 older packs; compared with <code>20261122T020000Z-112233</code>')
  })

  test('names segments only when it is told to', () => {
    const report: Report = { command: 'backup', store: 'file:b', backups: [madeBackup] }
    expect(rendered(report)).not.toMatch(/events|users|invoice/)
    expect(rendered(report)).toContain('| 1 | 612 MB | 57 % |')
    expect(rendered(report, true)).toContain('| <code>public.events &#91;0-8192&#41;</code> | 612 MB | 57 % |')
  })
})

describe('the chart', () => {
  test('is drawn of two backups or more', () => {
    expect(backups('file:b', { ...madeBackup, history: month(1) })).not.toContain('mermaid')
    expect(backups('file:b', { ...madeBackup, history: month(2) })).toContain(`xychart-beta
    x-axis ["22", "23"]
    y-axis "MB" 0 --> 889.9
    bar [800, 809]
    line [266.7, 4]
`)
  })

  test('keeps days of the same number apart', () => {
    const text = backups('file:b', { ...madeBackup, history: month(40) })
    const labels = /x-axis \[(.*)\]/.exec(text)?.[1]?.split(', ') ?? []
    expect(labels).toHaveLength(40)
    expect(new Set(labels).size).toBe(40)
  })

  test('of empty backups has an axis all the same', () => {
    const empty = month(3).map(point => ({ ...point, bytes: 0, stored: 0 }))
    expect(backups('file:b', { ...madeBackup, history: empty })).toContain('y-axis "B" 0 --> 1\n')
  })
})

describe('other summaries', () => {
  test('a restore: which state came back, what went where', () => {
    const text = rendered({
      command: 'restore',
      component: 'database',
      id: '20261121T020000Z-7f3a91',
      time: '2026-11-21T02:00:00.000Z',
      seconds: 20,
      bytes: 1_080_000_000,
      summary: ['42 tables into localhost:5432/copy'],
      problems: [{ severity: 'warning', message: 'Role app does not exist.', hint: 'Create it.' }],
    })
    expect(text).toBe(`## ⚠️ Restored: database

- **Backup:** <code>20261121T020000Z-7f3a91</code>
- **State of:** 2026-11-21 02&#58;00&#58;00 UTC (2 d ago)
- **Took:** 20 s for 1.1 GB, 54 MB/s
- 42 tables into localhost&#58;5432/copy

> [!WARNING]
> - Role app does not exist.<br>**What to do:** Create it.

`)
  })

  test('a list: a table, with reasons only where there are some', () => {
    const backup = {
      component: 'database',
      id: '20261123T010000Z-7f3a91',
      time: '2026-11-23T01:00:00.000Z',
      status: 'complete',
      stock: true,
      bytes: 1_080_000_000,
      stored: 340_000_000,
      keyId: '0123456789abcdef',
      leansOn: ['a', 'b'],
      authenticated: true,
      full: false,
      new: 12_000_000,
    } as const
    const text = (...more: Extract<Report, { command: 'list' }>['backups']) =>
      rendered({ command: 'list', store: 'file:b', backups: [backup, ...more], foreign: ['a|b'] })
    expect(text()).toContain(
      '| ✅ complete | database | <code>20261123T010000Z-7f3a91</code> | 1 h | 1.1 GB | 12 MB | 340 MB | leans on 2 |',
    )
    expect(text()).not.toContain('Why')
    expect(text()).not.toContain('until')
    expect(text({ ...backup, expires: '2026-12-23T01:00:00Z' })).toContain('| leans on 2 | 2026-12-23 |')
    expect(text({ ...backup, purpose: 'safety' })).toContain('| ✅ complete, safety | database |')
    expect(text({ ...backup, status: 'failed', reason: 'The disk | is full.' })).toContain(
      '| The disk &#124; is full. |',
    )
    expect(text()).toContain('left alone: <code>a&#124;b</code>.')
  })

  test('an error: what failed, what to do, its code', () => {
    expect(
      markdownError({ code: 'connection', message: 'No answer.', hint: 'See the log.' }),
    ).toBe(`## ❌ Comeback failed

> [!CAUTION]
> **Failed:** No answer.
>
> **What to do:** See the log.
>
> Code: <code>connection</code>

`)
  })
})

describe('no text from outside', () => {
  const hostile = fc.constantFrom(
    ...['a|b', '\n## forged\n', '</details>', '```\n', '<img src=x>', '@acme', '#1', '\\|', '> x', '- x', '| --- |'],
  )
  const anything = fc.array(hostile, { minLength: 1, maxLength: 4 }).map(parts => parts.join(''))

  test('changes the shape of the page', () => {
    const shape = (text: string) => {
      const outcome: BackupOutcome = {
        ...leaningBackup,
        base: text,
        keyId: text,
        largest: [{ name: text, bytes: 1 }],
        problems: [{ severity: 'partial', message: text, hint: text }],
      }
      const failed: BackupOutcome = {
        status: 'failed',
        component: 'config',
        placeholder: text,
        error: { code: 'failed', message: text, hint: text },
      }
      const page = rendered({ command: 'backup', store: `file:${text}`, backups: [outcome, failed] }, true)
      // What each line begins with, and how many cells a row has.
      return page.split('\n').map(line => {
        const start = /^\W*/.exec(line.slice(0, 4))?.[0].replace(/`+/, '```')
        return line.startsWith('|') ? line.split('|').length : start
      })
    }
    const plain = shape('plain')
    fc.assert(
      fc.property(anything, text => {
        expect(shape(text)).toEqual(plain)
      }),
    )
  })

  test('makes it longer than GitHub takes', () => {
    const long = '|'.repeat(100_000)
    const problems = Array.from({ length: 10_000 }, () => ({ severity: 'warning' as const, message: long, hint: long }))
    const largest = Array.from({ length: 20 }, () => ({ name: long, bytes: 1 }))
    const outcome = { ...leaningBackup, largest, problems }
    const page = rendered({ command: 'backup', store: 'file:b', backups: [outcome, outcome, outcome] }, true)
    expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024)
  })
})
