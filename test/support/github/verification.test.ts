/** What the stand-in refuses, and how its blobs are read. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type GitHub, startGitHub } from './github.ts'
import { downloadUrl, wire } from './wire.ts'

const WHOLE = { 'x-ms-blob-type': 'BlockBlob' }
const HOUR = 3_600_000

function blockList(...ids: readonly string[]): string {
  return `<?xml version="1.0"?><BlockList>${ids.map(id => `<Latest>${id}</Latest>`).join('')}</BlockList>`
}

/** A finalized artifact's id. */
async function keep(github: GitHub, content: string): Promise<number> {
  const client = wire(github, github.newRun())
  expect(await client.put(await client.create('a.enc'), '', content, WHOLE)).toEqual([201, null])
  expect(await client.finalize('a.enc', content.length)).toBe(200)
  return github.artifacts.at(-1)?.id ?? 0
}

describe('the runtime token', () => {
  test('is refused when it is forged, stale or for another run', async () => {
    let now = Date.now()
    await using github = await startGitHub({ now: () => now })
    const run = github.newRun()
    const token = github.environment(run).ACTIONS_RUNTIME_TOKEN ?? ''
    expect((await wire(github, run).call('ListArtifacts')).status).toBe(200)
    expect((await wire(github, run, `${token}x`).call('ListArtifacts')).status).toBe(401)
    expect((await wire(github, run, token.replace(/\..*\./, '.e30.')).call('ListArtifacts')).status).toBe(401)
    expect((await wire(github, github.newRun(), token).call('ListArtifacts')).status).toBe(403)
    now += 7 * HOUR
    expect((await wire(github, run, token).call('ListArtifacts')).status).toBe(401)
  })
})

describe('an upload', () => {
  test('is the listed blocks in the order of the list', async () => {
    await using github = await startGitHub()
    const client = wire(github, github.newRun())
    const url = await client.create('a.enc')
    for (const [id, body] of [
      ['MDI=', 'world'],
      ['MDM=', 'left out'],
      ['MDE=', 'hello '],
    ] as const) {
      expect(await client.put(url, `comp=block&blockid=${encodeURIComponent(id)}`, body)).toEqual([201, null])
    }
    expect(await client.put(url, 'comp=blocklist', blockList('MDE=', 'MDQ='))).toEqual([400, 'InvalidBlockList'])
    expect(await client.put(url, 'comp=blocklist', blockList('MDE=', 'MDI='))).toEqual([201, null])
    expect(await client.finalize('a.enc', 11)).toBe(200)
    const download = await fetch(await downloadUrl(github, github.artifacts[0]?.id ?? 0))
    expect(await download.text()).toBe('hello world')
  })

  test('is refused when its bytes are not those that the header says', async () => {
    await using github = await startGitHub()
    const client = wire(github, github.newRun())
    const url = await client.create('a.enc')
    const md5 = createHash('md5').update('right').digest('base64')
    const put = (body: string) => client.put(url, 'comp=block&blockid=MDE%3D', body, { 'content-md5': md5 })
    expect(await put('wrong')).toEqual([400, 'Md5Mismatch'])
    expect(await put('right')).toEqual([201, null])
  })

  test('is not finished while it is missing or of another size', async () => {
    await using github = await startGitHub()
    const client = wire(github, github.newRun())
    const url = await client.create('a.enc')
    expect(await client.finalize('a.enc', 0)).toBe(400)
    await client.put(url, '', 'four', WHOLE)
    expect(await client.finalize('a.enc', 5)).toBe(400)
    expect(await client.finalize('a.enc', 4)).toBe(200)
    expect(await client.finalize('a.enc', 4)).toBe(404)
  })

  test('needs a URL that is whole, of the right kind and of its time', async () => {
    let now = Date.now()
    await using github = await startGitHub({ now: () => now })
    const client = wire(github, github.newRun())
    const url = await client.create('a.enc')
    expect(await client.put(url.replace('artifacts/', 'artifacts/x'), '', 'x', WHOLE)).toEqual([
      403,
      'AuthenticationFailed',
    ])
    expect(await client.put(await downloadUrl(github, await keep(github, 'x')), '', 'y', WHOLE)).toEqual([
      403,
      'AuthorizationPermissionMismatch',
    ])
    expect((await fetch(url)).status).toBe(403)
    now += HOUR + 1
    expect(await client.put(url, '', 'x', WHOLE)).toEqual([403, 'AuthenticationFailed'])
  })

  test('whose sender dies leaves nothing that counts', async () => {
    await using github = await startGitHub()
    const client = wire(github, github.newRun())
    const url = await client.create('a.enc')
    const dying = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1000))
        controller.error(new Error('died'))
      },
    })
    const sent = fetch(url, { method: 'PUT', body: dying, duplex: 'half', headers: WHOLE } as RequestInit)
    await expect(sent).rejects.toThrow()
    expect(await client.finalize('a.enc', 1000)).toBe(400)
    expect(github.artifacts).toEqual([])
  })
})

