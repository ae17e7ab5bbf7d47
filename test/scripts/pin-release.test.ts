/** What a release is: the workflows of its tag run the action of one commit, and no tag that moves. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { makeRelease, pinned, releaseProblems } from '../../scripts/pin-release.ts'
import { run } from '../files/tree.ts'
import { schemaProblems } from '../support/workflow-lint.ts'
import { ruleProblems } from '../workflows/rules.ts'

const WORKFLOWS = resolve(import.meta.dirname, '../../.github/workflows')
const COMMIT = 'a'.repeat(40)

async function repository() {
  const root = mkdtempSync(join(tmpdir(), 'comeback-release-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const git = async (...args: string[]) => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
    const { status, stdout } = await run('git', ['-C', root, ...identity, ...args])
    expect(status).toBe(0)
    return stdout.trim()
  }
  await git('init', '-q', '-b', 'main')
  await git('config', 'user.name', 'Test')
  await git('config', 'user.email', 'test@example.com')
  mkdirSync(join(root, '.github'))
  cpSync(WORKFLOWS, join(root, '.github/workflows'), { recursive: true })
  // As on the main branch, also where this runs in a release.
  for (const file of readdirSync(WORKFLOWS)) {
    const path = join(root, '.github/workflows', file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(comeback-backup\/comeback)@[0-9a-f]{40} # .*$/gm, '$1@v0'))
  }
  writeFileSync(join(root, 'index.js'), '1\n')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'work')
  return { root, git }
}

test.each(readdirSync(WORKFLOWS))('in a release, every step of %s runs what a commit names', async file => {
  const text = pinned(readFileSync(join(WORKFLOWS, file), 'utf8'), COMMIT, '1.2.3')
  const jobs: Record<string, { steps?: { uses?: string }[] }> = parse(text).jobs
  const used = Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ uses }) => uses ?? []))
  for (const uses of used) expect(uses).toMatch(/@[0-9a-f]{40}$/)
  expect(ruleProblems(text)).toEqual([])
  expect(await schemaProblems(`.github/workflows/${file}`, text)).toEqual([])
})

test('a release is one commit on top of the one that its workflows name, and the branch stays as it was', async () => {
  const { root, git } = await repository()
  const before = await git('rev-parse', 'main')
  expect(releaseProblemsAt(root)).not.toEqual([])
  expect(makeRelease(root, '1.2.3')).toBe('v1.2.3')
  expect(await git('rev-parse', 'HEAD', 'v1.2.3^')).toBe(`${before}\n${before}`)
  expect(await git('status', '--porcelain')).toBe('')
  expect(await git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('main')

  await git('checkout', '-q', 'v1.2.3')
  expect(releaseProblems(root, '1.2.3')).toEqual([])
  expect(readFileSync(join(root, '.github/workflows/verify.yml'), 'utf8')).toContain(`@${before} # v1.2.3\n`)
  expect(releaseProblems(root, '1.2.4')).not.toEqual([])

  appendFileSync(join(root, 'index.js'), '2\n')
  await git('commit', '-q', '--all', '--amend', '--no-edit')
  expect(releaseProblems(root, '1.2.3')).toEqual([expect.stringContaining('index.js is another')])
})

test('what is not committed is in no release', async () => {
  const { root } = await repository()
  appendFileSync(join(root, 'index.js'), '2\n')
  expect(() => makeRelease(root, '1.2.3')).toThrow('not committed')
})

/** The first commit has none before it. */
function releaseProblemsAt(root: string): unknown {
  try {
    return releaseProblems(root, '1.2.3')
  } catch (error) {
    return error
  }
}
