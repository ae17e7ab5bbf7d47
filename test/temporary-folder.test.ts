import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { StatusReport } from '../src/report/status-report.ts'
import { temporaryFolder } from '../src/temporary-folder.ts'
import { jobIn } from './support/job.ts'

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'comeback-test-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

/** What a process leaves that is killed as soon as it has its folder. */
function leftByAKilledRun(): string {
  const program = `import { temporaryFolder } from ${JSON.stringify(join(import.meta.dirname, '../src/temporary-folder.ts'))}
    process.stdout.write(await temporaryFolder(${JSON.stringify(parent)}, 'proof'))
    process.stdout.once('drain', () => {}); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(stderr).toBe('')
  writeFileSync(join(stdout, 'secret'), 'rows')
  return stdout
}

const markOf = (folder: string) => JSON.parse(readFileSync(join(folder, '.comeback-run.json'), 'utf8'))

test('what a killed run left goes when the next one of its kind begins', async () => {
  const left = leftByAKilledRun()
  await temporaryFolder(parent, 'upload')
  expect(existsSync(left)).toBe(true)
  await temporaryFolder(parent, 'proof')
  expect(existsSync(left)).toBe(false)
})

test('what a living run works in stays, and so does what nobody can be sure of', async () => {
  const living = await temporaryFolder(parent, 'proof')
  const staying = { living }
  const change = (name: string, altered: object | string) => {
    const left = leftByAKilledRun()
    const text = typeof altered === 'string' ? altered : JSON.stringify({ ...markOf(left), ...altered })
    writeFileSync(join(left, '.comeback-run.json'), text)
    Object.assign(staying, { [name]: left })
  }
  change('of another machine', { host: 'elsewhere' })
  change('before the machine was started anew', { boot: 'other' })
  change('of another container', { numbering: 'pid:[1]' })
  change('cut short', '{"process":')
  change('of a number that somebody has now', { process: process.pid, born: markOf(living).born })
  const bare = join(parent, 'comeback-proof-abcdef')
  mkdirSync(bare)
  const elsewhere = leftByAKilledRun()
  const link = join(parent, 'comeback-proof-ghijkl')
  symlinkSync(elsewhere, link)
  await temporaryFolder(parent, 'proof')
  for (const [name, folder] of Object.entries({ ...staying, bare, link })) {
    if (name === 'link') continue
    expect(existsSync(folder), name).toBe(true)
  }
  expect(existsSync(elsewhere)).toBe(false)
})

test('what a killed run left is named by status', async () => {
  const status = async () => (await jobIn(parent, { verb: 'status', components: ['files'] })) as StatusReport
  await temporaryFolder(parent, 'proof')
  expect(await status()).not.toHaveProperty('left')
  const left = leftByAKilledRun()
  expect((await status()).left).toEqual([left])
})
