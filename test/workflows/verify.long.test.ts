/** Proofs by workflow, step by step: after a backup, with assertions, on pull requests of one's own and of forks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { DEFAULT_PLAN } from '../../src/init/plan.ts'
import { workflowFiles } from '../../src/init/workflow-files.ts'
import type { PullRequest } from '../support/workflow/event.ts'
import { BACKUP, backedUp, expectConclusion, gated, PULL, plantMigration, WEEKLY } from './scene.ts'

// Each step is a process that derives a key; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 })

const FORK: PullRequest = { ...PULL, number: 8, fork: 'mallory/app', actor: 'mallory' }
const DEPENDABOT: PullRequest = {
  ...PULL,
  number: 10,
  branch: 'dependabot/npm_and_yarn/left-pad-2',
  author: 'dependabot[bot]',
  actor: 'octocat',
}
const MIGRATE = { COMEBACK_MIGRATE: 'node migrate.mjs' }

describe('verify.yml', () => {
  test('with assertions in the repository asks them, and fails when one does not hold', async () => {
    await using scene = await backedUp()
    const assertions = join(scene.repository.checkout, 'public')
    writeFileSync(join(assertions, 'guests are there.sql'), 'SELECT count(*) > 1 FROM guest')
    const vars = { COMEBACK_ASSERTIONS: 'public' }
    expectConclusion(await scene.verify(WEEKLY, { vars }), 'success')
    writeFileSync(join(assertions, 'guests have names.sql'), "SELECT bool_and(name = 'Ada') FROM guest")
    const result = await scene.verify(WEEKLY, { vars })
    expectConclusion(result, 'failure')
    expect(result.steps[2]?.outputs).toMatchObject({ verdict: 'failed' })
  })

  test('proves the newest backup even where another object in the store is damaged', async () => {
    await using scene = await backedUp()
    const lost = scene.repository.github.artifacts.find(({ name }) => name.includes('~01-data-'))
    scene.repository.github.expire(lost?.id ?? 0)
    await scene.repository.run('backup.yml', BACKUP)
    const result = await scene.verify(WEEKLY)
    expectConclusion(result, 'failure')
    expect(result.steps.map(({ outcome }) => outcome)).toEqual(['skipped', 'failure', 'success'])
  })

  test('follows a backup that succeeded, if a variable asks for that, and reads no more than that one', async () => {
    await using scene = await backedUp()
    const after = { name: 'workflow_run', workflow: 'Backup', conclusion: 'success', of: BACKUP } as const
    const vars = { COMEBACK_VERIFY_EACH: 'true' }
    expectConclusion(await scene.verify(after), 'skipped')
    expectConclusion(await scene.verify({ ...after, conclusion: 'failure' }, { vars }), 'skipped')
    // Whatever a pull request's own workflow is called.
    for (const of of [{ ...PULL, fork: 'mallory/app' }, PULL])
      expectConclusion(await scene.verify({ ...after, of }, { vars }), 'skipped')
    const result = await scene.verify(after, { vars })
    expectConclusion(result, 'success')
    expect(result.steps.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'success'])
  })
})

describe('a pull request', () => {
  test('has its migrations run against the last verified backup, and one comment that says what they did', async () => {
    await using scene = await backedUp()
    const { repository, source, verify } = scene
    expectConclusion(await verify(WEEKLY), 'success')
    await source.query("INSERT INTO guest VALUES (9, 'Edsger')")
    await repository.run('backup.yml', BACKUP)

    plantMigration(repository.checkout, 'ALTER TABLE guest ADD COLUMN email text')
    const result = await verify(PULL, { vars: MIGRATE })
    expectConclusion(result, 'success')
    expect(result.jobs).toEqual({
      verify: 'skipped',
      'pull-request': 'success',
      result: 'success',
      recorded: 'skipped',
    })
    const [comment = '', ...more] = repository.github.comments(PULL.number)
    expect(more).toEqual([])
    expect(comment).toContain('email')
    expect(comment + result.log).not.toMatch(/Ada|Grace/)
    expect(repository.github.checkRuns).toMatchObject([{ head_sha: PULL.sha, conclusion: 'success' }])

    plantMigration(repository.checkout, "ALTER TABLE guest ADD COLUMN note text CHECK (name <> 'Ada')")
    const failed = await verify(PULL, { vars: MIGRATE })
    expectConclusion(failed, 'failure')
    const [updated = '', ...others] = repository.github.comments(PULL.number)
    expect(others).toEqual([])
    expect(updated).toContain('ALTER TABLE guest ADD COLUMN note')
    expect(updated + failed.log).not.toMatch(/Ada|Grace/)
    expect(repository.github.checkRuns.at(-1)).toMatchObject({ conclusion: 'failure' })
  })

  test('gets what its migrations need before, without any secret', async () => {
    await using scene = await backedUp()
    plantMigration(scene.repository.checkout, 'ALTER TABLE guest ADD COLUMN email text')
    const vars = {
      ...MIGRATE,
      COMEBACK_SETUP: 'env > environment.txt; cat environment.txt; touch prepared',
      COMEBACK_MIGRATE: 'test -f prepared && env && node migrate.mjs',
    }
    const result = await scene.verify(PULL, { vars })
    expectConclusion(result, 'success')
    expect(result.log).toContain('SETUP=env')
    expect(result.log).not.toMatch(/COMEBACK_KEY|INPUT_KEY|ACTIONS_RUNTIME_TOKEN|INPUT_GITHUB-TOKEN/)
  })

  test.each([
    ['a fork', FORK],
    ['Dependabot', { ...PULL, number: 9, actor: 'dependabot[bot]' }],
    ['Dependabot, after somebody pushed to its branch', DEPENDABOT],
  ] as const)('of %s sees the last recorded proof, without secrets, a checkout or a restore', async (_, pull) => {
    await using scene = await backedUp()
    const { repository, verify } = scene
    expectConclusion(await verify(WEEKLY), 'success')
    plantMigration(repository.checkout, 'DROP TABLE guest')
    const result = await repository.run('verify.yml', pull, { vars: MIGRATE })
    expectConclusion(result, 'success')
    expect(result.jobs).toEqual({
      verify: 'skipped',
      'pull-request': 'skipped',
      result: 'skipped',
      recorded: 'success',
    })
    expect(result.steps).toMatchObject([{ outcome: 'success', outputs: { verdict: 'verified' } }])
    expect(result.steps[0]?.summary).toContain('verified')
    expect(repository.github.comments(pull.number)).toEqual([])

    const ended = { name: 'workflow_run', workflow: 'Verify', conclusion: 'success', of: pull } as const
    repository.github.openPullRequest({ number: pull.number, branch: pull.branch, sha: pull.sha, fork: pull.fork })
    for (let time = 0; time < 2; time++) {
      expectConclusion(await repository.run('comment.yml', ended, { secrets: { COMEBACK_KEY: '' } }), 'success')
      expect(repository.github.comments(pull.number)).toEqual([expect.stringContaining('verified')])
    }
  })
})

test('the workflow that init writes does the same, weekly and on pull requests', async () => {
  await using scene = await backedUp()
  const { repository, service } = scene
  const folder = mkdtempSync(join(tmpdir(), 'comeback-caller-'))
  try {
    const file = join(folder, 'comeback-verify.yml')
    const [, , verify] = workflowFiles(DEFAULT_PLAN)
    writeFileSync(file, verify?.text ?? '')
    const options = { startService: service.start }
    const weekly = await repository.run(file, WEEKLY, options)
    expectConclusion(weekly, 'success')
    expect(weekly.jobs['verify / verify']).toBe('success')
    const after = { name: 'workflow_run', workflow: 'Comeback backup', conclusion: 'success', of: BACKUP } as const
    expectConclusion(await repository.run(file, after, options), 'skipped')

    plantMigration(repository.checkout, 'ALTER TABLE guest ADD COLUMN email text')
    writeFileSync(
      file,
      gated(verify?.text ?? '')
        .replace('npm ci', 'touch prepared')
        .replace('npm run migrate', 'node migrate.mjs')
        .replace('test/assertions', 'public'),
    )
    writeFileSync(join(repository.checkout, 'public', 'guests.sql'), 'SELECT count(*) > 1 FROM guest')
    const pull = await repository.run(file, PULL, options)
    expectConclusion(pull, 'success')
    expect(pull.jobs['verify / pull-request']).toBe('success')
    expect(repository.github.comments(PULL.number)).toHaveLength(1)
    expectConclusion(await repository.run(file, FORK), 'success')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
