/** Files and configuration through the built program, and back; stock tar reads the same. */
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BackupReport, RestoreReport } from '../../src/report/report.ts'
import { noise } from '../engine/scene.ts'
import { workplace } from '../support/cli.ts'
import { applyStockRecipe } from '../support/stock-recipe.ts'

/** Everything that must come back: names, kinds, modes, times, contents. */
function tree(folder: string): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    const info = lstatSync(path)
    const content = info.isSymbolicLink()
      ? readlinkSync(path)
      : info.isFile()
        ? readFileSync(path).toString('base64')
        : ''
    const time = info.isSymbolicLink() ? '' : Math.floor(info.mtimeMs / 1000)
    entries[name] =
      `${info.isDirectory() ? 'folder' : info.isSymbolicLink() ? 'link' : 'file'} ${(info.mode & 0o777).toString(8)} ${time} ${content}`
  }
  return entries
}

function fill(folder: string): void {
  mkdirSync(join(folder, 'uploads', 'leer', 'ganz'), { recursive: true })
  mkdirSync(join(folder, 'uploads', '数据 ünï'), { recursive: true })
  writeFileSync(join(folder, 'uploads', '数据 ünï', 'größe ☃.bin'), noise('big', 3_000_000))
  writeFileSync(join(folder, 'uploads', 'script.sh'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(folder, 'uploads', 'empty'), '')
  writeFileSync(join(folder, 'uploads', '.hidden'), 'x')
  writeFileSync(join(folder, 'uploads', 'cache.tmp'), 'left out')
  writeFileSync(join(folder, 'uploads', 'n'.repeat(200)), 'a long name')
  symlinkSync('script.sh', join(folder, 'uploads', 'link'))
  utimesSync(join(folder, 'uploads', 'script.sh'), 1_500_000_000, 1_500_000_000)
  utimesSync(join(folder, 'uploads', 'leer'), 1_400_000_000, 1_400_000_000)
}

test('files come back as they were, by Comeback and by openssl, gunzip and tar', async () => {
  using place = workplace()
  fill(place.folder)
  const report = await place.json<BackupReport>(['backup', 'files', '--files', 'uploads', '--exclude', '*.tmp'])
  expect(report.backups).toMatchObject([{ status: 'complete', stock: true, problems: [] }])
  const uploads = join(place.folder, 'uploads')
  rmSync(join(uploads, 'cache.tmp'))
  const before = tree(uploads)

  await place.json(['restore', 'files', 'latest', '--into', 'restored'])
  expect(tree(join(place.folder, 'restored', 'uploads'))).toEqual(before)

  const outcome = report.backups[0]
  const folder = join(place.folder, 'backups', 'files', outcome?.status === 'complete' ? outcome.id : '')
  await applyStockRecipe(folder)
  expect(tree(join(folder, 'restored', 'uploads'))).toEqual(before)
})

test('files that exist are replaced only when that is asked for', async () => {
  using place = workplace()
  fill(place.folder)
  await place.json(['backup', 'files', '--files', 'uploads'])
  const script = join(place.folder, 'uploads', 'script.sh')
  writeFileSync(script, 'newer')
  const refused = await place.run(['restore', 'files', 'latest'])
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('--overwrite')
  expect(readFileSync(script, 'utf8')).toBe('newer')
  await place.json(['restore', 'files', 'latest', '--overwrite'])
  expect(readFileSync(script, 'utf8')).toBe('#!/bin/sh\n')
})

test('a second backup of files stores only what changed, and a backup of everything here leaves out our own files', async () => {
  using place = workplace()
  fill(place.folder)
  await place.json(['backup', 'files', '--files', '.'])
  writeFileSync(join(place.folder, 'uploads', 'new'), noise('new', 50_000))
  const second = await place.json<BackupReport>(['backup', 'files', '--files', '.'])
  expect(second.backups).toMatchObject([{ status: 'complete', full: false }])
  const outcome = second.backups[0]
  if (outcome === undefined || outcome.status === 'failed') throw new Error('no backup')
  expect(outcome.bytes.new).toBeLessThan(1_500_000)
  await place.json(['restore', 'files', 'latest', '--into', 'restored'])
  expect(readdirSync(join(place.folder, 'restored'))).toEqual(['uploads'])
})

test('configuration comes back for review only, with a diff, its values kept quiet', async () => {
  using place = workplace({ SMTP_HOST: 'mail.example.com', SMTP_PASSWORD: 'hunter2 "quoted"\nline', OTHER: 'no' })
  mkdirSync(join(place.folder, 'config'))
  writeFileSync(join(place.folder, 'config', 'app.yml'), 'name: app\nport: 1\n')
  writeFileSync(join(place.folder, '.env'), 'A=1\n')
  const args = ['backup', 'config', '--config-files', '.env', 'config/*.yml', '--config-env', 'SMTP_*']
  await place.json(args)
  writeFileSync(join(place.folder, 'config', 'app.yml'), 'name: app\nport: 2\n')
  const report = await place.json<RestoreReport>(['restore', 'config', 'latest'], { env: { SMTP_PASSWORD: 'changed' } })
  const review = join(place.folder, 'config-review')
  expect(lstatSync(review).mode & 0o777).toBe(0o700)
  const diff = readFileSync(join(review, 'REVIEW.diff'), 'utf8')
  expect(diff).toMatch(/^-port: 2$/m)
  expect(diff).toMatch(/^\+port: 1$/m)
  expect(diff).toContain('SMTP_PASSWORD')
  expect(readFileSync(join(place.folder, 'config', 'app.yml'), 'utf8')).toContain('port: 2')
  expect(JSON.stringify(report)).not.toContain('hunter2')
  expect((await place.run(['restore', 'config', 'latest'])).code).toBe(2)
})

test('all three components go out and come back with one key', async () => {
  using place = workplace({ SMTP_HOST: 'mail' })
  fill(place.folder)
  const { createDatabase } = await import('../support/database.ts')
  await using database = await createDatabase(18)
  await database.query('CREATE TABLE t AS SELECT 1 AS id')
  const args = ['backup', 'all', '--files', 'uploads', '--config-env', 'SMTP_*']
  const report = await place.json<BackupReport>(args, { env: { DATABASE_URL: database.url } })
  expect(report.backups.map(({ component, status }) => [component, status])).toEqual([
    ['database', 'complete'],
    ['files', 'complete'],
    ['config', 'complete'],
  ])
})

test('a file that grows while it is read makes the backup partial: exit code 3, and latest does not mean it', async () => {
  using place = workplace()
  const log = join(place.folder, 'growing.log')
  writeFileSync(log, noise('growing', 40_000_000))
  const growing = setInterval(() => appendFileSync(log, 'one more line\n'), 1)
  const report = await place
    .json<BackupReport>(['backup', 'files', '--files', 'growing.log'], { code: 3 })
    .finally(() => clearInterval(growing))
  expect(report.backups).toMatchObject([{ status: 'partial', problems: [{ severity: 'partial' }] }])
  expect((await place.run(['restore', 'files', 'latest', '--into', 'out'])).code).toBe(10)
  const [outcome] = report.backups
  const id = outcome?.status === 'partial' ? outcome.id : ''
  const restored = await place.json<RestoreReport>(['restore', 'files', id, '--into', 'out'])
  expect(restored.problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('partial') }])
  expect(
    readFileSync(join(place.folder, 'out', 'growing.log'))
      .subarray(0, 40_000_000)
      .equals(noise('growing', 40_000_000)),
  ).toBe(true)
})

test('one component that fails leaves the others their backups, and the run its exit code', async () => {
  using place = workplace({ SMTP_HOST: 'mail' })
  const args = ['backup', 'files', 'config', '--files', 'nothing-here', '--config-env', 'SMTP_*']
  const report = await place.json<BackupReport>(args, { code: 1 })
  expect(report.backups).toMatchObject([
    { component: 'files', status: 'failed', error: { code: 'not-found' } },
    { component: 'config', status: 'complete' },
  ])
})
