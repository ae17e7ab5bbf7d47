/** watch.yml, run step by step with the built Action and a stand-in for GitHub. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { DEFAULT_PLAN } from '../../src/init/plan.ts'
import { workflowFiles } from '../../src/init/workflow-files.ts'
import { TEST_KEY } from '../support/cli.ts'
import { expectConclusion, PULL, postgresService, startRepository, WEEKLY } from './scene.ts'

// Each step is a process that derives a key; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 })

const SCHEDULE = { name: 'schedule', cron: '53 */6 * * *' } as const
/** Of which the configuration is backed up once a month. */
const CONFIG = { 'max-age': '32d', component: 'config', 'max-proof-age': '8d' }
const MONTHLY = { name: 'schedule', cron: '57 2 1 * *' } as const

test('an issue is opened for a repository without backups, and closed when there are some', async () => {
  await using repository = await startRepository({}, { mayWrite: ['actions', 'issues'] })
  const { github } = repository
  for (const file of ['backup.yml', 'verify.yml', 'watch.yml']) github.setWorkflow(file, 'active')
  github.setWorkflow('backup.yml', 'disabled_inactivity')

  const result = await repository.run('watch.yml', SCHEDULE)
  expectConclusion(result, 'failure')
  expect(result.log).not.toContain(TEST_KEY)
  expect(result.steps.at(-1)?.summary).toContain('Backups need attention')
  expect(github.issues).toMatchObject([{ state: 'open', labels: ['comeback'] }])
  expect(github.issues[0]?.body).toContain('switched on again')
  expect(github.workflows.map(({ state, enabled }) => [state, enabled])).toEqual(Array(3).fill(['active', 1]))

  const vars = { COMEBACK_CONFIG_FILES: 'app.ini' }
  expectConclusion(await repository.run('backup.yml', MONTHLY, { vars }), 'success')
  const called = { name: 'workflow_call', inputs: CONFIG, caller: SCHEDULE } as const
  const unproved = await repository.run('watch.yml', called)
  expectConclusion(unproved, 'failure')
  expect(github.issues[0]?.body).toContain('no backup was ever verified')
  expect(github.comments(1)).toHaveLength(1)

  await using service = postgresService()
  const weekly = { name: 'workflow_call', inputs: { component: 'config' }, caller: WEEKLY } as const
  const verified = await repository.run('verify.yml', weekly, { startService: service.start })
  expectConclusion(verified, 'success')
  expectConclusion(await repository.run('watch.yml', called), 'success')
  expect(github.issues).toMatchObject([{ state: 'closed', reason: 'completed' }])
})

test('without the rights the job ends the same, and the log says which are missing', async () => {
  await using repository = await startRepository({}, { mayWrite: [] })
  repository.github.setWorkflow('backup.yml', 'active')
  const result = await repository.run('watch.yml', SCHEDULE)
  expectConclusion(result, 'failure')
  expect(result.log).toContain('"issues: write" under permissions')
  expect(result.log).toContain('"actions: write" under permissions')
})

test('what init writes calls it: it looks at what is backed up, and at the workflows of init', async () => {
  await using repository = await startRepository({}, { mayWrite: ['actions', 'issues'] })
  const watch = workflowFiles({ ...DEFAULT_PLAN, components: ['config'], configFiles: ['app.ini'] }).at(-1)
  const file = join(repository.checkout, 'comeback-watch.yml')
  writeFileSync(file, watch?.text ?? '')
  const result = await repository.run(file, SCHEDULE)
  expectConclusion(result, 'failure')
  const [issue] = repository.github.issues
  expect(issue?.body).toContain('**config:** there is no good backup')
  expect(issue?.body).not.toContain('database')
  expect(issue?.body).toContain('There is no workflow <code>comeback-backup.yml</code>')
})

test('a workflow of a fork that is called like ours starts nothing that has a secret', async () => {
  await using repository = await startRepository({})
  const of = { ...PULL, fork: 'mallory/app' }
  const ended = { name: 'workflow_run', workflow: 'Backup', conclusion: 'success', of } as const
  expectConclusion(await repository.run('watch.yml', ended), 'skipped')
})
