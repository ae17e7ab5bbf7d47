/** The real artifact client against the stand-in, inside of a run and from another one. */
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startClients } from './clients.ts'
import { type GitHub, type GitHubOptions, type Run, startGitHub } from './github.ts'

const MiB = 1024 * 1024
const DAY = 86_400_000

interface Downloaded {
  readonly downloadPath: string
  readonly digestMismatch: boolean
}

function findBy(github: GitHub, run: Run) {
  const [repositoryOwner, repositoryName] = github.repository.split('/')
  return { findBy: { token: github.token, workflowRunId: run.id, repositoryOwner, repositoryName } }
}

async function inOneRun(options?: GitHubOptions) {
  const github = await startGitHub(options)
  const clients = startClients(github)
  const dispose = async () => {
    await clients[Symbol.asyncDispose]()
    await github[Symbol.asyncDispose]()
  }
  return { github, clients, [Symbol.asyncDispose]: dispose }
}

describe('a run', () => {
  test('keeps a raw file of several blocks under its own name, byte for byte', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    const bytes = randomBytes(30 * MiB)
    const uploaded = await clients.upload(clients.file('pack.enc', bytes))
    const digest = createHash('sha256').update(bytes).digest('hex')
    expect(uploaded).toMatchObject({ size: bytes.length, digest })
    expect(github.artifacts).toMatchObject([{ name: 'pack.enc', size: bytes.length, digest: `sha256:${digest}` }])
    expect(github.requests.filter(line => line.includes('comp=block&'))).toHaveLength(4)

    const path = join(clients.folder, 'out')
    await clients.call('artifact', 'downloadArtifact', uploaded.id, { path, expectedHash: `sha256:${digest}` })
    expect(readFileSync(join(path, 'pack.enc')).equals(bytes)).toBe(true)
  })

  test('keeps an empty file', async () => {
    await using place = await inOneRun()
    await place.clients.upload(place.clients.file('empty.enc', ''))
    expect(place.github.artifacts).toMatchObject([{ name: 'empty.enc', size: 0 }])
  })

  test('keeps files as a zip, and gives them back unpacked or as they are', async () => {
    await using place = await inOneRun()
    const { clients } = place
    const files = [clients.file('a.txt', 'a'), clients.file('b.txt', 'b')]
    const { id } = await clients.call<{ id: number }>('artifact', 'uploadArtifact', 'two', files, clients.folder)
    const path = join(clients.folder, 'out')
    await clients.call('artifact', 'downloadArtifact', id, { path })
    expect(readdirSync(path)).toEqual(['a.txt', 'b.txt'])
    const raw = join(clients.folder, 'raw')
    await clients.call('artifact', 'downloadArtifact', id, { path: raw, skipDecompress: true })
    expect(readdirSync(raw)).toEqual(['two.zip'])
  })

  test('lists, gets and deletes its artifacts, and a name that was deleted is free again', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    const first = await clients.upload(clients.file('a.enc', 'one'))
    await clients.upload(clients.file('b.enc', 'two'))
    const { artifacts } = await clients.call<{ artifacts: object[] }>('artifact', 'listArtifacts')
    expect(artifacts).toMatchObject([{ name: 'a.enc', size: 3 }, { name: 'b.enc' }])
    expect(await clients.call('artifact', 'getArtifact', 'a.enc')).toMatchObject({ artifact: { id: first.id } })
    expect(await clients.call('artifact', 'deleteArtifact', 'a.enc')).toEqual({ id: first.id })
    const again = await clients.upload(clients.file('a.enc', 'three'))
    expect(again.id).toBeGreaterThan(first.id)
    expect(github.artifacts.map(({ name, deleted }) => [name, deleted])).toEqual([
      ['a.enc', true],
      ['b.enc', false],
      ['a.enc', false],
    ])
  })

  test('cannot use a name twice, in no attempt', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    await clients.upload(clients.file('a.enc', 'one'))
    await using retried = startClients(github, github.attempt(clients.run))
    expect(retried.run).toMatchObject({ id: clients.run.id, attempt: 2 })
    for (const again of [clients, retried]) {
      await expect(again.upload(again.file('a.enc', 'two'))).rejects.toThrow(
        '(409) Conflict: an artifact with this name already exists on the workflow run',
      )
    }
  })

  test('burns a name when it cannot finish: it is in no list, and taken', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    github.fault({ match: /FinalizeArtifact/, status: 403 })
    const path = clients.file('a.enc', 'one')
    await expect(clients.upload(path)).rejects.toThrow('Failed to FinalizeArtifact')
    expect(github.artifacts).toEqual([])
    expect(await clients.call('artifact', 'listArtifacts')).toEqual({ artifacts: [] })
    await expect(clients.call('artifact', 'deleteArtifact', 'a.enc')).rejects.toThrow('not found')
    await expect(clients.upload(path)).rejects.toThrow('(409) Conflict')
  })

  test('sees nothing of other runs', async () => {
    await using place = await inOneRun()
    await place.clients.upload(place.clients.file('a.enc', 'one'))
    await using other = startClients(place.github)
    expect(await other.call('artifact', 'listArtifacts')).toEqual({ artifacts: [] })
    await other.upload(other.file('a.enc', 'mine'))
  })

  test('gets no more than its artifacts per job, and a new attempt is a new job', async () => {
    await using place = await inOneRun({ artifactsPerJob: 1 })
    const { github, clients } = place
    await clients.upload(clients.file('a.enc', ''))
    await expect(clients.upload(clients.file('b.enc', ''))).rejects.toThrow('artifact limit of 1 per job reached')
    await using retried = startClients(github, github.attempt(clients.run))
    await retried.upload(retried.file('b.enc', ''))
  })

  test('keeps artifacts as long as it asks for, and no longer than the repository allows', async () => {
    await using place = await inOneRun({ maxRetentionDays: 7 })
    const { github, clients } = place
    await clients.upload(clients.file('short.enc', ''), { retentionDays: 3 })
    await clients.upload(clients.file('default.enc', ''))
    // Whoever asks past the variable that tells the client meets the server's own limit.
    await using forgetful = startClients(github, github.newRun(), { GITHUB_RETENTION_DAYS: '400' })
    await forgetful.upload(forgetful.file('long.enc', ''), { retentionDays: 100 })
    const days = github.artifacts.map(({ createdAt, expiresAt }) => (Number(expiresAt) - Number(createdAt)) / DAY)
    expect(days.map(Math.round)).toEqual([3, 7, 7])
  })

  test('is refused types of files that github.com refuses', async () => {
    await using place = await inOneRun()
    const refused = place.clients.upload(place.clients.file('a.7z', 'x'))
    await expect(refused).rejects.toThrow('mime_type a valid mime_type is required for this artifact version')
  })

  test('is told when the storage is used up', async () => {
    await using place = await inOneRun({ quotaBytes: 10 })
    const { github, clients } = place
    const { id } = await clients.upload(clients.file('a.enc', '0123456789'))
    const next = clients.file('b.enc', 'x')
    await expect(clients.upload(next)).rejects.toThrow('Artifact storage quota has been hit')
    github.expire(id)
    await clients.upload(next)
  })
})

