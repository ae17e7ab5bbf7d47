/** The job without an edge around it: what `--dry-run` and `--confirm` do from end to end. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { hasCode } from '../../src/errors.ts'
import type { Command } from '../../src/job-context.ts'
import { createDatabase } from '../support/database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { type Given, jobIn } from '../support/job.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'comeback-plan-'))
  return () => rmSync(cwd, { recursive: true, force: true })
})

const job = (command: Command, given: Given) => jobIn(cwd, command, given)

const restore = { verb: 'restore', component: 'database', at: 'latest' } as const

test('a database is replaced only after its name was given, and the plan says so beforehand', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE users AS SELECT generate_series(1, 100) AS id')
  await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
  const good = await fingerprint(source.url)
  await source.query('DELETE FROM users; CREATE TABLE stray (id int)')
  const wrecked = await fingerprint(source.url)

  const over = { databaseUrl: source.url, mode: 'atomic' }
  const plan = await job(restore, { ...over, dryRun: 'true' })
  expect(plan).toMatchObject({
    command: 'restore-plan',
    status: 'complete',
    target: {
      database: source.name,
      mode: 'atomic',
      needsConfirmation: true,
      losses: [{ what: '2 tables', names: ['public.stray', 'public.users'] }],
    },
  })
  await expect(job(restore, over)).rejects.toSatisfy(error => hasCode(error, 'not-empty'))
  await expect(job(restore, { ...over, confirm: 'another' })).rejects.toSatisfy(error => hasCode(error, 'usage'))
  const mistaken = await job(restore, { ...over, confirm: 'another', dryRun: 'true' })
  expect(mistaken).toMatchObject({ target: { refusal: { code: 'usage' } } })
  expect(await fingerprint(source.url)).toEqual(wrecked)

  await job(restore, { ...over, confirm: source.name })
  expect(await fingerprint(source.url)).toEqual(good)
})

test('a plan for files writes none', async () => {
  writeFileSync(join(cwd, 'a.txt'), 'a')
  await job({ verb: 'backup', components: ['files'] }, { files: 'a.txt' })
  const into = { into: 'restored', dryRun: 'true' }
  const plan = await job({ verb: 'restore', component: 'files', at: 'latest' }, into)
  expect(plan).toMatchObject({ command: 'restore-plan', target: { kind: 'folder', brings: { files: 1 } } })
  expect(existsSync(join(cwd, 'restored'))).toBe(false)
})
