import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ComebackError } from '../../src/errors.ts'
import { openLocalStore } from '../../src/store/local.ts'
import { codeOf, list, storeContract } from './contract.ts'

const HOUR = 60 * 60 * 1000
const NAME = 'database/b1/pack'
const BODY = [Buffer.from('some bytes')]

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comeback-local-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

storeContract('local', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'comeback-contract-'))
  return { store: openLocalStore(directory), close: () => rm(directory, { recursive: true, force: true }) }
})

storeContract('local (in a folder that is still to be made)', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'comeback-contract-'))
  return {
    store: openLocalStore(join(directory, 'to', 'be', 'made')),
    close: () => rm(directory, { recursive: true, force: true }),
  }
})

storeContract('local (without hard links)', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'comeback-contract-'))
  return {
    store: oneAtATime(openLocalStore(directory, { link: refuseLinks })),
    close: () => rm(directory, { recursive: true, force: true }),
  }
})

it('makes folders and files for their owner alone', async () => {
  const store = openLocalStore(join(folder, 'store'))
  await store.put(NAME, BODY)
  for (const path of ['store', 'store/database', 'store/database/b1']) {
    expect((await lstat(join(folder, path))).mode & 0o777, path).toBe(0o700)
  }
  expect((await lstat(join(folder, 'store', NAME))).mode & 0o777).toBe(0o600)
})

it('leaves nothing but the object behind', async () => {
  const store = openLocalStore(folder)
  await store.put(NAME, BODY)
  expect(await codeOf(store.put(NAME, BODY))).toBe('already-exists')
  expect(await everything(folder)).toEqual(['database', 'database/b1', NAME])
  expect((await lstat(join(folder, NAME))).nlink).toBe(1)
})

it('removes folders that its last object leaves empty, but not itself', async () => {
  const store = openLocalStore(folder)
  await store.put(NAME, BODY)
  await store.put('database/b2/pack', BODY)
  await store.delete(NAME)
  expect(await everything(folder)).toEqual(['database', 'database/b2', 'database/b2/pack'])
  await store.delete('database/b2/pack')
  expect(await everything(folder)).toEqual([])
})

it('never lists unfinished files, strange names, links or pipes', async () => {
  const store = openLocalStore(folder)
  await store.put(NAME, BODY)
  await writeFile(join(folder, 'database/b1/.comeback-1234.tmp'), 'unfinished')
  await writeFile(join(folder, '.DS_Store'), '')
  await writeFile(join(folder, 'database/b1/a name with blanks'), '')
  await mkdir(join(folder, '.git'))
  await writeFile(join(folder, '.git/config'), '')
  await writeFile(join(folder, 'notes.txt'), 'listed: it could be an object')
  await symlink('/etc', join(folder, 'etc'))
  await symlink('/etc/passwd', join(folder, 'database/b1/link'))
  await run('mkfifo', [join(folder, 'database/b1/pipe')])
  expect(await list(store, '')).toEqual([NAME, 'notes.txt'])
  for (const name of ['etc/passwd', 'database/b1/link', 'database/b1/pipe']) {
    expect(await codeOf(store.get(name)), name).toBe('not-found')
    expect(await codeOf(store.stat(name)), name).toBe('not-found')
  }
  expect(await codeOf(store.put('etc/comeback-was-here', BODY))).toBe('failed')
})

it('may itself be a link to a folder', async () => {
  await mkdir(join(folder, 'disk'))
  await symlink(join(folder, 'disk'), join(folder, 'backups'))
  const store = openLocalStore(join(folder, 'backups'))
  await store.put(NAME, BODY)
  expect(await list(store, '')).toEqual([NAME])
  expect(await everything(join(folder, 'disk'))).toContain(NAME)
})

it('removes what killed processes left unfinished a day ago, at its first put', async () => {
  await mkdir(join(folder, 'database/b0'), { recursive: true })
  const old = join(folder, 'database/b0/.comeback-0123456789abcdef.tmp')
  const fresh = join(folder, 'database/b0/.comeback-fedcba9876543210.tmp')
  const foreign = join(folder, 'database/b0/.keep')
  for (const [path, age] of [
    [old, 25 * HOUR],
    [fresh, 23 * HOUR],
    [foreign, 1000 * HOUR],
  ] as const) {
    await writeFile(path, 'x')
    const then = new Date(Date.now() - age)
    await utimes(path, then, then)
  }
  const store = openLocalStore(folder)
  await list(store, '')
  expect(await everything(folder)).toContain('database/b0/.comeback-0123456789abcdef.tmp')
  await store.put(NAME, BODY)
  expect(await everything(folder)).toEqual([
    'database',
    'database/b0',
    'database/b0/.comeback-fedcba9876543210.tmp',
    'database/b0/.keep',
    'database/b1',
    NAME,
  ])
})

it('removes its unfinished file when the signal aborts in the middle of a put', async () => {
  const abort = new AbortController()
  const store = openLocalStore(folder)
  const part = Buffer.alloc(4 * 1024 * 1024)
  const put = codeOf(store.put(NAME, Array(64).fill(part), abort.signal))
  while ((await everything(folder)).length < 3) await new Promise(resolve => setImmediate(resolve))
  abort.abort()
  expect(await put).toBe('cancelled')
  expect(await everything(folder)).toEqual([])
})

it('says that the store is full when a file cannot grow, and leaves nothing unfinished', async () => {
  // A limit on the size of files stands for a full disk here; it works wherever tests run. Unit: 1024 bytes.
  const outcome = await put(join(folder, 'store'), 1024 * 1024, 'ulimit -f 512; ')
  expect(outcome).toMatchObject({ code: 'store-full', hint: expect.stringContaining('Free some space') })
  expect(outcome.message).toContain(join(folder, 'store', NAME))
  expect(await everything(folder)).toEqual([])
})

