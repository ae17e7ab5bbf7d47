/** A key that is not where it was: none is made in its place while the store holds backups of it. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jobIn } from './support/job.ts'

let folder: string
const LOST = 'lost/.backup_key'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-lost-key-'))
  mkdirSync(join(folder, 'up'))
  mkdirSync(join(folder, 'lost'))
  writeFileSync(join(folder, 'up/a.txt'), 'hello')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const backUp = (given: Parameters<typeof jobIn>[2]) =>
  jobIn(folder, { verb: 'backup', components: ['files'] }, { files: 'up', ...given }, { key: undefined, ci: false })

test('with the key gone no new one is written while the store holds backups, unless all is to start anew', async () => {
  await backUp({})
  expect(existsSync(join(folder, '.backup_key'))).toBe(true)
  await expect(backUp({ keyFile: LOST })).rejects.toMatchObject({ code: 'no-key' })
  expect(existsSync(join(folder, LOST))).toBe(false)
  expect(await backUp({ keyFile: LOST, full: 'true' })).toMatchObject({ backups: [{ status: 'complete' }] })
  expect(existsSync(join(folder, LOST))).toBe(true)
})
