import { expect, it } from 'vitest'
import type { JobContext } from '../../src/job-context.ts'
import { openStore } from '../../src/open-store.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { OptionName } from '../../src/options.ts'
import { artifactPlace } from './artifact-place.ts'
import { list } from './contract.ts'

async function open(
  store: string,
  {
    repository,
    apiUrl = 'http://localhost',
    token = 'token',
  }: Partial<Record<'repository' | 'apiUrl' | 'token', string>>,
) {
  const given = new Map<OptionName, readonly string[]>([['store', [store]]])
  const context: JobContext = {
    cwd: '/',
    key: undefined,
    ci: true,
    environment: {},
    github: { apiUrl, serverUrl: 'https://github.com', repository, run: undefined },
    temporary: '/tmp',
    progress: () => {},
    signal: new AbortController().signal,
  }
  return openStore(resolveOptions('list', given, { GITHUB_TOKEN: token }), context)
}

it('opens the artifacts of the repository that runs this, or of the one named', async () => {
  expect((await open('artifact:', { repository: 'acme/app' })).location).toBe('artifact:acme/app')
  expect((await open('artifact:acme/.github', { repository: 'acme/app' })).location).toBe('artifact:acme/.github')
})

it('reads them with the token that the options name', async () => {
  await using place = await artifactPlace()
  await place.inAction().put('database/b1/pack', [Buffer.from('x')])
  const { url, token } = place.github
  expect(await list(await open('artifact:acme/app', { apiUrl: url, token }), '')).toEqual(['database/b1/pack'])
})

it.each([
  ['artifact:', 'names no repository'],
  ['artifact:app', 'is not the name of a repository'],
  ['artifact:acme/app/more', 'is not the name of a repository'],
  ['artifact:acme/..', 'is not the name of a repository'],
])('asks for OWNER/REPO instead of %s', async (store, problem) => {
  await expect(open(store, {})).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(problem),
    hint: expect.stringContaining('artifact:OWNER/REPO'),
  })
})

it('asks for a token', async () => {
  await expect(open('artifact:acme/app', { token: '' })).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining('GITHUB_TOKEN'),
  })
})
