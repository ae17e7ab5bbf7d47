/** What GitHub refuses to say, and in which words that reaches people. */
import { expect, it } from 'vitest'
import { artifactPlace } from './artifact-place.ts'
import { codeOf, list, objects } from './contract.ts'

const LISTING = /^GET \/repos\/acme\/app\/actions\/artifacts\?/
const NAME = 'database/b1/pack'
const NOW = Date.parse('2026-11-23T14:00:00Z')

it('refuses a token that GitHub does not accept', async () => {
  await using place = await artifactPlace()
  await expect(objects(place.outside({ token: 'expired' }), '')).rejects.toMatchObject({
    code: 'authentication',
    hint: expect.stringContaining('GITHUB_TOKEN'),
  })
})

it.each([
  ['list', LISTING, 'actions: read', 'list'],
  ['delete', /^DELETE/, 'actions: write', 'delete'],
] as const)('names the right that it takes to %s', async (_, match, right, verb) => {
  await using place = await artifactPlace()
  await place.inAction().put(NAME, [Buffer.from('x')])
  place.github.fault({ match, status: 403 })
  const store = place.outside()
  await expect(verb === 'list' ? objects(store, '') : store.delete(NAME)).rejects.toMatchObject({
    code: 'permission',
    message: expect.stringContaining(right),
    hint: expect.stringContaining(right),
  })
})

it('says that there is no such repository, or none that the token may see', async () => {
  await using place = await artifactPlace()
  await expect(objects(place.outside({ repository: 'acme/typo' }), '')).rejects.toMatchObject({
    code: 'permission',
    message: expect.stringContaining('acme/typo'),
  })
})

it.each([
  [
    'a limit that ends in an hour',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 3600) },
    403,
  ],
  ['a Retry-After of an hour', { 'retry-after': '3600' }, 429],
])('says when %s ends', async (_, headers, status) => {
  await using place = await artifactPlace({ now: () => NOW })
  place.github.fault({ match: LISTING, status, headers })
  await expect(objects(place.outside(), '')).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('until 15:00 UTC'),
    hint: expect.stringContaining('60 minutes'),
  })
  expect(place.waits).toEqual([])
})

it('waits for a limit that ends within a minute', async () => {
  await using place = await artifactPlace({ now: () => NOW })
  place.github.fault({ match: LISTING, status: 429, headers: { 'retry-after': '20' } })
  place.github.fault({
    match: LISTING,
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 5) },
  })
  expect(await list(place.outside(), '')).toEqual([])
  expect(place.waits).toEqual([20_000, 5_000])
})

it.each([
  ['a server in trouble', { status: 502 }],
  ['a lost connection', { reset: true }],
  [
    'an answer cut off',
    { status: 200, body: '{"total_count": 1, "artif', headers: { 'content-type': 'application/json' } },
  ],
  ['the page of a proxy', { status: 200, body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } }],
])('leaves %s to another try', async (_, fault) => {
  await using place = await artifactPlace()
  place.github.fault({ match: LISTING, ...fault })
  const store = place.outside()
  expect(await codeOf(objects(store, ''))).toBe('store-unavailable')
  expect(await list(store, '')).toEqual([])
})

it('asks once, where an octokit with retries would ask six times', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: LISTING, status: 403, times: 10 })
  await codeOf(objects(place.outside(), ''))
  expect(place.github.requests).toHaveLength(1)
})

it('does not wait longer than its limit for an answer', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: LISTING, delay: 30_000 })
  const begun = performance.now()
  expect(await codeOf(objects(place.outside({ limits: { request: 200 } }), ''))).toBe('store-unavailable')
  expect(performance.now() - begun).toBeLessThan(20_000)
})

it('ends a request when the signal aborts', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: LISTING, delay: 30_000 })
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 100)
  const begun = performance.now()
  expect(await codeOf(objects(place.outside(), '', abort.signal))).toBe('cancelled')
  expect(performance.now() - begun).toBeLessThan(20_000)
})

it.each([
  'https://github.example.com',
  'https://localhost',
  'http://127.0.0.1:80',
  'https://notgithub.com',
  'nonsense',
])('has nothing for %s, a GitHub Enterprise Server', async serverUrl => {
  await using place = await artifactPlace()
  const github = { apiUrl: place.github.url, serverUrl, repository: undefined, run: undefined }
  const problem = { code: 'unsupported', hint: expect.stringContaining('s3://') }
  expect(() => place.outside({ github })).toThrow(expect.objectContaining(problem))
})

it.each(['https://github.com', 'https://acme.ghe.com', 'http://github.localhost:3000', 'https://GitHub.com/'])(
  'works with %s',
  async serverUrl => {
    await using place = await artifactPlace()
    const github = { apiUrl: place.github.url, serverUrl, repository: undefined, run: undefined }
    expect(await list(place.outside({ github }), '')).toEqual([])
  },
)

it.each([undefined, ''])('needs a token, and says where from', async token => {
  await using place = await artifactPlace()
  const problem = { code: 'usage', hint: expect.stringContaining('GITHUB_TOKEN') }
  expect(() => place.outside({ token })).toThrow(expect.objectContaining(problem))
})
