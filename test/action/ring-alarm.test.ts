/** `status` with the input alarm, as a run of the Action: what becomes of the issue, and what GitHub does not allow. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runJob } from '../../src/job.ts'
import { TEST_KEY } from '../support/cli.ts'
import { type GitHub, type GitHubOptions, startGitHub } from '../support/github/github.ts'
import { type Job, type Runner, runner } from './scene.ts'

let github: GitHub
let scene: Runner
const withGitHub = async (options: GitHubOptions = {}) => {
  await github?.[Symbol.asyncDispose]()
  github = await startGitHub(options)
}
beforeEach(async () => {
  scene = runner()
  await withGitHub()
})
afterEach(async () => {
  scene[Symbol.dispose]()
  await github[Symbol.asyncDispose]()
})

const here = (inputs: Readonly<Record<string, string>>, environment: Record<string, string> = {}, job: Job = runJob) =>
  scene.run({ store: `file:${join(scene.folder, 'store')}`, component: 'config', key: TEST_KEY, ...inputs }, job, {
    ...github.environment(github.newRun()),
    ...scene.files,
    ...environment,
  })
const look = (inputs: Readonly<Record<string, string>> = {}) =>
  here({ command: 'status', alarm: 'true', 'max-age': '26h', 'github-token': github.token, ...inputs })
const states = () => github.issues.map(({ state }) => state)

test('an issue is opened when no backup is made, and closed by the first look after one', async () => {
  const opened = await look()
  expect(opened.code).toBe(1)
  expect(opened.lines).toContain('alarm: an issue was opened')
  expect(github.issues).toMatchObject([{ title: 'Backups need attention', labels: ['comeback'], state: 'open' }])
  expect(github.issues[0]?.body).toMatch(/config.*there is no good backup[\s\S]*\/actions\/runs\/\d+/)
  expect((await look()).lines).toContain('alarm: the open issue says it already')
  expect(github.comments(1)).toEqual([])

  await here({ command: 'backup', 'config-env': 'SMTP_HOST' }, { SMTP_HOST: 'mail.example.com' })
  const closed = await look()
  expect(closed.code).toBe(0)
  expect(closed.lines).toContain('alarm: all is well, the issue was closed')
  expect(states()).toEqual(['closed'])
  expect(github.comments(1)).toEqual([expect.stringContaining('All is well again')])
  expect((await look()).lines).toContain('alarm: all is well, and no issue is open')
})

test('an issue is opened, too, when the store cannot be read, and names no secret', async () => {
  const { code } = await here(
    { command: 'status', alarm: 'true', 'github-token': github.token },
    {},
    new Error(`There is no server at ${TEST_KEY}.`),
  )
  expect(code).toBe(1)
  expect(states()).toEqual(['open'])
  expect(github.issues[0]?.body).toContain('could not be read')
  expect(JSON.stringify(github.issues)).not.toContain(TEST_KEY)
})

test('a workflow that GitHub switched off is switched on again, and the issue tells of it', async () => {
  github.setWorkflow('backup.yml', 'disabled_inactivity')
  const { lines } = await look({ watch: 'backup.yml gone.yml', 'max-age': '' })
  expect(github.workflows).toMatchObject([{ state: 'active' }])
  expect(lines.filter(line => line.startsWith('::warning'))).toEqual([])
  expect(github.issues[0]?.body).toContain('switched on again')
  expect(github.issues[0]?.body).toContain('There is no workflow <code>gone.yml</code>')
})

test('a right that is missing is a warning that names it, and changes nothing of how the run ends', async () => {
  await withGitHub({ mayWrite: [] })
  github.setWorkflow('backup.yml', 'disabled_inactivity')
  const { code, stdout } = await look({ watch: 'backup.yml' })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^::warning .*keep the workflow backup\.yml switched on.*"actions: write"/m)
  expect(stdout).toMatch(/^::warning .*keep the issue of the alarm.*"issues: write" under permissions/m)
})

test('what a workflow says is told though it may not be switched on', async () => {
  await withGitHub({ mayWrite: ['issues'] })
  github.setWorkflow('backup.yml', 'disabled_inactivity')
  await look({ watch: 'backup.yml' })
  expect(github.issues[0]?.body).toContain('is switched off')
})

test('an alarm without a token, and one of a run that was cancelled, write nothing', async () => {
  expect((await look({ 'github-token': '' })).stdout).toMatch(/^::warning .*no token/m)
  const inputs = { command: 'status', alarm: 'true', 'github-token': github.token }
  await scene.run(inputs, runJob, github.environment(github.newRun()), AbortSignal.abort(new Error('stop')))
  expect(github.requests).toEqual([])
})

test('is tried again where an answer was lost, and the issue is one', async () => {
  github.fault({ match: /^POST .*\/issues$/, lost: true })
  await look()
  expect(states()).toEqual(['open'])
  expect(github.unmet()).toEqual([])
})
