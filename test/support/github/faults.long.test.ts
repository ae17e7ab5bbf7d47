import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startClients } from './clients.ts'
import { type GitHub, startGitHub } from './github.ts'
import { downloadUrl, wire } from './wire.ts'

const LIST = '/repos/acme/app/actions/artifacts'

function list(github: GitHub): Promise<Response> {
  return fetch(`${github.url}${LIST}`, { headers: { authorization: `Bearer ${github.token}` } })
}

test('a fault meets so many requests after so many others, and is told of until then', async () => {
  await using github = await startGitHub()
  const fault = { match: /^GET .*artifacts$/, status: 500, skip: 1, times: 2 }
  github.fault(fault)
  const statuses = []
  for (let n = 0; n < 4; n++) {
    statuses.push((await list(github)).status)
    if (n < 2) expect(github.unmet()).toEqual([fault])
  }
  expect(statuses).toEqual([200, 500, 500, 200])
  expect(github.unmet()).toEqual([])
  expect(github.requests).toEqual(Array(4).fill(`GET ${LIST}`))
})

test('an answer can be anything: a limit of requests, say', async () => {
  await using github = await startGitHub()
  const headers = { 'retry-after': '7', 'x-ratelimit-remaining': '0' }
  github.fault({
    match: /artifacts/,
    status: 429,
    headers,
    body: { message: 'You have exceeded a secondary rate limit' },
  })
  github.fault({ match: /artifacts/, status: 403, headers })
  const first = await list(github)
  expect([first.status, first.headers.get('retry-after'), await first.json()]).toEqual([
    429,
    '7',
    { message: 'You have exceeded a secondary rate limit' },
  ])
  const second = await list(github)
  expect([second.status, second.headers.get('x-ratelimit-remaining')]).toEqual([403, '0'])
})

test('an answer can be late, missing, or lost after the work was done', async () => {
  await using github = await startGitHub()
  const client = wire(github, github.newRun())
  github.fault({ match: /CreateArtifact/, reset: true })
  await expect(client.create('a.enc')).rejects.toThrow('fetch failed')
  const url = await client.create('a.enc')
  await client.put(url, '', 'bytes', { 'x-ms-blob-type': 'BlockBlob' })
  github.fault({ match: /FinalizeArtifact/, lost: true })
  await expect(client.finalize('a.enc', 5)).rejects.toThrow('fetch failed')
  expect(github.artifacts).toMatchObject([{ name: 'a.enc', size: 5 }])
  github.fault({ match: /GET/, delay: 200 })
  const begun = performance.now()
  expect((await list(github)).status).toBe(200)
  expect(performance.now() - begun).toBeGreaterThan(190)
})

test('a download is really cut, after the bytes that were allowed', async () => {
  await using github = await startGitHub()
  const client = wire(github, github.newRun())
  const content = 'x'.repeat(3_000_000)
  await client.put(await client.create('a.enc'), '', content, { 'x-ms-blob-type': 'BlockBlob' })
  await client.finalize('a.enc', content.length)
  const url = await downloadUrl(github, github.artifacts[0]?.id ?? 0)
  github.fault({ match: /^GET \/actions-results/, truncate: 1_500_000 })
  // Shorter than the cut: it doesn't meet it.
  await fetch(url, { headers: { range: 'bytes=0-9' } })
  expect(github.unmet()).toHaveLength(1)
  const response = await fetch(url)
  expect(response.headers.get('content-length')).toBe('3000000')
  let received = 0
  const reading = (async () => {
    for await (const chunk of response.body ?? []) received += chunk.length
  })()
  await expect(reading).rejects.toThrow('terminated')
  expect(received).toBe(1_500_000)
  expect(github.unmet()).toEqual([])
  expect(await (await fetch(url)).text()).toHaveLength(3_000_000)
})

test('the real client repeats what fails for a moment, and names a quota', async () => {
  await using github = await startGitHub()
  await using clients = startClients(github)
  github.fault({ match: /comp=block&/, status: 500 })
  github.fault({ match: /comp=block&/, reset: true })
  await clients.upload(clients.file('a.enc', 'x'.repeat(300)), {})
  github.fault({
    match: /CreateArtifact/,
    status: 403,
    body: { code: 'x', msg: 'insufficient usage to create artifact' },
  })
  await expect(clients.upload(clients.file('b.enc', 'y'))).rejects.toThrow('Artifact storage quota has been hit')
  expect(github.artifacts).toMatchObject([{ name: 'a.enc', size: 300 }])
  expect(github.unmet()).toEqual([])
})

test('an upload whose process is killed counts for nothing', async () => {
  await using github = await startGitHub()
  await using clients = startClients(github)
  github.fault({ match: /comp=block&/, delay: 60_000 })
  const uploading = clients.upload(clients.file('a.enc', 'x'.repeat(300)))
  uploading.catch(() => {})
  while (!github.requests.some(line => line.includes('comp=block&'))) await sleep(10)
  await clients[Symbol.asyncDispose]()
  await expect(uploading).rejects.toThrow('the clients ended')
  expect(github.artifacts).toEqual([])
})