describe('a download', () => {
  test.each([
    [{ range: 'bytes=2-4' }, 206, 'cde', 'bytes 2-4/10'],
    [{ range: 'bytes=8-99' }, 206, 'ij', 'bytes 8-9/10'],
    [{ range: 'bytes=7-' }, 206, 'hij', 'bytes 7-9/10'],
    [{ range: 'bytes=-2' }, 206, 'ij', 'bytes 8-9/10'],
    [{ 'x-ms-range': 'bytes=0-0' }, 206, 'a', 'bytes 0-0/10'],
    [{}, 200, 'abcdefghij', null],
  ])('with %o answers %i %s', async (headers, status, text, range) => {
    await using github = await startGitHub()
    const response = await fetch(await downloadUrl(github, await keep(github, 'abcdefghij')), { headers })
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      status,
      text,
      range,
    ])
  })

  test('past the end is refused, and HEAD tells the length', async () => {
    await using github = await startGitHub()
    const url = await downloadUrl(github, await keep(github, 'abcdefghij'))
    expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  })

  test('needs a URL of its time: a minute', async () => {
    let now = Date.now()
    await using github = await startGitHub({ now: () => now })
    const url = await downloadUrl(github, await keep(github, 'x'))
    now += 59_000
    expect((await fetch(url)).status).toBe(200)
    now += 1_001
    expect((await fetch(url)).status).toBe(403)
  })
})

describe('REST', () => {
  const get = (github: GitHub, path: string, token?: string) =>
    fetch(`${github.url}/repos/${path}`, {
      redirect: 'manual',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })

  test('hides a private repository, and shows the lists of a public one', async () => {
    await using secret = await startGitHub({ repository: 'acme/secret' })
    await using open = await startGitHub({ visibility: 'public' })
    const id = await keep(open, 'x')
    expect((await get(secret, 'acme/secret')).status).toBe(404)
    expect((await get(secret, 'acme/other', secret.token)).status).toBe(404)
    expect(await (await get(secret, 'acme/secret', secret.token)).json()).toMatchObject({ private: true })
    expect((await get(open, 'acme/app/actions/artifacts')).status).toBe(200)
    expect((await get(open, `acme/app/actions/artifacts/${id}/zip`)).status).toBe(401)
    expect(await (await get(open, 'acme/app')).json()).toMatchObject({ private: false, visibility: 'public' })
  })

  test('knows the runs', async () => {
    await using github = await startGitHub()
    const run = github.attempt(github.newRun({ event: 'workflow_dispatch' }))
    const response = await get(github, `acme/app/actions/runs/${run.id}`, github.token)
    expect(await response.json()).toMatchObject({ id: run.id, run_attempt: 2, event: 'workflow_dispatch' })
  })
})
