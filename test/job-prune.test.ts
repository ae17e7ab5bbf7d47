/** Retention as the last act of a backup: only when all that was to be backed up is complete. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCodeOf } from '../src/report/exit-code.ts'
import type { BackupReport } from '../src/report/report.ts'
import { jobIn } from './support/job.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-prune-'))
  mkdirSync(join(folder, 'up'))
  writeFileSync(join(folder, 'up/a.txt'), 'hello')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const backUp = (given: Parameters<typeof jobIn>[2] = {}) =>
  jobIn(folder, { verb: 'backup', components: ['files'] }, { files: 'up', ...given }) as Promise<BackupReport>

/** A run that was cut off long ago, of which nothing but a pack is left. */
function leftover(): string {
  const id = '20200101T020000Z-7f3a91'
  mkdirSync(join(folder, 'backups/files', id), { recursive: true })
  const pack = join(folder, 'backups/files', id, '01-data-0001.tar.gz.enc')
  writeFileSync(pack, 'old')
  utimesSync(pack, new Date(0), new Date(0))
  return id
}

test('what retention lets go goes after a complete backup, and only with --prune', async () => {
  const id = leftover()
  expect(await backUp()).not.toHaveProperty('pruned')
  expect(readdirSync(join(folder, 'backups/files'))).toContain(id)
  const report = await backUp({ prune: 'true' })
  expect(report.pruned).toMatchObject({ command: 'prune', applied: true, removed: { objects: 1 } })
  expect(exitCodeOf(report)).toBe(0)
  expect(readdirSync(join(folder, 'backups/files'))).not.toContain(id)
})

test('a partial or failed backup lets nothing go', async () => {
  const id = leftover()
  await backUp()
  renameSync(join(folder, 'up'), join(folder, 'away'))
  const failed = await backUp({ prune: 'true' }).catch(() => undefined)
  expect(failed?.pruned).toBeUndefined()
  expect(readdirSync(join(folder, 'backups/files'))).toContain(id)
})

test('without the key nothing is removed, nor chosen by rules to be copied, unless somebody says so', async () => {
  const id = leftover()
  await backUp()
  const noKey = { key: undefined }
  const ask = (verb: 'prune' | 'copy', given: Parameters<typeof jobIn>[2]) =>
    jobIn(folder, { verb, components: ['files'] }, given, noKey)
  const plan = await ask('prune', {})
  expect(plan).toMatchObject({ applied: false, removed: { objects: 1 }, problems: [{ severity: 'warning' }] })
  await expect(ask('prune', { apply: 'true' })).rejects.toMatchObject({ code: 'no-key' })
  expect(readdirSync(join(folder, 'backups/files'))).toContain(id)
  const to = `file:${join(folder, 'other')}`
  await expect(ask('copy', { to, keepLast: '1' })).rejects.toMatchObject({ code: 'no-key' })
  expect(await ask('copy', { to })).toMatchObject({ backups: [{ status: 'copied' }] })
  expect(await ask('copy', { to, keepLast: '1', unauthenticated: 'true' })).toMatchObject({
    backups: [{ status: 'present' }],
  })
  expect(await ask('prune', { apply: 'true', unauthenticated: 'true' })).toMatchObject({ removed: { objects: 1 } })
  expect(readdirSync(join(folder, 'backups/files'))).not.toContain(id)
})
