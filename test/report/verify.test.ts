import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHECKS, type CheckName } from '../../src/engine/proof.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { fittingSections } from '../../src/report/markdown-sections.ts'
import { briefErrorMarkdown, briefVerifyMarkdown } from '../../src/report/markdown-verify.ts'
import { createPalette } from '../../src/report/palette.ts'
import type { Proof } from '../../src/report/proof.ts'
import { renderReport } from '../../src/report/text.ts'
import type { VerifyReport } from '../../src/report/verify-report.ts'
import {
  checks,
  failed,
  HOSTILE,
  hostileReport,
  LATER,
  migration,
  never,
  recorded,
  reportOf,
  unverified,
  verified,
} from './sample-proofs.ts'

const RUN = 'https://github.com/acme/app/actions/runs/7'
/** Characters. */
const COMMENT_LIMIT = 65_536

const text = (report: VerifyReport, details = true) =>
  renderReport(report, { palette: createPalette(false), now: LATER, details })
const summary = (report: VerifyReport, details = true) => renderMarkdown(report, { details, now: LATER })
const comment = (report: VerifyReport, details = true) =>
  briefVerifyMarkdown(report, { details, now: LATER }, { run: RUN, commit: 'a'.repeat(40) })

const RENDERINGS: readonly (readonly [string, (report: VerifyReport) => string])[] = [
  ['text', text],
  ['the summary', summary],
  ['the comment', comment],
]
const MARKDOWN = RENDERINGS.slice(1)

