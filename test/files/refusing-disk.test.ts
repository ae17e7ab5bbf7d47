/** Disks and folders that refuse, met by an ordinary user and on a small disk: the target stays as it was. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { describeTree, plant, run, setMode, temporaryFolder } from './tree.ts'

const AT = JSON.stringify(new URL('../../', import.meta.url))

let place: string
beforeEach(async () => {
  place = await temporaryFolder()
  await setMode(place, 0o777)
})

interface Attempt {
  readonly options: object
  /** Run by a shell before; `$0` is the command that follows. */
  readonly around?: string
  readonly files?: Readonly<Record<string, number>>
}

/** A restore by a user that owns nothing but what it makes; `around` may run it elsewhere. */
async function attempt({ options, around = 'exec "$@"', files = { a: 3, 'd/b': 3 } }: Attempt) {
  const script = `
    const { createFilesSink } = await import(${AT} + 'src/files/extract.ts')
    const { backupOf, tarOf } = await import(${AT} + 'test/files/tar-bytes.ts')
    const { countProgress } = await import(${AT} + 'test/fakes/segments.ts')
    const entries = Object.entries(${JSON.stringify(files)}).map(([path, size]) => ({ path, content: 'x'.repeat(size) }))
    const options = { cwd: '/', overwrite: false, include: [], ...${JSON.stringify(options)} }
    try {
      const signal = new AbortController().signal
      const { summary } = await createFilesSink(options).restore(await backupOf(tarOf(...entries)), countProgress(), signal)
      console.log(JSON.stringify({ summary }))
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }))
    }
  `
  const ran = await run('sh', ['-c', around, 'sh', process.execPath, '--input-type=module', '-e', script])
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '')
}

const AS_NOBODY =
  process.getuid?.() === 0 ? 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' : 'exec "$@"'

/** A folder of that user's own. */
async function ofNobody(): Promise<string> {
  const folder = await mkdtemp(join(place, 'own-'))
  if (process.getuid?.() === 0) await run('chown', ['65534:65534', folder])
  return folder
}

test('a parent that may not be written to is named, with what to do', async () => {
  const parent = await ofNobody()
  await setMode(parent, 0o555)
  const outcome = await attempt({ options: { directory: join(parent, 'target') }, around: AS_NOBODY })
  expect(outcome).toMatchObject({
    code: 'permission',
    message: expect.stringContaining(`${parent} is not writable`),
    hint: expect.stringContaining('--into'),
  })
  expect(await describeTree(parent)).toEqual({})
})

test('an empty folder below a parent that may not be written to is filled from inside', async () => {
  const parent = await ofNobody()
  const target = join(parent, 'target')
  await attempt({ options: { directory: target }, around: AS_NOBODY, files: { x: 1 } })
  await run('rm', [join(target, 'x')])
  await setMode(parent, 0o555)
  expect((await attempt({ options: { directory: target }, around: AS_NOBODY })).summary).toHaveLength(1)
  expect(Object.keys(await describeTree(target))).toEqual(['a', 'd', 'd/b'])
})

test('a folder of somebody else in the middle stops the restore before anything moves', async () => {
  const target = await ofNobody()
  await plant(target, { 'd/b': 'mine' })
  await setMode(join(target, 'd'), 0o555)
  const before = await describeTree(target)
  const outcome = await attempt({ options: { directory: target, cwd: target, overwrite: true }, around: AS_NOBODY })
  expect(outcome).toMatchObject({ code: 'permission', message: expect.stringContaining(join(target, 'd')) })
  expect(await contentOf(target)).toEqual(content(before))
})

test('folders whose modes keep their owner out are restored, kept and replaced all the same', async () => {
  const parent = await ofNobody()
  const target = join(parent, 'target')
  const make = `mkdir -p ${target}/d && echo mine > ${target}/d/b && echo mine > ${target}/a && chmod 555 ${target}/d ${target}`
  const around = AS_NOBODY.replace('exec', '').replace('"$@"', `sh -c '${make}'`)
  await run('sh', ['-c', around])
  const outcome = await attempt({ options: { directory: target, overwrite: true }, around: AS_NOBODY })
  expect(outcome.summary).toHaveLength(3)
  expect(await readFile(join(target, 'd/b'), 'utf8')).toBe('xxx')
})

test('a full disk leaves the target as it was, and nothing beside it', async () => {
  const disk = join(place, 'disk')
  const fill = 'mkdir target && printf mine > target/a && printf mine > target/keep'
  const after = 'ls -A . target >&3; cat target/a target/keep >&3'
  for (const cwd of ['/', join(disk, 'target')]) {
    const report = join(place, `report${cwd.length}`)
    const script = `mkdir -p ${disk} && mount -t tmpfs -o size=1m tmpfs ${disk} && cd ${disk} && ${fill} && "$@"; exec 3> ${report}; ${after}`
    const outcome = await attempt({
      options: { directory: join(disk, 'target'), cwd, overwrite: true, confirm: 'target' },
      around: `exec unshare -rm sh -c '${script}' sh "$@"`,
      files: { a: 10, big: 3_000_000 },
    })
    expect(outcome).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('Make room'),
    })
    expect(await readFile(report, 'utf8')).toBe('.:\ntarget\n\ntarget:\na\nkeep\nminemine')
  }
})

test('a disk that is mounted inside of the target is not moved into, and is named', async () => {
  const disk = join(place, 'target/d')
  await plant(place, { 'target/a': 'mine', 'target/d/under': 'mine' })
  const outcome = await attempt({
    options: { directory: join(place, 'target'), cwd: join(place, 'target'), overwrite: true },
    around: `exec unshare -rm sh -c 'mount -t tmpfs -o size=1m tmpfs ${disk} && "$@"' sh "$@"`,
  })
  expect(outcome).toMatchObject({ code: 'unsupported', message: expect.stringContaining(`${disk} is on another disk`) })
  expect(await readFile(join(place, 'target/a'), 'utf8')).toBe('mine')
  expect(Object.keys(await describeTree(place))).toEqual(['target', 'target/a', 'target/d', 'target/d/under'])
})

test('the root of a disk is filled from inside, and never switched for something else', async () => {
  const disk = join(place, 'disk')
  await plant(place, { disk: null })
  const mounted = (script: string) =>
    `exec unshare -rm sh -c 'mount -t tmpfs -o size=1m tmpfs ${disk} && ${script}' sh "$@"`
  const options = { directory: disk, overwrite: true, confirm: 'disk' }
  expect((await attempt({ options, around: mounted('"$@"') })).summary).toHaveLength(1)
  const refused = await attempt({ options, around: mounted(`touch ${disk}/mine && "$@"`) })
  expect(refused).toMatchObject({ code: 'unsupported', hint: expect.stringContaining(`cd ${disk}`) })
})

async function contentOf(folder: string) {
  return content(await describeTree(folder))
}

function content(tree: Awaited<ReturnType<typeof describeTree>>) {
  return Object.entries(tree).map(([path, { kind, content }]) => [path, kind, content])
}
