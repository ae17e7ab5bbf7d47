/** What a usual run leaves out must be tried somewhere. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import picomatch from 'picomatch'
import { expect, test } from 'vitest'
import long from '../../vitest.long.config.ts'

const ROOT = resolve(import.meta.dirname, '../..')

test('every file that is told how thorough to be is among the long suites', () => {
  const isLong = picomatch(long.test?.include ?? [])
  const asking = globSync('test/**/*.test.ts', { cwd: ROOT }).filter(file =>
    /^import .* from '.*\/support\/thorough\.ts'$/m.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  expect(asking.length).toBeGreaterThan(10)
  expect(asking.filter(file => !isLong(file))).toEqual([])
})
