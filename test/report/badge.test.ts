import { expect, test } from 'vitest'
import { badgeOf } from '../../src/report/badge.ts'
import { badgeSvg } from '../../src/report/badge-svg.ts'
import type { Proof } from '../../src/report/proof.ts'
import { failed, migration, never, recorded, reportOf, unverified, verified } from './sample-proofs.ts'

const jsonOf = (...proofs: readonly Proof[]) => JSON.parse(badgeOf(reportOf(proofs)).json)

test('the endpoint has what shields.io reads, and the date of the oldest proof', () => {
  const older = { ...verified, component: 'files', provedAt: '2026-11-20T04:00:00.000Z' } as const
  expect(jsonOf(verified, older)).toEqual({
    schemaVersion: 1,
    label: 'restore',
    message: 'verified 2026-11-20',
    color: 'brightgreen',
    cacheSeconds: 3600,
  })
})

test.each([
  ['failed 2026-11-25', [failed, unverified], 'red'],
  ['could not be verified 2026-11-25', [verified, unverified], 'orange'],
  ['never verified', [], 'lightgrey'],
  ['never verified', [verified, never], 'lightgrey'],
])('%s is an error', (message, proofs, color) => {
  expect(jsonOf(...proofs)).toMatchObject({ message, color, isError: true })
})

test('a record that nobody could authenticate is not green', () => {
  expect(jsonOf(recorded)).toMatchObject({ message: 'verified 2026-11-25, record unchecked', color: 'lightgrey' })
  expect(badgeOf(reportOf([recorded])).svg).not.toContain('#1a7f37')
})

test('a migration that fails says nothing of the backups', () => {
  const { json } = badgeOf(reportOf([verified], { verdict: 'failed', migration }))
  expect(JSON.parse(json).message).toBe('verified 2026-11-25')
})

test('the picture says in words what it shows', () => {
  const { svg } = badgeOf(reportOf([verified]))
  expect(svg).toContain('role="img" aria-label="restore: verified 2026-11-25"')
  expect(svg).toContain('<title>restore: verified 2026-11-25</title>')
})

test('the picture is as wide as its texts, and holds no markup of theirs', () => {
  const width = (message: string) => Number(/width="(\d+)"/.exec(badgeSvg('a', message, 'red'))?.[1])
  expect(width('wwwwwwww')).toBeGreaterThan(width('iiiiiiii'))
  expect(badgeSvg('<b>', '"&\'', 'red')).not.toMatch(/<b>|"&'/)
})
