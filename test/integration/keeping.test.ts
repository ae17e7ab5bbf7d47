/** `status` and `prune` through the built program, on backups whose dates were moved into the past. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newBackupId } from '../../src/format/backup-id.ts'
import type { PruneReport } from '../../src/report/prune-report.ts'
import type { BackupReport } from '../../src/report/report.ts'
import type { StatusReport } from '../../src/report/status-report.ts'
import { noise } from '../engine/scene.ts'
import { workplace } from '../support/cli.ts'

const DAY = 24 * 60 * 60 * 1000

test('old backups go when that is asked for, the newest ones restore, and status rings when none is young', async () => {
  using place = workplace()
  mkdirSync(join(place.folder, 'data'))
  writeFileSync(join(place.folder, 'data', 'file.bin'), noise('kept', 400_000))
  const { backups } = await place.json<BackupReport>(['backup', 'files', '--files', 'data'])
  const id = backups[0]?.status === 'complete' ? backups[0].id : ''
  const files = join(place.folder, 'backups', 'files')
  for (const days of [2, 40, 50]) {
    // Its authentication fails under another id, so the copies are pruned without the key.
    const old = newBackupId(new Date(Date.now() - days * DAY))
    cpSync(join(files, id), join(files, old), { recursive: true })
    const manifest = join(files, old, 'manifest.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(id, old))
  }
  const keyless = { env: { COMEBACK_KEY: '' } }

  const plan = await place.json<PruneReport>(['prune', 'files'], keyless)
  expect(plan.backups.map(({ action }) => action)).toEqual(['keep', 'keep', 'remove', 'remove'])
  expect(await place.json(['prune', 'files', '--apply', '--dry-run'], keyless)).toEqual(plan)
  expect(readdirSync(files)).toHaveLength(4)
  const refused = await place.run(['prune', 'files', '--apply'], keyless.env)
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--unauthenticated')])
  expect(readdirSync(files)).toHaveLength(4)
  const done = await place.json<PruneReport>(['prune', 'files', '--apply', '--unauthenticated'], keyless)
  expect(done).toEqual({ ...plan, applied: true })
  expect(readdirSync(files).filter(folder => existsSync(join(files, folder, 'manifest.json')))).toHaveLength(2)

  await place.json(['restore', 'files', id, '--into', 'restored'])
  expect(readFileSync(join(place.folder, 'restored', 'data', 'file.bin')).equals(noise('kept', 400_000))).toBe(true)

  const status = await place.json<StatusReport>(['status', '--max-age', '26h'])
  expect(status.components[1]).toMatchObject({ state: 'good', overdue: false, last: { id, authenticated: true } })
  rmSync(join(files, id), { recursive: true })
  const late = await place.run(['status', 'files', '--max-age', '26h'], keyless.env)
  expect(late.code).toBe(1)
  expect(late.stdout).toContain('OVERDUE: files. No good backup within 26 h.')
  const missing = await place.json<StatusReport>(['status', 'database', '--max-age', '26h'], { code: 1 })
  expect(missing.components).toMatchObject([{ state: 'never', overdue: true }])
})
