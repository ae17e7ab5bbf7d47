import { describe, expect, test } from 'vitest'
import type { DatabaseTarget } from '../../src/engine/ports.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { renderReport } from '../../src/report/text.ts'
import { restorePlanLines } from '../../src/report/text-restore-plan.ts'
import { NOW } from './sample-reports.ts'

const database: DatabaseTarget = {
  kind: 'database',
  place: 'db.example.com:5432/shop',
  database: 'shop',
  user: 'app',
  server: 'PostgreSQL 18.4',
  holds: { counts: { table: 3, view: 1 }, examples: ['public.a', 'public.b'], bytes: 38_000_000 },
  mode: 'atomic',
  needsConfirmation: true,
  losses: [{ what: '3 tables', names: ['public.a', 'public.b'] }],
  problems: [{ severity: 'warning', message: 'Role gone does not exist on the target.', hint: 'Create it.' }],
}

const plan = (target: RestorePlanReport['target']): RestorePlanReport => ({
  command: 'restore-plan',
  store: 's3://bucket',
  component: target.kind === 'database' ? 'database' : 'files',
  id: '20261121T020000Z-7f3a91',
  time: '2026-11-21T02:00:00.000Z',
  status: 'complete',
  age: 172_812,
  bytes: 1_080_000_000,
  ...(target.kind === 'database' && target.holds !== undefined
    ? { safety: { wanted: true, store: 's3://bucket', bytes: 38_000_000 }, confirm: target.database }
    : {}),
  target,
})
const refused = { ...database, refusal: { code: 'not-empty', message: 'It is not empty.', hint: 'Empty it.' } } as const
const text = (report: RestorePlanReport) => renderReport(report, { palette: createPalette(false), now: NOW })
const markdown = (report: RestorePlanReport, details = false) => renderMarkdown(report, { details, now: NOW })

