/** Proofs by workflow: the weekly one step by step, and what starts none. The others, which take longer, are in verify.long.test.ts. */
import { describe, expect, test, vi } from 'vitest'
import { TEST_KEY } from '../support/cli.ts'
import type { Service } from '../support/workflow/definition.ts'
import { backedUp, expectConclusion, PULL, proofs, startRepository, WEEKLY } from './scene.ts'

// Each step is a process that derives a key; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 })

describe('verify.yml', () => {
  test('every week reads every byte, restores, compares, and records the proof', async () => {
    await using scene = await backedUp()
    const result = await scene.verify(WEEKLY)
    expectConclusion(result, 'success')
    expect(result.jobs).toEqual({
      verify: 'success',
      'pull-request': 'skipped',
      result: 'skipped',
      recorded: 'skipped',
    })
    expect(result.steps.map(({ outcome }) => outcome)).toEqual(['skipped', 'success', 'success'])
    expect(result.steps[2]?.outputs).toMatchObject({ verdict: 'verified' })
    expect(result.steps[2]?.summary).toContain('verified')
    expect(result.log).not.toContain(TEST_KEY)
    expect(proofs(scene.repository)).toHaveLength(1)
    // What was restored is gone again.
    expect(await scene.service.query("SELECT to_regclass('guest') AS guest")).toEqual([{ guest: null }])
  })

  test('takes the PostgreSQL that it is told', async () => {
    await using repository = await startRepository({})
    const images: string[] = []
    const startService = async ({ image }: Service) => {
      images.push(image)
      throw new Error('none here')
    }
    const call = (inputs: Record<string, string>) =>
      repository.run('verify.yml', { name: 'workflow_call', inputs, caller: WEEKLY }, { startService })
    await expect(call({ postgres: '15' })).rejects.toThrow('none here')
    await expect(call({ image: 'pgvector/pgvector:pg17' })).rejects.toThrow('none here')
    expect(images).toEqual(['postgres:15', 'pgvector/pgvector:pg17'])
  })
})

describe('a pull request', () => {
  test('that touches no migrations starts nothing', async () => {
    await using repository = await startRepository({})
    await expect(repository.run('verify.yml', { ...PULL, changed: ['README.md'] })).rejects.toThrow('none of the paths')
  })

  test('of the repository itself gets no second comment from comment.yml', async () => {
    await using repository = await startRepository({})
    const ended = { name: 'workflow_run', workflow: 'Verify', conclusion: 'success', of: PULL } as const
    expectConclusion(await repository.run('comment.yml', ended), 'skipped')
    expectConclusion(await repository.run('comment.yml', { ...ended, of: WEEKLY }), 'skipped')
  })
})
