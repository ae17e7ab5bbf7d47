import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CacheOptions, restoreCache } from '../../src/action/cache.ts'
import { decodeMemory, encodeMemory } from '../../src/action/cache-blob.ts'
import { ComebackError } from '../../src/errors.ts'
import { type GitHub, startGitHub } from '../support/github/github.ts'
import { plantCache } from '../support/github/plant.ts'

let github: GitHub
let temporary: string
let said: string[]
beforeEach(async () => {
  github = await startGitHub()
  temporary = mkdtempSync(join(tmpdir(), 'comeback-cache-'))
  said = []
})
afterEach(async () => {
  rmSync(temporary, { recursive: true, force: true })
  await github[Symbol.asyncDispose]()
})

function restore(changes: Partial<CacheOptions> = {}, environment: Readonly<Record<string, string>> = {}) {
  return restoreCache({
    verb: 'backup',
    options: { store: 'artifact:', s3Endpoint: undefined },
    wanted: true,
    environment: {
      PATH: process.env.PATH,
      ...github.environment(github.newRun()),
      GITHUB_WORKSPACE: temporary,
      RUNNER_TEMP: temporary,
      ...environment,
    },
    signal: new AbortController().signal,
    debug: text => said.push(text),
    ...changes,
  })
}

test('there is none where it would not pay, or nothing could keep it', async () => {
  for (const verb of ['check', 'prune', 'restore', 'list', 'export'] as const) {
    expect(await restore({ verb })).toBeUndefined()
  }
  expect(await restore({ options: { store: 'file:./backups', s3Endpoint: undefined } })).toBeUndefined()
  expect(await restore({}, { ACTIONS_RUNTIME_TOKEN: '' })).toBeUndefined()
  expect(await restore({}, { RUNNER_TEMP: '' })).toBeUndefined()
  expect(await restore({ wanted: false })).toBeUndefined()
  expect(github.requests).toEqual([])
})

test('what was put into the folder comes back in a later run of the same store; what did not change is not saved', async () => {
  const first = await restore()
  const folder = first?.folder ?? ''
  mkdirSync(folder)
  writeFileSync(join(folder, 'database~b~manifest.json'), 'content')
  symlinkSync('/etc/passwd', join(folder, 'link'))
  await first?.save()
  rmSync(folder, { recursive: true })
  const later = await restore()
  expect(later?.folder).toBe(folder)
  expect(readdirSync(folder)).toEqual(['database~b~manifest.json'])
  expect(readFileSync(join(folder, 'database~b~manifest.json'), 'utf8')).toBe('content')
  await later?.save()
  expect(github.caches).toHaveLength(1)
  utimesSync(join(folder, 'database~b~manifest.json'), 1, 1)
  await later?.save()
  expect(github.caches).toHaveLength(2)
  expect(said.filter(text => text.includes('was saved'))).toHaveLength(2)
})

/** Any code in a job of the branch can: it has the token for it. */
async function poison(bytes: Uint8Array, version = 'comeback-memory-1'): Promise<void> {
  const { folder = '' } = (await restore({ signal: AbortSignal.abort() })) ?? {}
  const key = `${basename(folder).replace('-memory-', '-')}-9999999999-1`
  await plantCache(github, github.newRun(), { key, version, bytes })
}

test('an archive that somebody left there with a path to anywhere is never unpacked', async () => {
  const victim = join(temporary, 'PWNED')
  const inside = join(temporary, 'work')
  mkdirSync(inside)
  writeFileSync(victim, 'by cache')
  const tar = execFileSync('tar', ['-P', '-cz', victim])
  rmSync(victim)
  // As GitHub's own client would look for it, and as we do.
  const { folder = '' } = (await restore({ signal: AbortSignal.abort() })) ?? {}
  for (const method of ['zstd-without-long', 'zstd', 'gzip']) {
    const parts = [folder, method, '1.0'].filter(part => part !== 'gzip')
    await poison(tar, createHash('sha256').update(parts.join('|')).digest('hex'))
  }
  await poison(tar)
  expect((await restore())?.folder).toBe(folder)
  expect(existsSync(victim)).toBe(false)
  expect(existsSync(folder)).toBe(false)
  expect(said.at(-1)).toBe('Cache: The entry is not one of Comeback.')
})

