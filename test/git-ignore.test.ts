/** Keys and backups are kept out of the repository that they lie in, as git itself sees it. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keepOutOfGit, refuseTracked } from '../src/git-ignore.ts'
import { openLog } from '../src/run/log.ts'
import { openLocalStore } from '../src/store/local.ts'
import { run } from './files/tree.ts'

async function repository(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'comeback-git-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  expect(await run('git', ['init', '-q', root])).toMatchObject({ status: 0 })
  return root
}

function write(file: string, text = 'secret\n'): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/** What `git add -A` takes. */
async function taken(root: string): Promise<readonly string[]> {
  await run('git', ['-C', root, 'add', '-A'])
  const { stdout } = await run('git', ['-C', root, 'ls-files'])
  return stdout.trim().split('\n')
}

test.each<[what: string, file: string, before: Readonly<Record<string, string>>]>([
  ['without any rule', '.backup_key', {}],
  ['in a folder of it', 'apps/shop/.backup_key', {}],
  ['under a name that reads as a pattern', 'my [key]* #1', {}],
  ['whose rule was taken back', '.backup_key', { '.gitignore': '.backup_key\n!.backup_key\n' }],
  [
    'whose rule was taken back further down',
    'a/.backup_key',
    { '.gitignore': '.backup_key\n', 'a/.gitignore': '!*key' },
  ],
])('a key %s is in no commit', async (_what, file, before) => {
  const root = await repository()
  for (const [path, text] of Object.entries(before)) write(join(root, path), text)
  mkdirSync(dirname(join(root, file)), { recursive: true })
  await keepOutOfGit(join(root, file))
  write(join(root, file))
  expect(await taken(root)).not.toContain(file)
  expect((await run('git', ['-C', root, 'check-ignore', '--', file])).status).toBe(0)
})

test('a key that is ignored already changes nothing', async () => {
  const root = await repository()
  write(join(root, '.gitignore'), '*key\n')
  await keepOutOfGit(join(root, '.backup_key'))
  expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('*key\n')
})

test('a key that git tracks is refused, also where only its index has it', async () => {
  const root = await repository()
  const file = write(join(root, '.backup_key'))
  await taken(root)
  await expect(refuseTracked(file)).rejects.toMatchObject({ code: 'usage' })
  rmSync(file)
  await expect(keepOutOfGit(file)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('git tracks'),
  })
  await expect(refuseTracked(join(root, 'other'))).resolves.toBeUndefined()
})

test('outside of a repository nothing is written', async () => {
  const root = mkdtempSync(join(tmpdir(), 'comeback-git-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  await keepOutOfGit(join(root, '.backup_key'))
  expect(existsSync(join(root, '.gitignore'))).toBe(false)
})

test('what the repository’s own settings name is not run', async () => {
  const root = await repository()
  await run('git', ['-C', root, 'config', 'core.fsmonitor', `touch ${root}/ran; false`])
  await keepOutOfGit(join(root, '.backup_key'))
  expect(existsSync(join(root, 'ran'))).toBe(false)
})

test('a store, an export and the logs are in no commit of the repository that they lie in', async () => {
  const root = await repository()
  write(join(root, 'app.js'))
  await openLocalStore(join(root, 'data/backups')).put('database/a', [Buffer.from('x')])
  await openLocalStore(join(root, 'data/export')).put('files/a', [Buffer.from('x')])
  const log = openLog({
    directory: join(root, 'data/logs'),
    verb: 'backup',
    now: () => new Date(),
    scrub: text => text,
    warn: message => expect.unreachable(message),
  })
  log.line('x')
  log.close()
  expect(await taken(root)).toEqual(['app.js'])
})

test('a folder that is somebody else’s gets no rule', async () => {
  const root = await repository()
  mkdirSync(join(root, 'data'))
  await openLocalStore(join(root, 'data')).put('database/a', [Buffer.from('x')])
  expect(existsSync(join(root, 'data/.gitignore'))).toBe(false)
  appendFileSync(join(root, 'app.js'), 'x')
})