describe('the first line', () => {
  test.each([
    [reportOf([verified]), '✅ Proof: database verified'],
    [reportOf([failed]), '❌ Proof: database failed'],
    [reportOf([unverified]), '⚠️ Proof: files could not be verified'],
    [
      reportOf([verified, unverified, { ...failed, component: 'config' }]),
      '❌ Proof: config failed; files could not be verified; database verified',
    ],
    [
      reportOf([recorded], { kind: 'recorded', absent: ['files'] }),
      '📄 Last proof: database verified; nothing to verify of files, by a record that was not authenticated',
    ],
    [reportOf([never], { kind: 'recorded' }), '⚠️ Last proof: files never verified'],
    [reportOf([verified], { verdict: 'failed', migration }), '❌ Proof: database verified; migration failed'],
    [reportOf([], { verdict: 'could-not-verify', absent: ['database'] }), '⚠️ Proof: nothing to verify of database'],
  ])('is the verdict of each component, and there is one (%#)', (report, title) => {
    for (const [, rendered] of MARKDOWN) {
      expect(rendered(report).split('\n')[0]).toBe(`## ${title}`)
      expect(rendered(report).match(/^## /gm)).toHaveLength(1)
    }
  })

  test('of the text is the verdict, too', () => {
    expect(text(reportOf([verified]))).toMatch(/^database verified 20261125T020000Z-7f3a91\n/)
    expect(text(reportOf([failed]))).toMatch(/^database FAILED /)
    expect(text(reportOf([unverified]))).toMatch(/^files COULD NOT BE VERIFIED /)
    expect(text(reportOf([verified, unverified]))).toMatch(/^files could not be verified; database verified\n/)
  })
})

describe.each(RENDERINGS)('%s', (_, rendered) => {
  test('shows a tick for what passed alone', () => {
    const results = fc.constantFrom('passed', 'failed', 'not-run' as const)
    fc.assert(
      fc.property(fc.array(results, { minLength: CHECKS.length, maxLength: CHECKS.length }), given => {
        const looked = CHECKS.map((name, index) => ({ name, result: given[index] ?? 'not-run', detail: 'so it is' }))
        const page = rendered(reportOf([{ ...verified, verdict: 'failed', checks: looked }]))
        for (const { name, result } of looked) {
          const line = lineOf(name, page)
          expect(/[✓✅☑✔]/u.test(line)).toBe(result === 'passed')
          if (result === 'not-run') expect(line).toMatch(/–.*not run/)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('shows no tick at all of a proof that never came to anything', () => {
    const nothing = reportOf([{ ...unverified, assertions: [{ name: 'a', result: 'error' }] }])
    expect(rendered(nothing)).not.toMatch(/[✓✅☑✔]/u)
  })

  test('says why a check did not run', () => {
    expect(rendered(reportOf([verified]))).toContain('the extension amcheck is not installed in this image')
  })

  test('names every finding with its code, and what to do', () => {
    const page = plain(rendered(reportOf([failed])))
    for (const { code, subject, hint } of failed.findings) {
      expect(page).toContain(code)
      expect(page).toContain(subject)
      if (hint !== undefined) expect(page).toContain(hint)
    }
  })

  test('says how old the backup was and how long the restore took', () => {
    const page = rendered(reportOf([verified]))
    expect(page).toContain('2 h 27 min old when it was proved')
    expect(page).toMatch(/41 s/)
    expect(rendered(reportOf([unverified]))).toContain('restore did not come to its end')
  })

  test('lets tables that lost half of their rows stand out', () => {
    const page = rendered(reportOf([failed]))
    expect(page).toMatch(/half (of the rows )?or more/)
    expect(page).toContain('1,000 → 400 rows, 60 % lost')
  })

  test('does not name tables of which nothing is wrong where that is not wanted', () => {
    const page =
      rendered === text
        ? text(reportOf([verified]), false)
        : rendered === summary
          ? summary(reportOf([verified]), false)
          : comment(reportOf([verified]), false)
    expect(plain(page)).not.toContain('public.table_')
  })

  test('says of a record that nothing was restored now, when it was, and whether it may be believed', () => {
    const page = rendered(reportOf([recorded], { kind: 'recorded' })).replace(/\n\s*/g, ' ')
    expect(page).toContain('Nothing was restored now')
    expect(page).toContain('2026-11-25 04:27:00 UTC')
    expect(page).toContain('3 d ago')
    expect(page).toContain('was not authenticated')
    const known = rendered(reportOf([{ ...recorded, authenticated: true }], { kind: 'recorded' })).replace(
      /\n\s*/g,
      ' ',
    )
    expect(known).toContain('was authenticated with the key')
    expect(page).not.toMatch(/Yes, .* came back|database verified \d/)
    expect(rendered(reportOf([verified]))).not.toContain('Nothing was restored now')
  })

  test('of a backup that nobody proved tells of no proof', () => {
    const page = rendered(reportOf([never], { kind: 'recorded' }))
    expect(page).toContain('never-verified')
    expect(page).toContain('Run comeback verify files.')
    expect(page).toMatch(/nothing was restored now/i)
    expect(page).not.toMatch(/[✓✅]|not recorded|when it was proved|the record|first proof/iu)
  })

  test('of a record without the key does not know why a check did not run', () => {
    const untold = checks.map(check => ({ ...check, detail: '' }))
    const page = rendered(reportOf([{ ...recorded, checks: untold }], { kind: 'recorded' }))
    expect(lineOf('amcheck', page)).toMatch(/– .*not run( \|\s*\|)?$/)
  })

  test('says that a proof stands in no record', () => {
    expect(rendered(reportOf([unverified])).toLowerCase()).toContain('not recorded')
  })

  test('shows what a migration did', () => {
    const page = plain(rendered(reportOf([verified], { verdict: 'failed', migration })))
    expect(page).toContain('column "state" of relation "orders" contains null values')
    expect(page).toMatch(/ALTER TABLE public.orders\s+ALTER COLUMN state SET NOT NULL/)
    expect(page).toContain('CREATE INDEX orders_created_at')
    expect(page).toContain('AccessExclusiveLock')
    expect(page).toContain('+    note text')
    expect(page).toContain('public.notes')
    expect(page).toContain('Fill the column')
  })
})

describe.each(MARKDOWN)('%s with hostile names', (_, rendered) => {
  const page = rendered(hostileReport())

  test('holds no markup of theirs', () => {
    const outside = withoutFences(page)
    expect(outside).not.toMatch(/<script|<!--|javascript:|\]\(j/)
    expect(outside).not.toMatch(/@[a-z]|#\d+(?!\d*;)/i)
    for (const sign of ['\x1b', '\u202e']) expect(page).not.toContain(sign)
    expect(outside.match(/^## /gm)).toHaveLength(1)
  })

  test('keeps its folds, fences and tables whole', () => {
    expect(page.match(/<details/g)?.length).toBe(page.match(/<\/details>\n/g)?.length)
    for (const table of withoutFences(page).matchAll(/(?:^\|.*\n)+/gm)) {
      const columns = table[0]
        .trimEnd()
        .split('\n')
        .map(line => line.split('|').length)
      expect(new Set(columns).size).toBe(1)
    }
  })
})

describe('length', () => {
  const many = (count: number): Proof => ({
    ...failed,
    findings: Array.from({ length: count }, (_, index) => ({
      code: 'rows-differ',
      subject: `public.${HOSTILE[0]}_${index}`.padEnd(200, '|'),
      message: '|'.repeat(900),
      hint: `${index}${'|'.repeat(900)}`,
    })),
    tables: Array.from({ length: count }, (_, index) => ({
      name: '`'.repeat(300),
      rows: index,
      bytes: 1,
      before: 9_999,
    })),
    assertions: Array.from({ length: count }, (_, index) => ({ name: `${index}${'|'.repeat(250)}`, result: 'error' })),
  })
  const huge = reportOf([many(500), { ...many(500), component: 'files' }, { ...many(500), component: 'config' }], {
    migration: {
      ...migration,
      error: { code: 'XX000', message: '`\n'.repeat(50_000), statement: 'x'.repeat(1_000_000) },
      schemaDiff: '+`\n'.repeat(200_000),
      slow: Array.from({ length: 500 }, () => ({ statement: '|'.repeat(1_000), seconds: 1 })),
      findings: many(100).findings,
    },
  })

  test('of a comment fits, and says what was left out', () => {
    const page = comment(huge)
    expect(page.length).toBeLessThan(COMMENT_LIMIT - 200)
    expect(page).toMatch(/Left out, as this page would be too long: .*the findings of database/)
    expect(page).toContain(RUN)
    for (const component of ['database', 'files', 'config']) expect(page).toContain(`### ${component}\n`)
    expect(page.match(/<details/g)?.length ?? 0).toBe(page.match(/<\/details>/g)?.length ?? 0)
  })

  test('of a summary fits', () => {
    expect(Buffer.byteLength(summary(huge))).toBeLessThan(1_000_000)
    expect(summary(huge).match(/<details/g)?.length).toBe(summary(huge).match(/<\/details>/g)?.length)
  })

  test('leaves out whole sections, and keeps what must stay', () => {
    const lines = fittingSections(
      [
        { what: '', lines: ['first'] },
        { what: 'the large one', lines: ['x'.repeat(5_000)] },
        { what: 'the small one', lines: ['small'] },
        { what: '', lines: ['last'] },
      ],
      4_000,
      'Look elsewhere.',
    )
    expect(lines.slice(0, 3)).toEqual(['first', 'small', 'last'])
    expect(lines.join('\n')).toContain('too long: the large one. Look elsewhere.')
  })

  test('counts the tables beyond the largest fifty', () => {
    expect(summary(reportOf([verified]))).toContain('… and 10 smaller tables with 550,000 rows')
    expect(plain(summary(reportOf([verified])))).not.toContain('public.table_50')
  })
})

describe('the chart', () => {
  test('has a place for each proof, and no time where none was taken', () => {
    const page = summary(reportOf([verified]))
    const bars = [...page.matchAll(/bar \[(.*)\]/g)].map(([, values = '']) => values.split(',').length)
    const labels = [...page.matchAll(/x-axis \[(.*)\]/g)].map(([, values = '']) => new Set(values.split(', ')).size)
    expect(bars).toEqual([11, 12])
    expect(labels).toEqual(bars)
  })

  test('is absent of a first proof, which has nothing to be compared with', () => {
    const page = summary(reportOf([{ ...verified, history: verified.history.slice(-1) }]))
    expect(page).not.toContain('mermaid')
    expect(page).toContain('This is the first proof')
  })
})

test('a run that threw says that nothing was verified, and why', () => {
  const page = briefErrorMarkdown(
    { code: 'connection', message: 'No `server`.', hint: 'Start | one.' },
    'could-not-verify',
    { run: RUN },
  )
  expect(page).toMatch(/^## ⚠️ Proof: could not be verified\n/)
  expect(page).toContain('No &#96;server&#96;.')
  expect(page).toContain('Start &#124; one.')
  expect(page).not.toMatch(/[✓✅]/u)
})

test('as JSON the report tells the version of its shape, and its verdict is the exit code', () => {
  expect(JSON.parse(JSON.stringify(reportOf([verified])))).toMatchObject({ command: 'verify', schema: 1 })
  expect([verified, failed, unverified].map(proof => exitCodeOf(reportOf([proof])))).toEqual([0, 3, 4])
  expect(checks).toHaveLength(10)
})

/** The line that tells how the check came out. */
function lineOf(name: CheckName, page: string): string {
  const found = page.split('\n').find(line => new RegExp(`^(\\| ${name} \\||\\s+\\S ${name} )`, 'u').test(line))
  if (found === undefined) throw new Error(`There is no line on ${name}.`)
  return found
}

function withoutFences(page: string): string {
  return page.replace(/^(`{3,})\w+\n[\s\S]*?^\1$/gm, '')
}

/** What a browser would show of the entities. */
function plain(page: string): string {
  return page.replace(/&#(\d+);/g, (_, number) => String.fromCharCode(Number(number))).replaceAll('\u200b', '')
}

test('a backup of which nothing was read has no size, and is no first proof', () => {
  const message = 'Its manifest is not valid.'
  const unread: Proof = {
    component: 'files',
    id: verified.id,
    time: verified.time,
    verdict: 'failed',
    provedAt: verified.provedAt,
    authenticated: true,
    age: 60,
    bytes: 0,
    stored: 0,
    engine: verified.engine,
    checks: [{ name: 'restore', result: 'not-run', detail: message }],
    findings: [{ code: 'backup-damaged', subject: 'backup', message }],
    assertions: [],
    history: [],
    recorded: false,
    notRecorded: 'nothing was restored, as its manifest was not read.',
  }
  const report = reportOf([unread], { verdict: 'failed' })
  for (const [, rendered] of RENDERINGS) {
    expect(rendered(report)).toContain('Its manifest is not valid')
    expect(rendered(report)).not.toMatch(/\b0 B\b|first proof/)
  }
})
