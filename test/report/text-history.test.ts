/** The terminal and the job summary say of the page what it says first. */
import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { htmlPage } from '../../src/report/html-page.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import { renderReport } from '../../src/report/text.ts'
import { failure, listed, NOW, proof, report } from './sample-history.ts'

const DAY = 24 * 60 * 60 * 1000
const days = [1, 2, 3].map(back => listed('database', NOW.getTime() - back * DAY + DAY / 2))
const proved = listed('files', NOW.getTime() - DAY, { proof: proof(NOW.getTime(), 'verified', 60) })
const value = report([...days, proved, listed('config', NOW.getTime() - DAY, failure('no'))])

test('a line for each component, and where the page is', () => {
  expect(renderReport(value, { palette: createPalette(false), now: NOW })).toBe(`\
database good, 3 records, last good 2026-11-24 19:40:00 UTC, never verified, next due 2026-11-25 19:40:00 UTC
files good, 1 record, last good 2026-11-24 07:40:00 UTC, last verified 2026-11-25 07:40:00 UTC
config NO GOOD BACKUP, 1 record, no complete backup, never verified
Written to report.html: open it in a browser.
from file:/srv/backups
`)
})

test('a job summary has them as a table', () => {
  const text = renderMarkdown(value, { details: false, now: NOW })
  expect(text).toContain('## ⚠️ Report of backups')
  expect(text).toContain('| config | ❌ NO GOOD BACKUP | none | never |')
})

test('what no key has vouched for is said, and has no tick', () => {
  const claimed = report([{ ...proved, authenticated: false }])
  const doubt = 'No record here was authenticated with a key: what they say is what the store claims.'
  expect(renderReport(claimed, { palette: createPalette(false), now: NOW })).toContain(`\n${doubt}\n`)
  const summary = renderMarkdown(claimed, { details: false, now: NOW })
  expect(summary).toContain(doubt)
  expect(summary).toContain('## ⚠️ Report of backups')
  expect(htmlPage(claimed)).toMatch(/<h1><svg class="m unproved"/)
  expect(htmlPage(report([proved]))).toMatch(/<h1><svg class="m verified"/)
})

test('what the page shows does not make the run fail: that is what status is for', () => {
  expect(exitCodeOf(value)).toBe(0)
})
