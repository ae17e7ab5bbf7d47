import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/report/exit-code.ts'
import type { RestoreReport } from '../../src/report/report.ts'

const restored = (severity: 'partial' | 'warning'): RestoreReport => ({
  command: 'restore',
  component: 'database',
  id: '20260101-000000-abcdef',
  time: '2026-01-01T00:00:00.000Z',
  seconds: 1,
  bytes: 1,
  summary: [],
  problems: [{ severity, message: '5 rows of the backup are not restored.' }],
})

test('a restore that leaves rows of the backup out exits with 3, one that only warns with 0', () => {
  expect(exitCodeOf(restored('partial'))).toBe(3)
  expect(exitCodeOf(restored('warning'))).toBe(0)
})
