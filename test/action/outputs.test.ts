import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outputsOf, writeOutputs } from '../../src/action/outputs.ts'
import type { CheckReport } from '../../src/report/check-report.ts'
import { outputsIn } from './scene.ts'

test('a value of several lines cannot end itself and begin another output', () => {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-outputs-'))
  const file = join(folder, 'output')
  writeFileSync(file, 'earlier=1\n')
  const value = 'one\nstatus<<end\nfailed\nend\n'
  writeOutputs(file, { status: 'ok', 'backup-ids': value })
  expect(outputsIn(file)).toEqual({ status: 'ok', 'backup-ids': value })
  expect(readFileSync(file, 'utf8')).toMatch(/^earlier=1\n/)
  rmSync(folder, { recursive: true })
})

const CLEAN: CheckReport = {
  command: 'check',
  store: 'file:x',
  seconds: 1,
  key: true,
  percent: 100,
  components: [],
  findings: [],
  foreign: 0,
}

test('a check that looked at everything and found nothing has verified it', () => {
  expect(outputsOf(CLEAN)).toEqual({ status: 'ok', verdict: 'verified' })
})

test.each([{ key: false }, { percent: 0 }, { percent: 50 }])('a check with %j has no verdict, and is ok', part => {
  expect(outputsOf({ ...CLEAN, ...part })).toEqual({ status: 'ok', verdict: '' })
})

test('a check that found damage has failed, however little it looked at', () => {
  const finding = { code: 'missing', component: 'files', object: 'x', message: 'x', hint: 'y', hurts: [] } as const
  expect(outputsOf({ ...CLEAN, percent: 0, findings: [finding] })).toEqual({ status: 'failed', verdict: 'failed' })
})
