import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesSink, type FilesSinkOptions } from '../../src/files/extract.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { backupOf, paxEntry, type RawEntry, tarOf } from './tar-bytes.ts'
import { describeTree, paths, plant, run, setMode, setTime, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal

/** A folder with the target inside and something beside it that nothing may touch. */
let outside: string
let target: string
beforeEach(async () => {
  outside = await temporaryFolder()
  target = join(outside, 'target')
  await plant(outside, { 'treasure/gold': 'gold', beside: 'beside' })
})

/** Into `target`, from there: so files are merged into what it holds. */
function sinkInto(directory: string, options: Partial<FilesSinkOptions> = {}) {
  return createFilesSink({ directory, cwd: directory, overwrite: false, include: [], confirm: undefined, ...options })
}

async function restore(bytes: Buffer, overwrite = false) {
  const progress = countProgress()
  const result = await sinkInto(target, { overwrite }).restore(await backupOf(bytes), progress, SIGNAL)
  return { ...result, bytes: progress.bytes }
}

async function backUp(root: string) {
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

describe('a restore', () => {
  it('brings back what was backed up: names, contents, modes, times, links, empty folders', async () => {
    const root = await temporaryFolder()
    await plant(root, {
      'a/b/c.txt': 'text',
      'a/empty': '',
      'a/none': null,
      big: randomBytes(2_000_000),
      'größe/日本/😀\nx': 'script',
      [`long/${'n'.repeat(200)}/${'m'.repeat(200)}`]: 'long',
      'releases/7/x': '7',
      current: { link: 'releases/7' },
      'a/up': { link: '../big' },
      'dangling-inside': { link: 'nothing/there' },
    })
    await setMode(join(root, 'a/b/c.txt'), 0o640)
    await setMode(join(root, 'big'), 0o755)
    await setTime(join(root, 'big'), 1_000_000_000)
    await setTime(join(root, 'current'), 1_000_000_001)
    await setTime(join(root, 'a/b'), 1_000_000_002)
    await setTime(join(root, 'a/none'), 1_000_000_003)
    await setMode(join(root, 'a/b'), 0o555)
    const progress = countProgress()
    const result = await sinkInto(target).restore(await backUp(root), progress, SIGNAL)
    expect(result.problems).toEqual([])
    expect(result.summary.join()).toContain('6 files')
    expect(await describeTree(target)).toEqual(await describeTree(root))
    expect(progress.bytes).toBeGreaterThan(2_000_000)
    expect((await backUp(target)).segments).toEqual((await backUp(root)).segments)
  })

  it('goes into folders that exist already, beside what is there, whose modes and times stay', async () => {
    await plant(target, { 'a/mine': 'mine', other: 'other' })
    await setMode(join(target, 'a'), 0o711)
    const { problems } = await restore(tarOf({ path: 'a/', type: 'Directory', mode: 0o755 }, { path: 'a/theirs' }))
    expect(problems).toEqual([])
    expect(await paths(target)).toEqual(['a', 'a/mine', 'a/theirs', 'other'])
    expect((await lstat(join(target, 'a'))).mode & 0o777).toBe(0o711)
  })

  it('counts the plain bytes as they are written', async () => {
    expect((await restore(tarOf({ path: 'a', content: 'x'.repeat(1234) }, { path: 'b', content: 'y' }))).bytes).toBe(
      1235,
    )
  })

  it('makes hard links to files of the same archive', async () => {
    await restore(tarOf({ path: 'd/a', content: 'x' }, { path: 'b', type: 'Link', linkpath: './d/a' }))
    expect((await lstat(join(target, 'b'))).ino).toBe((await lstat(join(target, 'd/a'))).ino)
  })

  it('drops set-user-id bits, but not that what is made in a folder is its group’s', async () => {
    await restore(tarOf({ path: 'a', mode: 0o6755 }, { path: 'd/', type: 'Directory', mode: 0o7755 }))
    expect((await lstat(join(target, 'a'))).mode & 0o7777).toBe(0o755)
    expect((await lstat(join(target, 'd'))).mode & 0o7777).toBe(0o3755)
  })
})

describe('what is there', () => {
  const ARCHIVE = tarOf(
    { path: 'new', content: 'new' },
    { path: 'a', content: 'theirs' },
    { path: 'l', type: 'SymbolicLink', linkpath: 'a' },
  )

  it('is not replaced: the restore is refused, names it, and changes nothing', async () => {
    await plant(target, { a: 'mine', l: 'mine' })
    const before = await describeTree(outside)
    await expect(restore(ARCHIVE)).rejects.toMatchObject({
      code: 'not-empty',
      message: expect.stringMatching(/a, l\.$/),
      hint: expect.stringContaining('--overwrite'),
    })
    expect(await describeTree(outside)).toEqual(before)
  })

  it('is named only in part when it is much', async () => {
    const entries = Array.from({ length: 12 }, (_, index) => ({ path: `f${index}` }))
    await plant(target, Object.fromEntries(entries.map(({ path }) => [path, ''])))
    await expect(restore(tarOf(...entries))).rejects.toMatchObject({
      message: expect.stringMatching(/f4 and 7 more\.$/),
    })
  })

  it('is replaced with overwrite, and nothing but that', async () => {
    await plant(target, { a: 'mine', l: 'mine', other: 'other', 'treasure-link': { link: '../treasure/gold' } })
    await restore(tarOf(...[ARCHIVE.subarray(0, -1024), { path: 'treasure-link', content: 'replaced' }]), true)
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('theirs')
    expect(await readFile(join(target, 'other'), 'utf8')).toBe('other')
    expect(await readFile(join(target, 'treasure-link'), 'utf8')).toBe('replaced')
    expect(await readFile(join(outside, 'treasure/gold'), 'utf8')).toBe('gold')
    expect((await paths(target)).filter(path => !path.startsWith('.comeback-before-'))).toEqual([
      'a',
      'l',
      'new',
      'other',
      'treasure-link',
    ])
  })

  test.each<[what: string, there: Parameters<typeof plant>[1], entry: RawEntry]>([
    ['a folder in the place of a file', { 'x/y': '' }, { path: 'x' }],
    ['a file in the place of a folder', { x: '' }, { path: 'x/y' }],
    ['a file in the place of an empty folder', { x: '' }, { path: 'x/', type: 'Directory' }],
    ['a link to a folder in the place of a folder', { x: { link: '../treasure' } }, { path: 'x/gold' }],
    ['a link in the place of an inner folder', { 'x/y': { link: '../../treasure' } }, { path: 'x/y/z/gold' }],
    ['a link in the place of an empty folder', { x: { link: '../treasure' } }, { path: 'x/', type: 'Directory' }],
    ['a folder in the place of a link', { 'x/y': '' }, { path: 'x', type: 'SymbolicLink', linkpath: 'z' }],
  ])('is refused even with overwrite: %s', async (_what, there, entry) => {
    await plant(target, there)
    const before = await describeTree(outside)
    for (const overwrite of [false, true]) {
      await expect(restore(tarOf({ path: 'first' }, entry), overwrite)).rejects.toMatchObject({ code: 'not-empty' })
    }
    expect(await describeTree(outside)).toEqual(before)
  })

  it('may be a link as the target itself', async () => {
    await mkdir(join(outside, 'disk'))
    await symlink(join(outside, 'disk'), target)
    await restore(tarOf({ path: 'a' }))
    expect(await paths(join(outside, 'disk'))).toEqual(['a'])
  })

  it('is an error as a file in the place of the target', async () => {
    await writeFile(target, 'file')
    await expect(restore(tarOf({ path: 'a' }))).rejects.toMatchObject({ code: 'not-empty' })
  })
})

describe('a hostile archive is refused, and nothing is written:', () => {
  const link = (path: string, linkpath: string): RawEntry => ({ path, type: 'SymbolicLink', linkpath })
  const hard = (path: string, linkpath: string): RawEntry => ({ path, type: 'Link', linkpath })

  test.each<[what: string, ...entries: (RawEntry | Buffer)[]]>([
    ['an absolute path', { path: '/tmp/comeback-evil' }],
    ['an absolute path after slashes', { path: '//tmp/comeback-evil' }],
    ['an absolute path in an extended header', paxEntry({ path: '/tmp/comeback-evil' }), { path: 'a' }],
    ['a path upwards', { path: '../evil' }],
    ['a path upwards from below', { path: 'a/b/../../../evil' }],
    ['a path upwards at its end', { path: 'a/..', type: 'Directory' }],
    ['a path upwards in an extended header', paxEntry({ path: 'a/../../evil' }), { path: 'a' }],
    ['a name with a zero byte', paxEntry({ path: 'a\0b' }), { path: 'a' }],
    ['no name', paxEntry({ path: '' }), { path: 'a' }],
    ['a file in the place of the target', { path: '.' }],
    ['a link in the place of the target', link('./', '/etc')],
    ['a device', { path: 'a', type: 'CharacterDevice' }],
    ['a disk', { path: 'a', type: 'BlockDevice' }],
    ['a pipe', { path: 'a', type: 'FIFO' }],
    ['a file through a link out of the target', link('a', '../treasure'), { path: 'a/evil' }],
    ['a file through an absolute link', link('a', '/tmp'), { path: 'a/evil' }],
    ['a file through a link inside', { path: 'd/', type: 'Directory' }, link('a', 'd'), { path: 'a/evil' }],
    ['a file through a chain of links', link('a', 'b'), link('b', '..'), { path: 'a/evil' }],
    ['a folder through a link', link('a', '../treasure'), { path: 'a/evil/', type: 'Directory' }],
    ['a link through a link', link('a', '..'), link('a/evil', 'x')],
    ['a hard link through a link', { path: 'f' }, link('a', '..'), hard('a/evil', 'f')],
    ['a file over a link', link('a', '../treasure/gold'), { path: 'a', content: 'evil' }],
    ['a folder over a link', link('a', '../treasure'), { path: 'a', type: 'Directory' }],
    ['a link over a folder', { path: 'a', type: 'Directory' }, link('a', '../treasure'), { path: 'a/evil' }],
    ['a link over an implied folder', { path: 'a/b' }, link('a', '../treasure'), { path: 'a/evil' }],
    ['a file below a file', { path: 'a' }, { path: 'a/b' }],
    ['the same file twice', { path: 'a' }, { path: './a' }],
    ['a hard link out of the target', hard('a', '../treasure/gold')],
    ['a hard link to an absolute path', hard('a', '/etc/passwd')],
    ['a hard link through a link', link('d', '../treasure'), hard('a', 'd/gold')],
    ['a hard link to a link', link('d', '../treasure/gold'), hard('a', 'd')],
    ['a hard link to what comes later', hard('a', 'b'), { path: 'b' }],
    ['a hard link to itself', hard('a', 'a')],
  ])('%s', async (_what, ...entries) => {
    const before = await describeTree(outside)
    const archive = tarOf({ path: 'harmless', content: 'first' }, ...entries)
    for (const overwrite of [false, true]) {
      await expect(restore(archive, overwrite)).rejects.toMatchObject({ code: 'unsafe-archive', exitCode: 3 })
    }
    expect(await describeTree(outside)).toEqual(before)
    expect((await run('ls', ['/tmp/comeback-evil'])).status).not.toBe(0)
  })

  it('shows names without what could steer a terminal', async () => {
    await expect(restore(tarOf({ path: '../\x1b[31mred' }))).rejects.toMatchObject({
      message: expect.not.stringContaining('\x1b'),
    })
  })

  it('and so is one that is cut short', async () => {
    const archive = tarOf({ path: 'a', content: 'x'.repeat(2000) }).subarray(0, 1024)
    await expect(restore(archive)).rejects.toMatchObject({ code: 'damaged' })
    expect(await paths(outside)).not.toContain('target')
  })

  it('and so is a backup without any archive', async () => {
    const sink = sinkInto(target)
    await expect(sink.restore(storedBackup([]), countProgress(), SIGNAL)).rejects.toMatchObject({ code: 'damaged' })
  })
})

describe('links that lead out of the target', () => {
  test.each(['/srv/app/releases/7', '/', '../treasure', 'a/../../treasure', '../target/a', 'a/..', './../x'])(
    'such as %s are not made, but listed',
    async linkpath => {
      const { problems } = await restore(tarOf({ path: 'current', type: 'SymbolicLink', linkpath }, { path: 'a' }))
      expect(await paths(target)).toEqual(['a'])
      expect(problems).toMatchObject([
        { severity: 'partial', message: expect.stringContaining(JSON.stringify(linkpath)) },
      ])
    },
  )

  it('are counted where they are many', async () => {
    const links = Array.from({ length: 25 }, (_, index): RawEntry => {
      return { path: `l${index}`, type: 'SymbolicLink', linkpath: '/x' }
    })
    const { problems } = await restore(tarOf(...links))
    expect(problems).toHaveLength(21)
    expect(problems.at(-1)?.message).toMatch(/^5 more/)
  })

  test.each(['a', './a', 'd/e', '../a', '../d/./e', '..', '.', 'nothing'])(
    'are not among those from a folder of the target to %s',
    async linkpath => {
      const { problems } = await restore(tarOf({ path: 'd/link', type: 'SymbolicLink', linkpath }, { path: 'a' }))
      expect(problems).toEqual([])
      expect((await describeTree(target))['d/link']).toMatchObject({ kind: 'link', content: linkpath })
    },
  )
})

it('never touches anything outside, whatever the archive says', async () => {
  const part = fc.constantFrom('a', 'b', 'A', '..', '.', '', 'treasure', 'gold', 'target')
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
  const type = fc.constantFrom('File', 'Directory', 'SymbolicLink', 'Link', 'FIFO')
  const entry = fc.record({ path, type, linkpath: path, content: fc.constantFrom('', 'evil') })
  let refused = 0
  let done = 0
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), fc.boolean(), async (entries, overwrite) => {
      const folder = await temporaryFolder()
      await plant(folder, { 'treasure/gold': 'gold', 'target/a': { link: '../treasure' }, 'target/b/a': 'mine' })
      const before = await describeTree(folder)
      const raw = entries.map(({ content, ...rest }) => ({
        ...rest,
        path: rest.path === '' ? '/' : rest.path,
        content: rest.type === 'File' ? content : '',
      }))
      const sink = sinkInto(join(folder, 'target'), { overwrite })
      try {
        await sink.restore(await backupOf(tarOf(...(raw as RawEntry[]))), countProgress(), SIGNAL)
        done++
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(unsafe-archive|not-empty|damaged)$/) })
        refused++
      }
      const after = await describeTree(folder)
      const beyond = (tree: Awaited<ReturnType<typeof describeTree>>) =>
        Object.entries(tree).filter(([name]) => name.startsWith('treasure') || !name.startsWith('target'))
      expect(beyond(after)).toEqual(beyond(before))
      for (const [name, { kind, content }] of Object.entries(after)) {
        if (kind === 'link' && name !== 'target/a') expect(content).not.toMatch(/^\/|\w\/.*\.\./)
      }
    }),
    { numRuns: 300 },
  )
  // Both happen, or the test would show little.
  expect(Math.min(refused, done)).toBeGreaterThan(10)
})

