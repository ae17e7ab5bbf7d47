/** Safety backups on a real server and on files: made before a restore, brought back by undo. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ProgressEvent } from '../../src/engine/progress.ts'
import { hasCode } from '../../src/errors.ts'
import type { Command, JobContext } from '../../src/job-context.ts'
import type { ListReport, RestoreReport } from '../../src/report/report.ts'
import type { RestorePlanReport } from '../../src/report/restore-plan-report.ts'
import { createEverything } from '../fixtures/everything.ts'
import { createDatabase } from '../support/database.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { type Given, jobIn } from '../support/job.ts'
import { MAJORS } from '../support/thorough.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'comeback-safety-'))
  return () => rmSync(cwd, { recursive: true, force: true })
})

const job = (command: Command, given: Given, more?: Partial<JobContext>) => jobIn(cwd, command, given, more)

const restoring = (component: 'database' | 'files', given: Given, more?: Partial<JobContext>) =>
  job({ verb: 'restore', component, at: 'latest' }, given, more) as Promise<RestoreReport>

async function safetyBackups(): Promise<readonly string[]> {
  const { backups } = (await job({ verb: 'list', components: ['database', 'files'] }, {})) as ListReport
  return backups.filter(({ purpose }) => purpose === 'safety').map(({ id }) => id)
}

/** Milliseconds: each of the runs derives its keys with as many iterations as anybody's. */
const LONG = 240_000

describe.each(MAJORS)('a PostgreSQL %i database', major => {
  test('is what it was before after undo, and what it was after the restore after undo of undo', {
    timeout: LONG,
  }, async () => {
    await using source = await createEverything(major)
    await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
    const good = await fingerprint(source.url)
    await source.query('DROP TABLE cb.child CASCADE; CREATE TABLE public.stray AS SELECT generate_series(1, 1000) AS n')
    const wrecked = await fingerprint(source.url)

    const over = { databaseUrl: source.url, mode: 'atomic', confirm: source.name }
    const report = await restoring('database', over)
    expect(await fingerprint(source.url)).toEqual(good)
    expect(await safetyBackups()).toEqual([report.safety?.id])

    // As the report says it, without a mode.
    const again = { databaseUrl: source.url, confirm: source.name, undo: 'true' }
    const undone = await restoring('database', again)
    expect(undone.id).toBe(report.safety?.id)
    expect(await fingerprint(source.url)).toEqual(wrecked)
    expect((await restoring('database', again)).id).toBe(undone.safety?.id)
    expect(await fingerprint(source.url)).toEqual(good)
  })
})

test('a database that is restored over its source shares the chunks of its safety backup', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE rows AS SELECT n, md5(n::text) AS word FROM generate_series(1, 50000) AS n')
  await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
  await restoring('database', { databaseUrl: source.url, mode: 'atomic', confirm: source.name })
  const { backups } = (await job({ verb: 'list', components: ['database'] }, {})) as ListReport
  const [safety, normal] = backups
  expect(safety).toMatchObject({ purpose: 'safety', leansOn: [normal?.id] })
  expect(safety?.stored).toBeLessThan((normal?.stored ?? 0) / 10)
})

test('a plan says what will be backed up where, and a store that can take none is refused', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE users AS SELECT generate_series(1, 100) AS id')
  await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
  const over = { databaseUrl: source.url, mode: 'atomic' }
  const plan = (given: Given) => restoring('database', { ...over, ...given, dryRun: 'true' }) as Promise<unknown>
  const planned = (await plan({})) as RestorePlanReport
  expect(planned).toMatchObject({
    confirm: source.name,
    safety: { wanted: true, store: `file:${join(cwd, 'backups')}` },
  })
  expect(planned.safety?.bytes).toBeGreaterThan(1_000_000)
  const elsewhere = { safetyStore: 'artifact:acme/shop' }
  expect(await plan(elsewhere)).toMatchObject({
    target: { refusal: { code: 'usage', hint: expect.stringContaining('--safety-store file:DIR') } },
  })
  const before = await fingerprint(source.url)
  await source.query('DELETE FROM users')
  const empty = await fingerprint(source.url)
  await expect(restoring('database', { ...over, ...elsewhere, confirm: source.name })).rejects.toThrow('artifact:')
  expect(await fingerprint(source.url)).toEqual(empty)
  const none = { ...over, noSafetyBackup: 'true' }
  await expect(restoring('database', none)).rejects.toSatisfy(error => hasCode(error, 'not-empty'))
  await restoring('database', { ...none, confirm: source.name })
  expect(await fingerprint(source.url)).toEqual(before)
  expect(await safetyBackups()).toEqual([])
})

