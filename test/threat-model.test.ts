/** A promise names the test that is the attack on it, and the test is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const PAGE = readFileSync(join(ROOT, '.github/THREAT_MODEL.md'), 'utf8')

test('every row of the table of threats names a test, or says that nothing stops it', () => {
  const [table = ''] = /^\| who \| is after [\s\S]*?\n\n/m.exec(PAGE) ?? []
  const rows = table.trim().split('\n').slice(2)
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) expect(row).toMatch(/`test\/[^`]+`|not stopped/)
})

test('every test that the page names is there', () => {
  const named = [...PAGE.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  expect(named.filter(path => !existsSync(join(ROOT, path)))).toEqual([])
})
