/** From a store to the page on the disk: without the key, whole or not at all, and the value says the same. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { COMPONENTS } from '../src/format/manifest.ts'
import type { HistoryReport } from '../src/report/history-report.ts'
import type { BackupReport } from '../src/report/report.ts'
import { jobIn } from './support/job.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-report-'))
  mkdirSync(join(folder, 'up'))
  writeFileSync(join(folder, 'up/a.txt'), 'hello')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const report = (given: Parameters<typeof jobIn>[2], context: Parameters<typeof jobIn>[3] = {}) =>
  jobIn(folder, { verb: 'report', components: COMPONENTS }, given, context) as Promise<HistoryReport>

test('the page has the command that restores the backup, and needs no key', async () => {
  const made = (await jobIn(folder, { verb: 'backup', components: ['files'] }, { files: 'up' })) as BackupReport
  const [outcome] = made.backups
  const id = outcome?.status === 'complete' ? outcome.id : ''
  const value = await report({ html: 'site/index.html' }, { key: undefined })
  expect(value).toMatchObject({ command: 'report', html: 'site/index.html', components: [{ lastGood: { id } }] })
  expect(readdirSync(join(folder, 'site'))).toEqual(['index.html'])
  const page = readFileSync(join(folder, 'site/index.html'), 'utf8')
  expect(page).toContain(`comeback restore files ${id} --store file:${folder}/backups</code>`)
})

test('an empty store has a page, and a file that was there is replaced', async () => {
  writeFileSync(join(folder, 'r.html'), 'old')
  expect(await report({ html: 'r.html' })).toMatchObject({ components: [] })
  expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('There is no backup here yet.')
})

test('a page that cannot be written is a failure, and leaves nothing behind', async () => {
  mkdirSync(join(folder, 'taken.html'))
  await expect(report({ html: 'taken.html' })).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('taken.html'),
  })
  expect(readdirSync(folder).filter(name => name.startsWith('.taken'))).toEqual([])
})

test('without a file there is nothing to write', async () => {
  await expect(report({})).rejects.toMatchObject({ code: 'usage' })
})