test('who sits at a terminal reads the plan, then types the name', async () => {
  await using source = await createDatabase(18)
  await source.query('CREATE TABLE users AS SELECT generate_series(1, 100) AS id')
  await job({ verb: 'backup', components: ['database'] }, { databaseUrl: source.url })
  const seen: string[] = []
  const terminal = (answer: string): Partial<JobContext> => ({
    progress: (event: ProgressEvent) => seen.push(event.type),
    ask: async question => {
      seen.push(question)
      return answer
    },
  })
  const over = { databaseUrl: source.url, mode: 'atomic' }
  await expect(restoring('database', over, terminal('wrong'))).rejects.toSatisfy(error => hasCode(error, 'usage'))
  expect(await safetyBackups()).toEqual([])
  expect(seen.at(-2)).toBe('plan')
  expect(seen.at(-1)).toContain(`/${source.name}`)
  const report = await restoring('database', over, terminal(source.name))
  expect(report.safety).toBeDefined()
})

describe('files', () => {
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
  const read = (name: string) => readFileSync(join(cwd, name), 'utf8')

  test('that are replaced in the working folder come back by undo, and nothing else was backed up', async () => {
    for (const folder of ['uploads', 'other']) mkdirSync(join(cwd, folder))
    write('uploads/a', 'old a')
    write('uploads/b', 'old b')
    write('other/c', 'not of the backup')
    await job({ verb: 'backup', components: ['files'] }, { files: 'uploads' })
    write('uploads/a', 'new a')
    rmSync(join(cwd, 'uploads/b'))
    const plan = (await restoring('files', { overwrite: 'true', dryRun: 'true' })) as unknown as RestorePlanReport
    expect(plan).toMatchObject({
      safety: { wanted: true, store: `file:${join(cwd, 'backups')}` },
      target: { replaced: ['uploads/a'] },
    })
    const report = await restoring('files', { overwrite: 'true' })
    expect([read('uploads/a'), read('uploads/b')]).toEqual(['old a', 'old b'])
    const undone = await restoring('files', { overwrite: 'true', undo: 'true' })
    expect(undone.id).toBe(report.safety?.id)
    expect([read('uploads/a'), read('uploads/b'), read('other/c')]).toEqual(['new a', 'old b', 'not of the backup'])
    await restoring('files', { overwrite: 'true', undo: 'true' })
    expect(read('uploads/a')).toBe('old a')
  })

  test('of a folder that is switched for another one are all backed up', async () => {
    mkdirSync(join(cwd, 'uploads'))
    write('uploads/a', 'old')
    await job({ verb: 'backup', components: ['files'] }, { files: 'uploads' })
    mkdirSync(join(cwd, 'restored/uploads'), { recursive: true })
    write('restored/uploads/a', 'new')
    write('restored/strange', 'there before')
    const given = { into: 'restored', overwrite: 'true', confirm: 'restored' }
    await restoring('files', given)
    expect(existsSync(join(cwd, 'restored/strange'))).toBe(false)
    await restoring('files', { ...given, undo: 'true' })
    expect([read('restored/uploads/a'), read('restored/strange')]).toEqual(['new', 'there before'])
  })

  test('into a new folder need none', async () => {
    write('a', 'a')
    await job({ verb: 'backup', components: ['files'] }, { files: 'a' })
    expect((await restoring('files', { into: 'new' })).safety).toBeUndefined()
    expect(await safetyBackups()).toEqual([])
    await expect(restoring('files', { into: 'new', undo: 'true' })).rejects.toSatisfy(error =>
      hasCode(error, 'no-such-backup'),
    )
  })
})
