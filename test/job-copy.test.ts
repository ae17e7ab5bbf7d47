/** Copies between stores of different kinds, through the job: what arrives restores byte for byte. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CopyReport } from '../src/report/copy-report.ts'
import type { BackupReport } from '../src/report/report.ts'
import { noise } from './engine/scene.ts'
import { failure } from './postgres/round-trip.ts'
import { artifactPlace } from './store/artifact-place.ts'
import { type Given, jobIn } from './support/job.ts'
import { CREDENTIALS, type FakeS3, REGION, startFakeS3 } from './support/s3/fake-s3.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-copy-'))
  mkdirSync(join(folder, 'up'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const copy = (given: Given, context: Parameters<typeof jobIn>[3] = {}) =>
  jobIn(folder, { verb: 'copy', components: ['files'] }, given, context) as Promise<CopyReport>

/** Two backups, of which the second leans on the first. */
async function backUpTwice(given: Given = {}): Promise<void> {
  writeFileSync(join(folder, 'up', 'big.bin'), noise('big', 12_000_000))
  for (const name of ['first.txt', 'second.txt']) {
    writeFileSync(join(folder, 'up', name), name)
    const command = { verb: 'backup', components: ['files'] } as const
    const report = (await jobIn(folder, command, { files: 'up', ...given })) as BackupReport
    expect(report.backups).toMatchObject([{ status: 'complete' }])
  }
}

async function expectRestored(store: string, given: Given = {}): Promise<void> {
  const command = { verb: 'restore', component: 'files', at: 'latest' } as const
  await jobIn(folder, command, { store, into: 'restored', ...given })
  for (const name of ['big.bin', 'first.txt', 'second.txt']) {
    const [was, is] = ['up', 'restored/up'].map(where => readFileSync(join(folder, where, name)))
    expect(is?.equals(was ?? Buffer.alloc(0)), name).toBe(true)
  }
}

function bucket({ endpoint }: FakeS3): Given {
  return { s3Endpoint: endpoint, s3Region: REGION }
}

async function withCredentials<T>(run: () => Promise<T>): Promise<T> {
  const variables = { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey }
  Object.assign(process.env, variables)
  try {
    return await run()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
}

test('from a folder into a bucket', async () => {
  await using server = await startFakeS3({ pageSize: 3 })
  await backUpTwice()
  await withCredentials(async () => {
    const to = 's3://backups/kept'
    const report = await copy({ from: 'file:./backups', to, ...bucket(server) })
    expect(report).toMatchObject({ to, backups: [{ status: 'copied' }, { status: 'copied' }] })
    expect(await copy({ to, ...bucket(server) })).toMatchObject({ objects: 0, bytes: 0 })
    rmSync(join(folder, 'backups'), { recursive: true })
    await expectRestored(to, bucket(server))
  })
})

test('from a bucket into a folder, once the pack is there that was missing', async () => {
  await using server = await startFakeS3()
  await withCredentials(async () => {
    const store = 's3://backups/nightly'
    await backUpTwice({ store, ...bucket(server) })
    const pack = [...server.objects.keys()].find(key => key.includes('-data-')) ?? ''
    const whole = server.objects.get(pack)
    server.objects.delete(pack)
    const given = { store, to: 'file:./kept', ...bucket(server) }
    const cut = await copy(given)
    expect(cut.backups.map(({ status }) => status)).toEqual(['failed', 'failed'])
    if (whole !== undefined) server.objects.set(pack, whole)
    const rest = await copy(given)
    expect(rest.backups.map(({ status }) => status)).toEqual(['copied', 'copied'])
    await expectRestored('file:./kept')
  })
})

test('from the artifacts of a repository, where nobody can write from outside, into a folder', async () => {
  await using place = await artifactPlace()
  await backUpTwice()
  const store = place.inAction()
  const { openLocalStore } = await import('../src/store/local.ts')
  const local = openLocalStore(join(folder, 'backups'))
  for await (const { name } of local.list('')) await store.put(name, [await local.get(name)])
  rmSync(join(folder, 'backups'), { recursive: true })
  const github = { apiUrl: place.github.url, serverUrl: 'https://github.com', repository: undefined, run: undefined }
  const from = `artifact:${place.github.repository}`
  const given = { githubToken: place.github.token, from }
  expect(await failure(copy({ ...given, to: from }, { github }))).toMatchObject({ code: 'usage' })
  const report = await copy({ ...given, to: 'file:./kept', at: 'latest' }, { github })
  expect(report).toMatchObject({ from, backups: [{ status: 'copied' }] })
  await expectRestored('file:./kept')
})

describe('what cannot be is said before a store is asked', () => {
  test.each<[string, Given, RegExp]>([
    ['without a target', {}, /where to/],
    ['to artifacts from outside of the Action', { to: 'artifact:acme/app' }, /only a step of the Action/],
    ['to what is no store', { to: 'somewhere' }, /--to somewhere is not a store/],
    ['from what is no store', { from: 'somewhere', to: 'file:./kept' }, /--from somewhere is not a store/],
    ['one backup and a rule', { to: 'file:./kept', at: 'latest', keepMonthly: '12' }, /--at names one backup/],
  ])('%s', async (_, given, message) => {
    const error = await failure(copy(given))
    expect(error).toMatchObject({ code: 'usage' })
    expect(error.message).toMatch(message)
  })
})
