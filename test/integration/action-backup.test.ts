/** The whole way of the Action: back up as one run, and list, restore by date, check, prune and export as later ones. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CopyReport } from '../../src/report/copy-report.ts'
import type { BackupReport, ExportReport, ListReport, RestoreReport } from '../../src/report/report.ts'
import { createEverything } from '../fixtures/everything.ts'
import { type Runner, startRunner } from '../support/action.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { type GitHub, startGitHub } from '../support/github/github.ts'

const DAY = 86_400_000
const CONFIG = { 'config-files': 'app.conf', 'config-env': 'SMTP_*' }

describe('a repository that keeps its backups as artifacts', () => {
  let github: GitHub
  let runner: Runner
  let database: TestDatabase
  let before: Fingerprint
  let first: BackupReport

  const idOf = (component: string) =>
    first.backups.flatMap(b => (b.component === component && 'id' in b ? b.id : []))[0] ?? ''

  beforeAll(async () => {
    github = await startGitHub()
    runner = startRunner(github, { SMTP_HOST: 'mail.example.org' })
    database = await createEverything(18)
    before = await fingerprint(database.url)
    mkdirSync(join(runner.workspace, 'uploads'))
    writeFileSync(join(runner.workspace, 'uploads', 'photo.bin'), Buffer.alloc(100_000, 'photo'))
    writeFileSync(join(runner.workspace, 'app.conf'), 'port = 8080\n')
    first = await runner.report<BackupReport>({ 'database-url': database.url, files: 'uploads', ...CONFIG })
    return async () => {
      runner[Symbol.dispose]()
      await database[Symbol.asyncDispose]()
      await github[Symbol.asyncDispose]()
    }
  })

  test('has the three components, each whole and full', () => {
    expect(first).toMatchObject({
      store: 'artifact:acme/app',
      backups: [
        { component: 'database', status: 'complete', full: true, stock: true },
        { component: 'files', status: 'complete', full: true, stock: true },
        { component: 'config', status: 'complete', full: true, stock: true },
      ],
    })
    expect(
      github.artifacts.map(({ name }) => name).filter(name => !/^comeback~.*~7000000001-1\.bin$/.test(name)),
    ).toEqual([])
    expect(github.artifacts.filter(({ name }) => name.includes('manifest.json'))).toHaveLength(3)
  })

  test('asks GitHub to keep them as long as backups live and lean', () => {
    // 30 days of retention, and 30 more in which later backups may lean on them.
    const days = github.artifacts.map(({ createdAt, expiresAt }) =>
      Math.round((Number(expiresAt) - Number(createdAt)) / DAY),
    )
    expect(new Set(days)).toEqual(new Set([60]))
  })

  test('lists them in a later run', async () => {
    const list = await runner.report<ListReport>({ command: 'list' })
    expect(
      list.backups.map(({ component, status, authenticated }) => [component, status, authenticated]).sort(),
    ).toEqual([
      ['config', 'complete', true],
      ['database', 'complete', true],
      ['files', 'complete', true],
    ])
    expect(list.foreign).toEqual([])
  })

  test('restores the database of a day into an empty one, byte for byte', async () => {
    await using copy = await createDatabase(18, 'TEMPLATE template0')
    const today = new Date().toISOString().slice(0, 10)
    const inputs = { command: 'restore', component: 'database', at: today, 'target-url': copy.url }
    const report = await runner.report<RestoreReport>(inputs)
    expect(report.id).toBe(idOf('database'))
    expect(await fingerprint(copy.url)).toEqual(before)
  })

  test('restores over a wrecked database in one transaction', async () => {
    await using copy = await createDatabase(18, 'TEMPLATE template0')
    const inputs = { command: 'restore', component: 'database', 'target-url': copy.url }
    await runner.report<RestoreReport>(inputs)
    await copy.query('DROP TABLE cb.child CASCADE; CREATE TABLE public.stray (id int)')
    const refused = await runner.run(inputs)
    expect(refused.code).toBe(2)
    expect(refused.annotations[0]?.text).toContain('confirm: NAME')
    await runner.report({ ...inputs, confirm: copy.name })
    expect(await fingerprint(copy.url)).toEqual(before)
  })

  test('restores files and configuration into folders', async () => {
    await runner.report({ command: 'restore', component: 'files', into: 'restored' })
    const photo = ['uploads', 'photo.bin']
    expect(readFileSync(join(runner.workspace, 'restored', ...photo))).toEqual(
      readFileSync(join(runner.workspace, ...photo)),
    )
    // Configuration is only ever shown for review.
    writeFileSync(join(runner.workspace, 'app.conf'), 'port = 9090\n')
    await runner.report({ command: 'restore', component: 'config', at: idOf('config'), into: 'review' })
    expect(readFileSync(join(runner.workspace, 'review', 'REVIEW.diff'), 'utf8')).toMatch(/^\+port = 8080$/m)
    expect(readFileSync(join(runner.workspace, 'app.conf'), 'utf8')).toBe('port = 9090\n')
  })

  test('has no backup of a day on which none was made', async () => {
    const result = await runner.run({ command: 'restore', component: 'files', at: '2020-02-29', into: 'nowhere' })
    expect(result.code).toBe(10)
    expect(result.annotations).toMatchObject([{ level: 'error', title: 'Comeback: no-such-backup' }])
  })

  test('backs up again and uploads what is new alone', async () => {
    await database.query('CREATE TABLE public.newcomer AS SELECT 1 AS id')
    const uploads = github.artifacts.length
    const result = await runner.run({ component: 'database', 'database-url': database.url })
    expect(result.outputs).toMatchObject({ status: 'complete' })
    expect(Number(result.outputs['bytes-new'])).toBeLessThan(0.2 * Number(result.outputs['bytes-total']))
    const report: BackupReport = JSON.parse(readFileSync(result.outputs.report ?? '', 'utf8'))
    expect(report.backups).toMatchObject([{ full: false, base: idOf('database') }])
    expect(github.artifacts.length - uploads).toBeLessThanOrEqual(4)
    await using copy = await createDatabase(18, 'TEMPLATE template0')
    await runner.report({ command: 'restore', component: 'database', 'target-url': copy.url })
    expect(await fingerprint(copy.url)).toEqual(await fingerprint(database.url))
  })

  test('checks them, every byte read', async () => {
    const result = await runner.run({ command: 'check', read: 'true' })
    expect(result.stdout).not.toContain('::error')
    expect([result.code, result.outputs.verdict]).toEqual([0, 'verified'])
  })

  test('exports one into a folder that needs no older one', async () => {
    const report = await runner.report<ExportReport>({ command: 'export', component: 'database', into: 'exported' })
    expect(report.files.length).toBeGreaterThan(2)
    await using copy = await createDatabase(18, 'TEMPLATE template0')
    const inputs = { command: 'restore', component: 'database', store: 'file:exported', 'target-url': copy.url }
    await runner.report(inputs)
    expect(await fingerprint(copy.url)).toEqual(await fingerprint(database.url))
  })

  test('copies them to where they may live longer; from there they come back without the artifacts', async () => {
    const inputs = { command: 'copy', component: 'files', to: 'file:kept' }
    const result = await runner.run({ ...inputs, 'dry-run': 'true' })
    expect([result.code, existsSync(join(runner.workspace, 'kept'))]).toEqual([0, false])
    const copied = await runner.report<CopyReport>(inputs)
    expect(copied).toMatchObject({ from: 'artifact:acme/app', backups: [{ id: idOf('files'), status: 'copied' }] })
    const requests = github.requests.length
    const from = { command: 'restore', component: 'files', store: 'file:kept' }
    await runner.report({ ...from, at: idOf('files'), into: 'from-copy' })
    expect(github.requests.slice(requests).filter(line => line.includes('/artifacts'))).toEqual([])
    expect(readFileSync(join(runner.workspace, 'from-copy/uploads/photo.bin'))).toEqual(Buffer.alloc(100_000, 'photo'))
  })

  test('restores the date that is asked for, and prunes what is older than it must be, once it is told to', async () => {
    const photo = (folder: string) => join(runner.workspace, folder, 'uploads', 'photo.bin')
    const backUp = (content: string, daysAgo: number) => {
      writeFileSync(photo('.'), content)
      return runner.report({ component: 'files', files: 'uploads', full: 'true' }, { daysAgo })
    }
    await backUp('old', 40)
    await backUp('newer', 20)
    const at = new Date(Date.now() - 30 * DAY).toISOString()
    await runner.report({ command: 'restore', component: 'files', at, into: 'by-date' })
    expect(readFileSync(photo('by-date'), 'utf8')).toBe('old')

    const kept = () =>
      github.artifacts.filter(({ name, deleted }) => name.startsWith('comeback~files~') && !deleted).length
    const before = kept()
    await runner.report({ command: 'prune', component: 'files' })
    expect(kept()).toBe(before)
    await runner.report({ command: 'prune', component: 'files', apply: 'true' })
    expect(kept()).toBeLessThan(before)
    const list = await runner.report<ListReport>({ command: 'list', component: 'files' })
    expect(list.backups).toHaveLength(2)
    expect((await runner.run({ command: 'restore', component: 'files', at, into: 'pruned' })).code).toBe(10)
    await runner.report({ command: 'restore', component: 'files', at: idOf('files'), into: 'still-there' })
  })
})
