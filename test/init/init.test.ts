/** init in a repository of its own: what it writes, what it leaves alone, and what it asks. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_PLAN } from '../../src/init/plan.ts'
import { workflowFiles } from '../../src/init/workflow-files.ts'
import { runJob } from '../../src/job.ts'
import type { JobContext } from '../../src/job-context.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { OptionName } from '../../src/options.ts'
import type { InitReport } from '../../src/report/init-report.ts'
import { createPalette } from '../../src/report/palette.ts'
import { renderReport } from '../../src/report/text.ts'
import { run } from '../files/tree.ts'

const WORKFLOWS = ['backup', 'restore', 'verify', 'watch'].map(name => `.github/workflows/comeback-${name}.yml`)

interface Repository extends Disposable {
  readonly folder: string
  read(path: string): string
  write(path: string, text: string): void
  init(given?: Partial<Record<OptionName, string | string[]>>, context?: Partial<JobContext>): Promise<InitReport>
}

function repository(): Repository {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-init-'))
  mkdirSync(join(folder, '.git'))
  return {
    folder,
    read: path => readFileSync(join(folder, path), 'utf8'),
    write(path, text) {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    async init(given = {}, context = {}) {
      const values = new Map(Object.entries(given).map(([name, value]) => [name as OptionName, [value].flat()]))
      const report = await runJob({ verb: 'init' }, resolveOptions('init', values, {}), {
        cwd: folder,
        key: undefined,
        ci: false,
        environment: {},
        github: { apiUrl: '', serverUrl: '', repository: undefined, run: undefined },
        temporary: tmpdir(),
        progress: () => undefined,
        signal: new AbortController().signal,
        ...context,
      })
      if (report.command !== 'init') throw new Error(report.command)
      return report
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Answers in turn, and remembers the questions. */
function person(...answers: readonly string[]) {
  const questions: string[] = []
  const left = [...answers]
  return {
    questions,
    ask: async (question: string) => {
      questions.push(question)
      return left.shift() ?? ''
    },
  }
}

test('without a word it writes the default workflows, a key, and what Git shall ignore', async () => {
  using place = repository()
  const report = await place.init()
  expect(WORKFLOWS.map(place.read)).toEqual(workflowFiles(DEFAULT_PLAN).map(({ text }) => text))
  expect(place.read('.gitignore')).toBe('.backup_key\nbackups/\nlogs/\nconfig-review/\n.comeback-*/\n')
  expect(report.files.map(({ change }) => change)).toEqual(Array(5).fill('written'))
  expect(report.key).toMatchObject({ made: true, file: '.backup_key' })
  expect(report.sheet).toContain(report.key?.id)
})

test('neither the report nor its text shows the key', async () => {
  using place = repository()
  const report = await place.init()
  const key = place.read('.backup_key').trim()
  const text = renderReport(report, { palette: createPalette(false), now: new Date() })
  expect(JSON.stringify(report) + text).not.toContain(key)
  expect(text).toContain('gh secret set COMEBACK_KEY < .backup_key\n')
  expect(text).toContain('gh secret set DATABASE_URL\n')
})

test('a second time everything is as it was', async () => {
  using place = repository()
  await place.init()
  const key = place.read('.backup_key')
  const report = await place.init()
  expect(report.files.map(({ change }) => change)).toEqual(Array(5).fill('unchanged'))
  expect(report.key?.made).toBe(false)
  expect(place.read('.backup_key')).toBe(key)
})

test('a file that says something else is never replaced without being told', async () => {
  using place = repository()
  place.write('.github/workflows/comeback-verify.yml', 'mine\n')
  await expect(place.init()).rejects.toMatchObject({ code: 'already-exists' })
  expect(existsSync(join(place.folder, WORKFLOWS[0] ?? ''))).toBe(false)
  expect(existsSync(join(place.folder, '.backup_key'))).toBe(false)
  expect(place.read('.github/workflows/comeback-verify.yml')).toBe('mine\n')

  const report = await place.init({ overwrite: 'true' })
  expect(report.files.map(({ change }) => change)).toEqual(['written', 'written', 'replaced', 'written', 'written'])
  expect(place.read('.github/workflows/comeback-verify.yml')).toContain('Comeback verify')
})

test('.gitignore gets what it lacks, at its end, and nothing twice', async () => {
  using place = repository()
  place.write('.gitignore', 'node_modules\n/logs\nbackups')
  expect((await place.init()).ignored).toEqual(['.backup_key', 'config-review/', '.comeback-*/'])
  expect(place.read('.gitignore')).toBe('node_modules\n/logs\nbackups\n.backup_key\nconfig-review/\n.comeback-*/\n')
})

test('a folder that is no repository yet has its .gitignore when it becomes one', async () => {
  using place = repository()
  rmSync(join(place.folder, '.git'), { recursive: true })
  await place.init()
  expect(place.read('.gitignore')).toContain('.backup_key\n')
})

test('below the root of a repository nothing is written, and no key is made', async () => {
  using place = repository()
  const below = join(place.folder, 'services/api')
  mkdirSync(below, { recursive: true })
  await expect(place.init({}, { cwd: below })).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining(place.folder),
  })
  expect(readdirSync(below)).toEqual([])
  expect(existsSync(join(place.folder, '.github'))).toBe(false)
})