test.each(['../PWNED', '/tmp/PWNED', 'a/../../PWNED', '.hidden', 'a\\b', '', 'a\n', 'ä'])(
  'an entry that names %j is refused as a whole',
  async name => {
    await poison(
      encodeMemory(
        new Map([
          ['database~b~manifest.json', Buffer.from('x')],
          [name, Buffer.from('evil')],
        ]),
      ),
    )
    const cache = await restore()
    expect(existsSync(cache?.folder ?? '')).toBe(false)
    expect(readdirSync(temporary)).toEqual([])
    expect(said.at(-1)).toBe('Cache: The entry names what is no file of Comeback.')
  },
)

test('whatever an entry is cut to or changed to, it is that memory or nothing', () => {
  const objects = new Map([
    ['database~b~manifest.json', Buffer.from('one')],
    ['files~c~index.gz.enc', Buffer.alloc(0)],
  ])
  const blob = encodeMemory(objects)
  expect([...decodeMemory(blob)]).toEqual([...objects])
  for (let length = 0; length < blob.length; length++) {
    // An end between two objects is an end.
    const read = attempted(() => decodeMemory(blob.subarray(0, length)).size)
    expect([undefined, 0, 1]).toContain(read)
  }
  for (let at = 0; at < blob.length; at++) {
    const changed = Buffer.from(blob)
    changed.writeUInt8(255, at)
    for (const name of attempted(() => [...decodeMemory(changed).keys()]) ?? []) expect(basename(name)).toBe(name)
  }
})

function attempted<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // It was refused.
    return undefined
  }
}

test('a run that may only read, or not even that, does no more', async () => {
  await poison(encodeMemory(new Map([['database~b~manifest.json', Buffer.from('x')]])))
  const none = await restore({}, { ACTIONS_CACHE_MODE: 'none' })
  expect(existsSync(none?.folder ?? '')).toBe(false)
  const reading = await restore({}, { ACTIONS_CACHE_MODE: 'read' })
  expect(readdirSync(reading?.folder ?? '')).toEqual(['database~b~manifest.json'])
  writeFileSync(join(reading?.folder ?? '', 'database~c~manifest.json'), 'y')
  await reading?.save()
  expect(github.caches).toHaveLength(1)
})

test('each store has its own', async () => {
  const signal = AbortSignal.abort()
  const folders = [
    { store: 'artifact:', s3Endpoint: undefined },
    { store: 's3://bucket/app', s3Endpoint: undefined },
    { store: 's3://bucket/app', s3Endpoint: 'https://minio.example.org' },
    { store: 's3://bucket/other', s3Endpoint: undefined },
  ].map(async options => (await restore({ options, signal }))?.folder)
  expect(new Set(await Promise.all(folders)).size).toBe(4)
})

test('nothing waits for it longer than the limit, or once the run is cancelled', async () => {
  github.fault({ match: /CacheService/, delay: 30_000, times: 5 })
  const begun = performance.now()
  const cache = await restore({ limit: 200 })
  expect(cache?.folder).toContain(temporary)
  mkdirSync(cache?.folder ?? '')
  writeFileSync(join(cache?.folder ?? '', 'file'), 'content')
  await cache?.save()
  const abort = new AbortController()
  setTimeout(() => abort.abort(new ComebackError('cancelled', 'The run was cancelled.')), 100)
  const cancelled = await restore({ signal: abort.signal })
  await cancelled?.save()
  expect(performance.now() - begun).toBeLessThan(10_000)
  expect(said).toHaveLength(3)
  expect(github.caches).toEqual([])
})

test('a folder that has grown out of all proportion begins anew', async () => {
  const { folder = '' } = (await restore({ signal: AbortSignal.abort() })) ?? {}
  mkdirSync(folder)
  writeFileSync(join(folder, 'huge'), '')
  truncateSync(join(folder, 'huge'), 2 ** 30)
  const cache = await restore({ signal: AbortSignal.abort() })
  await cache?.save()
  expect(github.caches).toEqual([])
  expect(() => truncateSync(join(folder, 'huge'), 1)).toThrow()
})
