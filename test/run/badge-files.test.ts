import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leaveBadge } from '../../src/run/badge-files.ts'
import { failed, reportOf, verified } from '../report/sample-proofs.ts'

let cwd = ''
let warnings: string[] = []
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'comeback-badge-'))
  warnings = []
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const leave = (folder: string | undefined, proof = verified) =>
  leaveBadge(reportOf([proof]), { folder, cwd, warn: message => warnings.push(message) })

test('two files are written into a new folder, written anew later, and nothing else is left', () => {
  leave('docs/badges')
  leave('docs/badges', failed)
  expect(readdirSync(join(cwd, 'docs/badges')).sort()).toEqual(['badge.json', 'badge.svg'])
  expect(JSON.parse(readFileSync(join(cwd, 'docs/badges/badge.json'), 'utf8')).message).toBe('failed 2026-11-25')
  expect(warnings).toEqual([])
})

test('nothing is written where nothing was asked for', () => {
  leave(undefined)
  expect(readdirSync(cwd)).toEqual([])
})

test('a folder that cannot be written to is a warning', () => {
  writeFileSync(join(cwd, 'file'), '')
  leave('file')
  mkdirSync(join(cwd, 'taken/badge.json'), { recursive: true })
  leave('taken')
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toMatch(/^The badge could not be written to file: /)
  expect(readdirSync(join(cwd, 'taken'))).toEqual(['badge.json'])
})
