import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { README, withTables } from '../scripts/readme.ts'
import { VERSION } from '../src/version.ts'

const text = readFileSync(README, 'utf8')

test('the tables of the README are what the options say (npm run readme)', () => {
  expect(text).toContain('`--store')
  expect(withTables(text)).toBe(text)
})

test('the README stays short', () => {
  expect(text.split('\n').length).toBeLessThan(350)
})

test('the version is that of the package', () => {
  expect(VERSION).toBe(packageJson.version)
})