describe('a restore plan', () => {
  test('on a terminal: which backup, into what, what is there, what goes, what to type', () => {
    expect(text(plan(database))).toBe(`database restore plan; nothing was changed
  backup  20261121T020000Z-7f3a91, complete, 1.1 GB
          made 2026-11-21 02:00:00 UTC, 2 d ago, in s3://bucket
  into    db.example.com:5432/shop (database shop), as app, PostgreSQL 18.4
  now     3 tables, 1 view (public.a, public.b), 38 MB
  mode    atomic: all of it in one transaction, or nothing
  lost:   3 tables (public.a, public.b)
          and whatever else was written there since the backup was made
  safety  a backup of it is made first, in s3://bucket (it takes 38 MB on its disk)
  warning: Role gone does not exist on the target.
    hint: Create it.
  To carry it out: the same without --dry-run, with --confirm shop
`)
  })

  test('says whether the backup ever came back, and how long that took', () => {
    const own = {
      id: plan(database).id,
      verdict: 'verified',
      time: '2026-11-22T04:27:00Z',
      restoreSeconds: 90,
    } as const
    const verified = { ...plan(database), proof: own }
    expect(text(verified)).toContain('\n  proof   verified on 2026-11-22 04:27:00 UTC, restored in 1 min 30 s\n  into ')
    expect(markdown(verified)).toContain('verified on 2026-11-22 04:27:00 UTC, restored in 1 min 30 s')
    const { restoreSeconds: _, ...without } = own
    const failed = { ...plan(database), proof: { ...without, verdict: 'failed' as const } }
    expect(text(failed)).toContain('  proof   failed on 2026-11-22 04:27:00 UTC, not restored to its end\n')
    const red = createPalette(true).red('failed on 2026-11-22 04:27:00 UTC, not restored to its end')
    expect(restorePlanLines(failed, createPalette(true)).join('\n')).toContain(red)
    const other = { ...plan(database), proof: { ...own, id: '20261114T020000Z-7f3a91' } }
    expect(text(other)).toContain(
      '  proof   none of this backup; 20261114T020000Z-7f3a91 was restored in 1 min 30 s on ',
    )
  })

  test('that is about to be carried out: the facts alone', () => {
    const lines = restorePlanLines(plan(database), createPalette(false), 'now')
    expect(lines[0]).toBe('database restore:')
    expect(lines.at(-1)).toContain('a backup of it is made first')
  })

  test('says whether that is the database the backup was made from, and which part was asked for', () => {
    const own = { ...plan(database), ownSource: true }
    expect(text(own)).toContain('PostgreSQL 18.4\n          the database that the backup was made from\n  now ')
    const other = {
      ...plan({
        ...database,
        madeFrom: { database: 'live', server: 'PostgreSQL 14.2' },
        chosen: 'tables users; rows alone',
      }),
      ownSource: false,
    }
    expect(text(other)).toContain('          by its address not what was backed up: made from live, PostgreSQL 14.2\n')
    expect(text(other)).toContain('  only    tables users; rows alone\n')
    expect(markdown(other)).toContain('made from live, PostgreSQL 14.2')
    expect(markdown(other)).not.toContain('users')
    expect(markdown(other, true)).toContain('tables users')
  })

  test('without a safety backup says so', () => {
    const bare = { ...plan(database), safety: { wanted: false, store: 's3://bucket' } }
    expect(text(bare)).toContain('  safety  no backup of it is made first, as was asked for\n')
    expect(markdown(bare)).toContain('no backup of it is made first')
  })

  test('of a folder says what is there and what comes', () => {
    const shown = text(
      plan({
        kind: 'folder',
        place: '/srv/app',
        way: 'merge',
        needsConfirmation: false,
        brings: { files: 12, folders: 2, links: 0, bytes: 5_000_000 },
        holds: { files: 100_000, more: true },
        losses: [],
        problems: [],
      }),
    )
    expect(shown).toContain(`  into    /srv/app
  now     100,000 files or more
  brings  12 files (5.0 MB), 2 folders
  how     file by file, all or none; what the backup does not hold stays
  To carry it out: the same without --dry-run
`)
  })

  test('that would be refused says why, and exits as the restore would', () => {
    expect(text(plan(refused))).toContain(
      '  would be refused: It is not empty.\n    hint: Empty it.\n  code: not-empty\n',
    )
    expect(text(plan(refused))).not.toContain('To carry it out')
    expect(exitCodeOf(plan(refused))).toBe(2)
    expect(exitCodeOf(plan(database))).toBe(0)
  })

  test('as a summary: what is lost stands out, names only where they may show', () => {
    const shown = markdown(plan(database))
    expect(shown).toContain(`## 📋 Restore plan: database

Nothing was changed.

- **Backup:** <code>20261121T020000Z-7f3a91</code>, complete, 1.1 GB, in <code>s3&#58;//bucket</code>
- **State of:** 2026-11-21 02:00:00 UTC, 2 d ago
- **Into:** <code>db.example.com&#58;5432/shop</code>, database <code>shop</code>, as <code>app</code>, PostgreSQL 18.4
- **There now:** 3 tables, 1 view, 38 MB
- **Mode:** atomic: all of it in one transaction, or nothing
- **Safety:** a backup of it is made first, in s3&#58;//bucket &#40;it takes 38 MB on its disk&#41;

> [!CAUTION]
> **This will be lost**, with whatever else was written there since the backup was made:
>
> - 3 tables
`)
    expect(shown).not.toContain('public.a')
    expect(shown).toContain('confirm the database by its name, <code>shop</code>.')
    expect(markdown(plan(database), true)).toContain('- 3 tables (<code>public.a</code>, <code>public.b</code>)')
  })

  test('that would be refused fails first in the summary, too', () => {
    expect(markdown(plan(refused))).toMatch(
      /^## ❌ Restore plan: database\n\nNothing was changed\.\n\n> \[!CAUTION\]\n> \*\*The restore would be refused:\*\* It is not empty\./,
    )
  })
})
