/** Restores of files and configuration through the job, as an edge asks for them: what is kept, discarded, asked for, refused. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Command, JobContext } from '../../src/job-context.ts'
import { type Given, jobIn } from '../support/job.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'comeback-restore-'))
  return () => rmSync(cwd, { recursive: true, force: true })
})

const job = (command: Command, given?: Given, context?: Partial<JobContext>) => jobIn(cwd, command, given, context)

const files = { verb: 'restore', component: 'files', at: 'latest' } as const
const config = { verb: 'restore', component: 'config', at: 'latest' } as const

function write(path: string, text: string): void {
  mkdirSync(join(cwd, path, '..'), { recursive: true })
  writeFileSync(join(cwd, path), text)
}

function read(path: string): string {
  return readFileSync(join(cwd, path), 'utf8')
}

test('files come back into the project beside all that is not in the backup, and what they replaced is kept', async () => {
  write('uploads/a', 'good')
  write('src/main', 'code')
  await job({ verb: 'backup', components: ['files'] }, { files: 'uploads' })
  write('uploads/a', 'bad')
  write('uploads/new', 'new')
  await expect(job(files)).rejects.toMatchObject({ code: 'not-empty' })
  const report = await job(files, { overwrite: 'true' })
  expect([read('uploads/a'), read('uploads/new'), read('src/main')]).toEqual(['good', 'new', 'code'])
  const [kept = ''] = readdirSync(cwd).filter(name => name.startsWith('.comeback-before-'))
  expect(read(`${kept}/uploads/a`)).toBe('bad')
  expect(report).toMatchObject({
    summary: expect.arrayContaining([expect.stringContaining(`--discard ${join(cwd, kept)}`)]),
  })

  // A backup of everything has nothing of it.
  await job({ verb: 'backup', components: ['files'] }, { files: '.' })
  await job(files, { into: 'copy' })
  expect(readdirSync(join(cwd, 'copy')).sort()).toEqual(['src', 'uploads'])

  await expect(job(files, { discard: kept })).rejects.toMatchObject({ code: 'usage' })
  const discarded = await job(files, { discard: kept, confirm: kept })
  expect(discarded).toMatchObject({
    command: 'discard',
    component: 'files',
    summary: [expect.stringContaining('1 file')],
  })
  expect(existsSync(join(cwd, kept))).toBe(false)
})

test('a named folder becomes what the backup holds once its name was typed, by flag or on a terminal', async () => {
  write('uploads/a', 'good')
  await job({ verb: 'backup', components: ['files'] }, { files: 'uploads' })
  const asked: string[] = []
  const ask = async (question: string) => {
    asked.push(question)
    return 'site'
  }
  for (const how of [{ given: { confirm: 'site' } }, { given: {}, context: { ask } }]) {
    write('site/uploads/a', 'bad')
    write('site/other', 'other')
    const over = { into: 'site', overwrite: 'true' }
    const plan = await job(files, { ...over, dryRun: 'true' })
    expect(plan).toMatchObject({ confirm: 'site', target: { way: 'swap' } })
    await expect(job(files, over)).rejects.toMatchObject({ code: 'not-empty' })
    await job(files, { ...over, ...how.given }, how.context)
    expect(readdirSync(join(cwd, 'site'), { recursive: true })).toEqual(['uploads', 'uploads/a'])
    const [kept = ''] = readdirSync(cwd).filter(name => name.startsWith('site.before-'))
    expect(read(`${kept}/other`)).toBe('other')
    await job(files, { discard: kept, confirm: kept })
  }
  expect(asked).toHaveLength(1)
})

test('only some files come back when that is asked for', async () => {
  for (const name of ['uploads/2025/a', 'uploads/2026/a', 'uploads/2026/.b']) write(name, 'good')
  await job({ verb: 'backup', components: ['files'] }, { files: 'uploads' })
  for (const name of ['uploads/2025/a', 'uploads/2026/a']) write(name, 'bad')
  await job(files, { include: ['uploads/2026'], overwrite: 'true' })
  expect([read('uploads/2025/a'), read('uploads/2026/a')]).toEqual(['bad', 'good'])
  await expect(job(files, { include: ['uploads/2027'], into: 'x' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(job(config, { include: ['a'] })).rejects.toMatchObject({ code: 'usage' })
})

test('values of environment variables are written where somebody at a terminal asks for them, and nowhere else', async () => {
  const environment = { SMTP_PASSWORD: 'hunter2' }
  await job({ verb: 'backup', components: ['config'] }, { configEnv: 'SMTP_*' }, { environment })
  await expect(job(config, { showValues: 'true' })).rejects.toMatchObject({ code: 'usage' })
  await expect(job(files, { showValues: 'true' })).rejects.toMatchObject({ code: 'usage' })
  await job(config, {}, { environment })
  expect(read('config-review/.env.review')).toContain('# SMTP_PASSWORD equal to the present environment')
  expect(
    readdirSync(join(cwd, 'config-review'))
      .map(name => read(`config-review/${name}`))
      .join(),
  ).not.toContain('hunter2')
  const report = await job(config, { showValues: 'true', into: 'shown' }, { ask: async () => '' })
  expect(read('shown/.env.review')).toContain("SMTP_PASSWORD='hunter2'")
  expect(JSON.stringify(report)).not.toContain('hunter2')
})
