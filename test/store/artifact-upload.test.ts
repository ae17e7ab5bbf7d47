/** Storing as a step of the Action does, with each fault that is known of GitHub's services and their client. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { artifactApi } from '../../src/store/artifact-api.ts'
import { Catalogue } from '../../src/store/artifact-catalogue.ts'
import { Retention } from '../../src/store/artifact-retention.ts'
import { artifactUploader } from '../../src/store/artifact-upload.ts'
import { uploadThread } from '../../src/store/artifact-upload-thread.ts'
import { type ArtifactPlace, artifactPlace } from './artifact-place.ts'
import { codeOf, list } from './contract.ts'

const NAME = 'database/b1/pack'
const BODY = [Buffer.from('some bytes')]
const CREATE = /CreateArtifact/
const FINALIZE = /FinalizeArtifact/
const BLOCK = /^PUT .*comp=block&/

function names({ github }: ArtifactPlace): readonly string[] {
  return github.artifacts.filter(({ deleted }) => !deleted).map(({ name }) => name)
}

function asName(turn: string): string {
  return `comeback~database~b1~pack~7000000001-1${turn}.bin`
}

async function text(place: ArtifactPlace): Promise<string> {
  return Buffer.from(await place.outside().get(NAME)).toString()
}

it('uploads raw bytes under the name of the object, and leaves no file behind', async () => {
  await using place = await artifactPlace()
  const bytes = randomBytes(20_000_000)
  await place.inAction().put(NAME, [bytes.subarray(0, 7), bytes.subarray(7)])
  expect(place.github.artifacts).toMatchObject([{ name: asName(''), size: bytes.length }])
  expect(bytes.equals(await place.outside().get(NAME))).toBe(true)
  expect(await readdir(place.temporary)).toEqual([])
})

it('takes the next name after a 403 on Finalize, which has burned the first', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: FINALIZE, status: 403 })
  await place.patient().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-2')])
  expect(await text(place)).toBe('some bytes')
  expect(await readdir(place.temporary)).toEqual([])
})

it('fails, for another try, when Finalize is refused', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  place.github.fault({ match: FINALIZE, status: 403 })
  await expect(store.put(NAME, BODY)).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await list(store, '')).toEqual([])
  expect(await codeOf(store.get(NAME))).toBe('not-found')
})

it('takes the next name after a connection lost on Finalize, as often as it takes', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: FINALIZE, reset: true, times: 3 })
  await place.patient().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-4')])
})

it('recognizes that Finalize had succeeded when only its answer was lost', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: FINALIZE, lost: true })
  await place.patient().put(NAME, BODY)
  expect(names(place)).toEqual([asName('')])
  expect(place.github.requests.filter(line => CREATE.test(line))).toHaveLength(1)
})

it('refuses another body where a try whose answer was lost had succeeded', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  place.github.fault({ match: FINALIZE, lost: true })
  expect(await codeOf(store.put(NAME, BODY))).toBe('store-unavailable')
  expect(await codeOf(store.put(NAME, [Buffer.from('other byte')]))).toBe('already-exists')
  expect(await text(place)).toBe('some bytes')
})

it('takes the next name after a connection lost on Create', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: CREATE, lost: true })
  await place.patient().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-2')])
})

it('takes the next name at once where an earlier process of the run has burned one', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: FINALIZE, reset: true })
  expect(await codeOf(place.inAction().put(NAME, BODY))).toBe('store-unavailable')
  // It remembers nothing, and meets a 409.
  await place.inAction().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-2')])
})

const TAKEN = { code: 'already_exists', msg: 'an artifact with this name already exists on the workflow run' }

it('takes the next name where the client repeats a Create that had been done, and meets a 409', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: CREATE, status: 503 })
  place.github.fault({ match: CREATE, status: 409, body: TAKEN })
  await place.inAction().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-2')])
})

it('gives up when name after name is burned', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: CREATE, status: 409, body: TAKEN, times: 100 })
  expect(await codeOf(place.patient().put(NAME, BODY))).toBe('failed')
})

it('takes the next name when a block cannot be stored', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: BLOCK, status: 403 })
  await place.patient().put(NAME, BODY)
  expect(names(place)).toEqual([asName('-2')])
})

it('never finalizes what it could not read to its end, and survives it', async () => {
  await using place = await artifactPlace()
  place.inAction()
  const folder = await mkdtemp(join(tmpdir(), 'comeback-upload-'))
  const upload = uploadThread(60_000)
  // Reading a folder is an error that comes after Create, as one of the disk would.
  const broken = upload({ file: folder, folder: tmpdir(), days: 1 }, undefined)
  expect(await broken).toMatchObject({ type: 'interrupted', message: expect.stringContaining('file read') })
  expect(place.github.requests.filter(line => CREATE.test(line))).toHaveLength(1)
  expect(place.github.artifacts).toEqual([])
  const file = join(folder, 'good.bin')
  await writeFile(file, 'good')
  expect(await upload({ file, folder, days: 1 }, undefined)).toMatchObject({ type: 'uploaded', size: 4 })
  await rm(folder, { recursive: true })
})

it('removes an artifact that does not hold what was to be stored, and stores it again', async () => {
  await using place = await artifactPlace()
  place.inAction()
  const { github, temporary } = place
  const common = { repository: github.repository, token: github.token, apiUrl: github.url, patience: 30_000 }
  const api = artifactApi({ ...common, now: Date.now, sleep, strangers: () => {} })
  const real = uploadThread(60_000)
  let uploads = 0
  const put = artifactUploader({
    api,
    catalogue: new Catalogue(api, Date.now),
    retention: new Retention({ wish: { days: 1, backupDays: 1 }, most: undefined, repository: '', warn: () => {} }),
    // The file shrinks before it is read: GitHub's client uploads what is left, and is content.
    upload: async (request, signal) => {
      if (uploads++ === 0) await truncate(request.file, 3)
      return real(request, signal)
    },
    run: { id: String(place.run.id), attempt: '1' },
    temporary,
    now: Date.now,
  })
  expect(await codeOf(put(NAME, BODY, undefined))).toBe('store-unavailable')
  expect(names(place)).toEqual([])
  await put(NAME, BODY, undefined)
  expect(names(place)).toEqual([asName('-2')])
  expect(await text(place)).toBe('some bytes')
})

it('stops an upload that takes too long, for another try', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: BLOCK, delay: 15_000 })
  const put = place.inAction({ limits: { upload: 3000 } }).put(NAME, BODY)
  await expect(put).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('longer than 3 s'),
  })
  expect(names(place)).toEqual([])
  expect(await readdir(place.temporary)).toEqual([])
  await place.inAction().put(NAME, BODY)
  expect(names(place)).toHaveLength(1)
})

it('stops an upload when the signal aborts: nothing is stored later, and no file is left', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: BLOCK, delay: 1000 })
  const abort = new AbortController()
  const store = place.inAction()
  const put = codeOf(store.put(NAME, BODY, abort.signal))
  while (!place.github.requests.some(line => BLOCK.test(line))) await sleep(10)
  abort.abort()
  expect(await put).toBe('cancelled')
  expect(await readdir(place.temporary)).toEqual([])
  await sleep(1500)
  expect(place.github.requests.filter(line => FINALIZE.test(line))).toEqual([])
})

it('stops one of several uploads; the others are tried again', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: BLOCK, delay: 1500, times: 2 })
  const abort = new AbortController()
  const store = place.patient()
  const other = store.put('database/b1/other', BODY)
  const put = codeOf(store.put(NAME, BODY, abort.signal))
  while (place.github.requests.filter(line => BLOCK.test(line)).length < 2) await sleep(10)
  abort.abort()
  expect(await put).toBe('cancelled')
  await other
  expect(await list(store, '')).toEqual(['database/b1/other'])
})

it('lets the next of several puts of a name try when the one before it fails', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: FINALIZE, status: 403 })
  const store = place.inAction()
  const outcomes = await Promise.all([1, 2, 3].map(() => codeOf(store.put(NAME, BODY))))
  expect(outcomes).toEqual(['store-unavailable', undefined, 'already-exists'])
})

it('says that the storage is used up, and what helps', async () => {
  await using place = await artifactPlace({ quotaBytes: 5 })
  const store = place.patient()
  await store.put(NAME, BODY)
  await expect(store.put('database/b1/more', BODY)).rejects.toMatchObject({
    code: 'store-full',
    message: expect.stringContaining('database/b1/more'),
    hint: expect.stringMatching(/comeback prune.*6 to 12 hours/s),
  })
})

it('names the limit on artifacts a job when GitHub does', async () => {
  await using place = await artifactPlace({ artifactsPerJob: 1 })
  const store = place.patient()
  await store.put(NAME, BODY)
  await expect(store.put('database/b1/more', BODY)).rejects.toMatchObject({
    code: 'store-full',
    message: expect.stringContaining('500 artifacts a job'),
  })
})

it('says that the token of the job is not good any more', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: CREATE, status: 401 })
  expect(await codeOf(place.patient().put(NAME, BODY))).toBe('authentication')
})

it('refuses to store from the command line, and says who can', async () => {
  await using place = await artifactPlace()
  await expect(place.outside().put(NAME, BODY)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('only a step of the Action can'),
    hint: expect.stringContaining('s3://'),
  })
  expect(place.github.requests).toEqual([])
})

it('refuses to store where the runner gives no token for it', async () => {
  await using place = await artifactPlace()
  const store = place.inAction()
  delete process.env.ACTIONS_RUNTIME_TOKEN
  await expect(store.put(NAME, BODY)).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('s3://'),
  })
})

it('refuses to store for another repository: the artifact would land in its own', async () => {
  await using place = await artifactPlace()
  const run = { id: '1', attempt: '1', retentionDays: undefined }
  const github = { apiUrl: place.github.url, serverUrl: 'https://github.com', repository: 'acme/other', run }
  await expect(place.inAction({ github }).put(NAME, BODY)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('a run of acme/other cannot store artifacts in acme/app'),
  })
})

it('refuses to store in a public repository unless that is allowed', async () => {
  await using place = await artifactPlace({ visibility: 'public' })
  await expect(place.patient().put(NAME, BODY)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('acme/app is public'),
    hint: expect.stringContaining('allow-public-artifacts'),
  })
  expect(place.github.requests.some(line => CREATE.test(line))).toBe(false)
  await place.inAction({ allowPublic: true }).put(NAME, BODY)
  expect(await list(place.outside(), '')).toEqual([NAME])
})

it.each([
  ['internal', { visibility: 'internal', private: true }, undefined],
  ['private, in words of old', { private: true }, undefined],
  ['public, in words of old', { private: false }, 'usage'],
  ['untold', {}, 'store-unavailable'],
])('looks once whether the repository is public: %s', async (_, body, code) => {
  await using place = await artifactPlace()
  const match = /^GET \/repos\/acme\/app$/
  const headers = { 'content-type': 'application/json' }
  place.github.fault({ match, status: 200, body, headers })
  const store = place.inAction()
  expect(await codeOf(store.put(NAME, BODY))).toBe(code)
  if (code !== undefined) return
  await store.put('database/b1/other', BODY)
  expect(place.github.requests.filter(line => match.test(line))).toHaveLength(1)
})

it('does not store when it cannot find out whether the repository is public', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: /^GET \/repos\/acme\/app$/, status: 500 })
  expect(await codeOf(place.inAction().put(NAME, BODY))).toBe('store-unavailable')
  expect(place.github.artifacts).toEqual([])
})

it('warns once when the repository keeps artifacts for less time than backups should live', async () => {
  await using place = await artifactPlace({ maxRetentionDays: 7 })
  const store = place.inAction()
  await list(store, '')
  expect(place.warnings).toEqual([])
  await store.put(NAME, BODY)
  await store.put('database/b1/other', BODY)
  expect(place.warnings).toEqual([
    {
      message: expect.stringContaining(
        'acme/app keeps artifacts for 7 days at most, so backups live 7 days and not 30',
      ),
      hint: expect.stringContaining('settings'),
    },
  ])
})

it('warns otherwise when only packs live shorter', async () => {
  await using place = await artifactPlace({ maxRetentionDays: 45 })
  await place.inAction().put(NAME, BODY)
  expect(place.warnings).toMatchObject([
    { message: expect.stringMatching(/45 days at most.*live as long as they should/) },
  ])
})

it('notices a limit that the runner does not know of, and tells the true expiry', async () => {
  await using place = await artifactPlace({ maxRetentionDays: 10 })
  const run = { id: String(place.run.id), attempt: '1', retentionDays: undefined }
  const github = { apiUrl: place.github.url, serverUrl: 'https://github.com', repository: 'acme/app', run }
  const store = place.inAction({ github })
  delete process.env.GITHUB_RETENTION_DAYS
  await store.put(NAME, BODY)
  expect(place.warnings).toMatchObject([{ message: expect.stringContaining('10 days at most') }])
  const { expiresAt } = await store.stat(NAME)
  const granted = place.github.artifacts[0]?.expiresAt.getTime() ?? 0
  expect(Math.abs((expiresAt?.getTime() ?? 0) - granted)).toBeLessThan(5000)
})

it('does not fail a put because GitHub does not say how long the artifact lives', async () => {
  await using place = await artifactPlace()
  place.github.fault({ match: /^GET .*\/artifacts\/\d+$/, status: 500 })
  const store = place.inAction()
  await store.put(NAME, BODY)
  expect((await store.stat(NAME)).expiresAt).toBeInstanceOf(Date)
})

it('refuses a name that is too long for an artifact', async () => {
  await using place = await artifactPlace()
  const long = `database/${'x'.repeat(200)}/${'y'.repeat(200)}`
  expect(await codeOf(place.inAction().put(long, BODY))).toBe('usage')
})