describe('a later run, by REST', () => {
  test('lists, gets, downloads and deletes', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    const { id, digest } = await clients.upload(clients.file('a.enc', 'the bytes'))
    await using later = startClients(github)
    const there = findBy(github, clients.run)
    expect(await later.call('artifact', 'listArtifacts', there)).toMatchObject({ artifacts: [{ id, name: 'a.enc' }] })
    expect(await later.call('artifact', 'getArtifact', 'a.enc', there)).toMatchObject({
      artifact: { id, digest: `sha256:${digest}` },
    })
    const path = join(later.folder, 'out')
    const got = await later.call<Downloaded>('artifact', 'downloadArtifact', id, { path, ...there })
    expect(got.digestMismatch).toBe(false)
    expect(readFileSync(join(path, 'a.enc'), 'utf8')).toBe('the bytes')
    expect(await later.call('artifact', 'deleteArtifact', 'a.enc', there)).toEqual({ id })
    await expect(later.call('artifact', 'getArtifact', 'a.enc', there)).rejects.toThrow('not found')
  })

  test('is told of a digest that does not fit, and by no error', async () => {
    await using place = await inOneRun()
    const { clients } = place
    const { id } = await clients.upload(clients.file('a.enc', 'the bytes'))
    const expectedHash = `sha256:${'0'.repeat(64)}`
    expect(
      await clients.call('artifact', 'downloadArtifact', id, { path: clients.folder, expectedHash }),
    ).toMatchObject({ digestMismatch: true })
  })

  test('goes through the pages of the whole repository', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    for (const name of ['a', 'b', 'c', 'd', 'e']) await clients.upload(clients.file(`${name}.enc`, name))
    const all = await clients.call<{ name: string }[]>('github', 'paginate', 'GET /repos/acme/app/actions/artifacts', {
      per_page: 2,
    })
    expect(all.map(({ name }) => name)).toEqual(['e.enc', 'd.enc', 'c.enc', 'b.enc', 'a.enc'])
    expect(github.requests.filter(line => line.startsWith('GET /repos/'))).toHaveLength(3)
  })

  test('finds what has expired in the lists, and cannot download it', async () => {
    await using place = await inOneRun()
    const { github, clients } = place
    const { id } = await clients.upload(clients.file('a.enc', 'x'))
    github.expire(id)
    const { data } = await clients.call<{ data: object }>('github', 'request', 'GET /repos/acme/app/actions/artifacts')
    expect(data).toMatchObject({
      total_count: 1,
      artifacts: [{ id, expired: true, workflow_run: { id: clients.run.id } }],
    })
    const download = clients.call('github', 'request', `GET /repos/acme/app/actions/artifacts/${id}/zip`)
    await expect(download).rejects.toThrow('Artifact has expired')
    expect(await clients.call('artifact', 'listArtifacts')).toEqual({ artifacts: [] })
  })

  test('needs the right token', async () => {
    await using github = await startGitHub()
    await using clients = startClients(github, github.newRun(), { TEST_TOKEN: 'ghs_wrong' })
    const list = clients.call('github', 'request', 'GET /repos/acme/app/actions/artifacts')
    await expect(list).rejects.toThrow('Bad credentials')
  })
})
