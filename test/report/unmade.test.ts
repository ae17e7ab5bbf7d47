/** A restore that brought all rows and not every object, as it is told. */
import { describe, expect, test } from 'vitest'
import type { Unmade } from '../../src/engine/ports.ts'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { createPalette } from '../../src/report/palette.ts'
import type { RestoreReport } from '../../src/report/report.ts'
import { renderReport } from '../../src/report/text.ts'
import { NOW } from './sample-reports.ts'

const KEY: Unmade = {
  entry: 'FK CONSTRAINT public.child child_parent_fkey',
  outcome: 'not-valid',
  reason: 'insert or update on table "child" violates foreign key constraint "child_parent_fkey" [23503]',
  sqlState: '23503',
  later: ['ALTER TABLE public.child VALIDATE CONSTRAINT child_parent_fkey'],
  hint: 'It holds for new rows.',
}
const HELPED: Unmade = {
  entry: 'FUNCTION public.slug(text)',
  outcome: 'helped',
  reason: 'it names things without their schemas',
  sqlState: '42883',
  later: ['ALTER FUNCTION public.slug(text) SET search_path = public'],
}
const followers = (count: number): Unmade[] =>
  Array.from({ length: count }, (_, index) => ({
    entry: `ACL public.TABLE v${index}`,
    outcome: 'left-out',
    reason: 'what it is about was left out',
    sqlState: '',
    later: [`GRANT SELECT\nON v${index} TO a`],
  }))

const report = (unmade: readonly Unmade[]): RestoreReport => ({
  command: 'restore',
  component: 'database',
  id: '20261121T020000Z-7f3a91',
  time: '2026-11-21T02:00:00.000Z',
  seconds: 20,
  bytes: 1000,
  summary: ['2 tables into localhost:5432/copy'],
  problems: [],
  unmade,
})
const text = (unmade: readonly Unmade[]) => renderReport(report(unmade), { palette: createPalette(false), now: NOW })

describe('on the terminal', () => {
  test('says how many objects are missing, why, and what makes them later, ready to be run', () => {
    expect(
      text([KEY]),
    ).toBe(`database restored, all but 1 object, from 20261121T020000Z-7f3a91 (2026-11-21 02:00:00 UTC)
  1.0 kB in 20 s, 50 B/s
  2 tables into localhost:5432/copy
  missing: Holds for new rows alone: FK CONSTRAINT public.child child_parent_fkey: insert or update on table "child" violates foreign key constraint "child_parent_fkey" [23503].
    hint: It holds for new rows.
  To make it as it was, once the reasons are gone:
    ALTER TABLE public.child VALIDATE CONSTRAINT child_parent_fkey;
`)
  })

  test('tells those that follow from one reason in one line, and of many statements a hundred', () => {
    const shown = text(followers(200))
    expect(shown).toContain('missing: Left out: ACL public.TABLE v0, ACL public.TABLE v1, ACL public.TABLE v2, ')
    expect(shown).toContain(' and 195 more: what it is about was left out.\n')
    expect(shown).toContain('-- … and 100 more statements; --json has them all.')
  })

  test('a function that was only helped is a warning, and nothing is missing', () => {
    expect(text([HELPED])).toContain('database restored from')
    expect(text([HELPED])).toContain('warning: Made with help: FUNCTION public.slug(text)')
  })
})

test('a summary has the statements where it may show details', () => {
  const summary = renderMarkdown(report([KEY, ...followers(1)]), { details: true, now: NOW })
  expect(summary).toContain('## ⚠️ Restored, all but 2 objects: database')
  expect(summary).toContain('VALIDATE CONSTRAINT child_parent_fkey;\nGRANT SELECT\nON v0 TO a;')
  expect(renderMarkdown(report([KEY]), { details: false, now: NOW })).not.toContain('VALIDATE')
})

test('a script can trust the exit code: 3 where something is missing', () => {
  expect([[], [HELPED], [KEY], [HELPED, KEY]].map(unmade => exitCodeOf(report(unmade)))).toEqual([0, 0, 3, 3])
})