test('a key that is there already is in no commit afterwards, whatever rules there were', async () => {
  using place = repository()
  rmSync(join(place.folder, '.git'), { recursive: true })
  expect(await run('git', ['init', '-q', place.folder])).toMatchObject({ status: 0 })
  place.write('.backup_key', 'a passphrase for tests only\n')
  place.write('.gitignore', '.backup_key\n!.backup_key\n')
  await place.init()
  expect((await run('git', ['-C', place.folder, 'check-ignore', '.backup_key'])).status).toBe(0)
  await run('git', ['-C', place.folder, 'add', '--force', '.backup_key'])
  await expect(place.init()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('git tracks') })
})

test('in CI no key is made, and the key of the environment is used where there is one', async () => {
  using place = repository()
  const without = await place.init({}, { ci: true })
  expect(without.key).toBeUndefined()
  expect(without.secrets[0]?.command).toBe('comeback key new && gh secret set COMEBACK_KEY < .backup_key')
  const given = await place.init({}, { ci: true, key: 'a passphrase for tests only' })
  expect(given.key).toMatchObject({ made: false })
  expect(given.secrets[0]?.command).toBe('printenv COMEBACK_KEY | gh secret set COMEBACK_KEY')
  expect(existsSync(join(place.folder, '.backup_key'))).toBe(false)
})

test('on a terminal it asks what no flag says, and an empty answer is the default', async () => {
  using place = repository()
  const { ask, questions } = person('all', 'public uploads', 'config/*.yml', '', '4:31', '15')
  await place.init({}, { ask })
  expect(questions).toEqual([
    'What to back up: database, files, config or all [database]: ',
    'Folders or globs of the files, with blanks between: ',
    'Files or globs of the configuration, with blanks between: ',
    'Where to: artifact: or s3://BUCKET/PREFIX [artifact:]: ',
    'When, in UTC [02:17]: ',
    'Major version of the PostgreSQL, for the proofs [18]: ',
  ])
  const backup = place.read(WORKFLOWS[0] ?? '')
  expect(backup).toContain("- cron: '31 4 * * *' # database")
  expect(backup).toContain('      files: |\n        public\n        uploads\n')
  expect(place.read(WORKFLOWS[2] ?? '')).toContain("postgres: '15'")
})

test('a wrong answer is asked for again, with the reason', async () => {
  using place = repository()
  const said: string[] = []
  const { ask } = person('databse', 'database', 'file:./backups', 's3://bucket', 'noon', '03:03', '9.6', '')
  await place.init({}, { ask, progress: event => void (event.type === 'notice' && said.push(event.message)) })
  expect(said).toHaveLength(4)
  expect(said[0]).toContain('There is no component "databse".')
  expect(said[1]).toContain("A runner's disk is gone when the job ends.")
  expect(place.read(WORKFLOWS[0] ?? '')).toContain("store: 's3://bucket'")
})

test('what flags say is not asked', async () => {
  using place = repository()
  const { ask, questions } = person()
  await place.init({ components: ['files'], files: ['public'], store: 's3://b/p', time: '05:05' }, { ask })
  await place.init(
    { components: ['database'], store: 's3://b/p', time: '05:05', postgres: '16', overwrite: 'true' },
    { ask },
  )
  expect(questions).toEqual([])
})

test.each([
  [{ components: ['files'] }, 'The component files needs --files.'],
  [{ components: ['config'] }, 'The component config needs --config-files or --config-env.'],
  [{ components: ['database', 'everything'] }, 'There is no component "everything".'],
  [{ store: 'file:/mnt/backups' }, 'Workflows cannot keep backups in file:/mnt/backups.'],
  [{ store: 's3://b\npermissions: write-all' }, 'cannot stand in a workflow'],
  [{ components: ['files'], files: [`\${{ secrets.KEY }}`] }, 'cannot stand in a workflow'],
] as const)('%j is refused before anything is written', async (given, message) => {
  using place = repository()
  await expect(place.init(structuredClone(given) as never)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(message),
  })
  expect(existsSync(join(place.folder, '.github'))).toBe(false)
})

test('flags about files and configuration imply these components', async () => {
  using place = repository()
  await place.init({ files: ['public'], configEnv: ['SMTP_*'] })
  expect(place.read(WORKFLOWS[0] ?? '')).toContain('options: [database, files, config, all]')
})

test('the recovery sheet knows the repository, and goes into a file when asked to', async () => {
  using place = repository()
  place.write('.git/config', '[remote "origin"]\n\turl = git@github.com:acme/app.git\n')
  const report = await place.init({ recoverySheet: 'RECOVERY.md' })
  expect(place.read('RECOVERY.md')).toBe(report.sheet)
  expect(report.sheet).toContain('--store artifact:acme/app')
  expect(report.sheet).toContain('comeback restore --database-settings')
  expect(report.sheet).toContain("gh api --paginate 'repos/acme/app/actions/artifacts?per_page=100'")
  place.write('RECOVERY.md', 'mine')
  await expect(place.init({ recoverySheet: 'RECOVERY.md' })).rejects.toMatchObject({ code: 'already-exists' })
})