it('says that the store is full when the disk is, wherever a small one can be mounted', async context => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  // Mounted in a mount namespace of the child's own, so that nothing is left of it, whatever happens.
  const mount = ['-rm', 'sh', '-c', `mount -t tmpfs -o size=256k tmpfs ${disk}`]
  if ((await run('unshare', mount)).status !== 0) {
    context.skip('No file system can be mounted here; the test with ulimit covers the same path.')
  }
  const outcome = await put(disk, 1024 * 1024, `mount -t tmpfs -o size=256k tmpfs ${disk}; `, ['unshare', '-rm'])
  expect(outcome).toMatchObject({ code: 'store-full' })
})

it('says permission where it may not write, with the path', async () => {
  const closed = join(folder, 'closed')
  await mkdir(closed)
  await chmod(folder, 0o755)
  await chmod(closed, 0o555)
  const outcome = await put(closed, 10)
  expect(outcome).toMatchObject({ code: 'permission', hint: expect.stringContaining('read and write') })
  expect(outcome.message).toContain(closed)
})

it('says what stands in the way where a folder should be', async () => {
  await writeFile(join(folder, 'file'), '')
  const inTheWay = { code: 'failed', message: expect.stringContaining(join(folder, 'file')) }
  await expect(openLocalStore(join(folder, 'file')).put(NAME, BODY)).rejects.toMatchObject(inTheWay)
  await expect(openLocalStore(join(folder, 'file', 'below')).put(NAME, BODY)).rejects.toMatchObject(inTheWay)
  await expect(openLocalStore(folder).put('file/b1/pack', BODY)).rejects.toMatchObject(inTheWay)
  await expect(list(openLocalStore(join(folder, 'file')), '')).rejects.toMatchObject(inTheWay)
})

it('survives that another process removes empty folders while it puts', async () => {
  const store = openLocalStore(folder)
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await store.put(`database/same/pack-${index}`, BODY)
      await store.delete(`database/same/pack-${index}`)
    }),
  )
  expect(await everything(folder)).toEqual([])
})

it('is not stopped for ever by the guard of a process that was killed', async () => {
  const store = openLocalStore(folder, { link: refuseLinks })
  await store.put(NAME, BODY)
  await store.delete(NAME)
  const guard = join(folder, 'database/b1/.comeback-pack.lock')
  await mkdir(join(folder, 'database/b1'), { recursive: true })
  await writeFile(guard, '')
  expect(await codeOf(store.put(NAME, BODY))).toBe('store-unavailable')
  const then = new Date(Date.now() - 25 * HOUR)
  await utimes(guard, then, then)
  await openLocalStore(folder, { link: refuseLinks }).put(NAME, BODY)
  expect(await everything(folder)).toEqual(['database', 'database/b1', NAME])
})

async function refuseLinks(): Promise<void> {
  throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })
}

/** Concurrent puts of one name may be told `store-unavailable` without hard links; a patient caller asks again. */
function oneAtATime(store: ReturnType<typeof openLocalStore>): ReturnType<typeof openLocalStore> {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...store,
    put(name, body, signal) {
      const next = last.then(
        () => store.put(name, body, signal),
        () => store.put(name, body, signal),
      )
      last = next
      return next
    },
  }
}

/** A put in a process of its own, under the limits that the shell sets; as an ordinary user if the tests run as root. */
async function put(directory: string, size: number, limits = '', wrapper: readonly string[] = []) {
  const script = `
    const { openLocalStore } = await import(${JSON.stringify(new URL('../../src/store/local.ts', import.meta.url))})
    process.on('SIGXFSZ', () => {})
    if (process.getuid() === 0 && ${limits === ''}) process.setuid(65534)
    try {
      await openLocalStore(${JSON.stringify(directory)}).put(${JSON.stringify(NAME)}, [Buffer.alloc(${size})])
      console.log(JSON.stringify({ code: 'none', message: '' }))
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }))
    }
  `
  const shell = ['sh', '-c', `${limits}exec "$0" --input-type=module -e "$1"`, process.execPath, script]
  const [command = '', ...rest] = [...wrapper, ...shell]
  const { stdout, stderr } = await run(command, rest)
  if (stdout === '') throw new Error(`The child process failed: ${stderr}`)
  return JSON.parse(stdout) as Pick<ComebackError, 'code' | 'message' | 'hint'>
}

async function run(command: string, args: readonly string[]) {
  const child = execFile(command, args)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', text => (output.stdout += text))
  child.stderr?.on('data', text => (output.stderr += text))
  const [status] = await once(child, 'close')
  return { status, ...output }
}

async function everything(directory: string): Promise<readonly string[]> {
  return (await readdir(directory, { recursive: true })).sort()
}

it('what a killed put has left goes by tidying, with the folder that holds nothing else', async () => {
  await mkdir(join(folder, 'database/b0'), { recursive: true })
  const old = join(folder, 'database/b0/.comeback-0123456789abcdef.tmp')
  await writeFile(old, 'x')
  const then = new Date(Date.now() - 25 * HOUR)
  await utimes(old, then, then)
  await openLocalStore(folder).tidy?.()
  expect(await everything(folder)).toEqual([])
})

it('a first put that fails leaves no folder behind', async () => {
  const root = join(folder, 'new/store')
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  const store = openLocalStore(root, { link: () => Promise.reject(full) })
  await expect(store.put(NAME, BODY)).rejects.toMatchObject({ code: 'store-full' })
  expect(await everything(folder)).toEqual([])
  await mkdir(root, { recursive: true })
  await expect(store.put(NAME, BODY)).rejects.toMatchObject({ code: 'store-full' })
  expect(await everything(folder)).toEqual(['new', 'new/store'])
})