it('stops when the signal aborts, leaving nothing behind', async () => {
  const root = await temporaryFolder()
  await plant(root, Object.fromEntries(['a', 'b', 'c'].map(name => [name, randomBytes(3_000_000)])))
  const abort = new AbortController()
  const progress = {
    phase() {},
    advance(bytes: number) {
      written += bytes
      if (written > 4_000_000) abort.abort()
    },
  }
  let written = 0
  const sink = sinkInto(target)
  await expect(sink.restore(await backUp(root), progress, abort.signal)).rejects.toMatchObject({ name: 'AbortError' })
  expect(await paths(outside)).toEqual(['beside', 'treasure', 'treasure/gold'])
})

it('says what the disk refuses, and on which file', async () => {
  const script = `
    const at = ${JSON.stringify(new URL('../../', import.meta.url))}
    const { createFilesSink } = await import(at + 'src/files/extract.ts')
    const { backupOf, tarOf } = await import(at + 'test/files/tar-bytes.ts')
    const { countProgress } = await import(at + 'test/fakes/segments.ts')
    process.on('SIGXFSZ', () => {})
    const backup = await backupOf(tarOf({ path: 'small' }, { path: 'big', content: Buffer.alloc(2_000_000) }), 65536)
    try {
      const sink = createFilesSink({ directory: ${JSON.stringify(target)}, cwd: '/', overwrite: false, include: [] })
      await sink.restore(backup, countProgress(), new AbortController().signal)
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }
  `
  const shell = 'ulimit -f 512; exec "$0" --input-type=module -e "$1"'
  const { stdout, stderr } = await run('sh', ['-c', shell, process.execPath, script])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({ code: 'failed', message: expect.stringContaining('/content/big') })
  expect(await paths(outside)).toEqual(['beside', 'treasure', 'treasure/gold'])
})
