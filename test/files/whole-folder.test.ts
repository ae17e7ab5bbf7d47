/** A restore that takes a folder's place: what it needs to be told, what it keeps, and what it never touches. */
import { chmod, lstat, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { discardKept } from '../../src/files/discard.ts'
import { createFilesSink, type FilesSinkOptions } from '../../src/files/extract.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { describeTree, paths, plant, setMode, setTime, type Tree, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal
const KEPT = /^target\.before-\d{8}T\d{6}Z-[0-9a-f]{6}$/

let place: string
let target: string
beforeEach(async () => {
  place = await temporaryFolder()
  target = join(place, 'target')
})

async function backUp(tree: Tree) {
  const root = await temporaryFolder()
  await plant(root, tree)
  await setTime(root, 1_000_000_000)
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

async function restore(tree: Tree, options: Partial<FilesSinkOptions> = {}) {
  const given = { directory: target, cwd: '/', overwrite: false, include: [], confirm: undefined, ...options }
  return createFilesSink(given).restore(await backUp(tree), countProgress(), SIGNAL)
}

async function keptIn(folder = place): Promise<string> {
  const [kept, ...more] = (await paths(folder)).filter(path => !path.includes('/') && path.includes('before-'))
  expect(more).toEqual([])
  return kept ?? ''
}

describe('into a folder that holds something', () => {
  beforeEach(() => plant(target, { a: 'mine', 'deep/b': 'mine' }))

  it('nothing is restored unless that is asked for, even if no name is taken', async () => {
    const before = await describeTree(place)
    await expect(restore({ c: 'theirs' })).rejects.toMatchObject({
      code: 'not-empty',
      hint: expect.stringMatching(/--overwrite.*--include/s),
    })
    expect(await describeTree(place)).toEqual(before)
  })

  it('with overwrite, it becomes exactly what the backup holds, and what it was is kept beside it', async () => {
    await setMode(target, 0o750)
    const { summary } = await restore({ a: 'theirs', 'deep/b': 'theirs', c: 'theirs' }, { overwrite: true })
    const kept = await keptIn()
    expect(kept).toMatch(KEPT)
    expect(summary.join('\n')).toContain(`comeback restore files --discard ${join(place, kept)}`)
    expect(await paths(target)).toEqual(['a', 'c', 'deep', 'deep/b'])
    expect(await readFile(join(place, kept, 'deep/b'), 'utf8')).toBe('mine')
    expect((await lstat(target)).mode & 0o777).toBe(0o750)
    expect((await paths(place)).filter(path => path.includes('restoring'))).toEqual([])
  })

  it('what the backup lacks is named, and goes only when the folder is confirmed', async () => {
    const before = await describeTree(place)
    await expect(restore({ a: 'theirs' }, { overwrite: true })).rejects.toMatchObject({
      code: 'not-empty',
      message: expect.stringContaining('deep/b'),
      hint: expect.stringContaining('--confirm target'),
    })
    await expect(restore({ a: 'theirs' }, { overwrite: true, confirm: 'place' })).rejects.toMatchObject({
      code: 'usage',
    })
    expect(await describeTree(place)).toEqual(before)
    await restore({ a: 'theirs' }, { overwrite: true, confirm: 'target' })
    expect(await paths(target)).toEqual(['a'])
    expect(await readFile(join(place, await keptIn(), 'deep/b'), 'utf8')).toBe('mine')
  })

  it('only some files are taken from the backup, and the rest of the folder stays', async () => {
    const tree = { a: 'theirs', 'deep/b': 'theirs', 'deep/.c': 'theirs', 'e/f': 'theirs' }
    await expect(restore(tree, { include: ['deep'] })).rejects.toMatchObject({ code: 'not-empty' })
    await restore(tree, { include: ['deep', 'e/*'], overwrite: true })
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('mine')
    for (const name of ['deep/b', 'deep/.c', 'e/f']) expect(await readFile(join(target, name), 'utf8')).toBe('theirs')
    const kept = await keptIn(target)
    expect(await paths(join(target, kept))).toEqual(['deep', 'deep/b'])
    expect(await readFile(join(target, kept, 'deep/b'), 'utf8')).toBe('mine')
    expect((await lstat(join(target, kept))).mode & 0o777).toBe(0o700)
  })

  it('the working directory, and what it lies in, is never switched for another folder', async () => {
    await mkdir(join(target, 'deep/cwd'))
    const { ino } = await lstat(target)
    await restore({ a: 'theirs' }, { overwrite: true, cwd: join(target, 'deep/cwd') })
    expect((await lstat(target)).ino).toBe(ino)
    expect(await readFile(join(target, 'deep/b'), 'utf8')).toBe('mine')
  })

  it('a link to it stays a link', async () => {
    await symlink(target, join(place, 'link'))
    await restore({ a: 'theirs', 'deep/b': 'theirs' }, { overwrite: true, directory: join(place, 'link') })
    expect((await lstat(join(place, 'link'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('theirs')
    expect(await keptIn()).toMatch(KEPT)
  })

  it('a plan says all of that and changes nothing', async () => {
    const before = await describeTree(place)
    const given = { directory: target, cwd: '/', overwrite: true, include: [], confirm: undefined }
    const backup = await backUp({ a: 'theirs' })
    const plan = await createFilesSink(given).inspect(backup, countProgress(), SIGNAL)
    expect(plan).toMatchObject({
      way: 'swap',
      kept: expect.stringContaining('target.before-'),
      losses: [
        { what: '1 file as now there, replaced', names: ['a'] },
        { what: '1 file that the backup lacks', names: ['deep/b'] },
      ],
      needsConfirmation: true,
    })
    const confirmed = await createFilesSink({ ...given, confirm: 'target' }).inspect(backup, countProgress(), SIGNAL)
    expect([plan.refusal, confirmed.refusal]).toEqual([undefined, undefined])
    const mistaken = await createFilesSink({ ...given, confirm: 'place' }).inspect(backup, countProgress(), SIGNAL)
    expect(mistaken.refusal).toMatchObject({ code: 'usage' })
    const some = await createFilesSink({ ...given, include: ['a'] }).inspect(backup, countProgress(), SIGNAL)
    expect(some).toMatchObject({ way: 'merge', losses: [{ names: ['a'] }] })
    expect(await describeTree(place)).toEqual(before)
  })
})

describe('globs for what to restore', () => {
  it('bring the folders that it lies in, as they were', async () => {
    const root = await temporaryFolder()
    await plant(root, { 'a/b/c.jpg': 'x', 'a/b/d.txt': 'x', 'a/e/f.txt': 'x' })
    await setMode(join(root, 'a/b'), 0o750)
    await setTime(join(root, 'a/b'), 1_000_000_000)
    const out = collectSegments()
    const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
    const given = {
      directory: target,
      cwd: '/',
      overwrite: false,
      include: ['**/*.jpg', './nothing/'],
      confirm: undefined,
    }
    const sink = createFilesSink(given)
    const backup = storedBackup(out.segments, result)
    const plan = await sink.inspect(backup, countProgress(), SIGNAL)
    expect(plan).toMatchObject({ brings: { files: 1, folders: 2 } })
    const { problems } = await sink.restore(backup, countProgress(), SIGNAL)
    expect(problems).toMatchObject([{ severity: 'warning', message: expect.stringContaining('./nothing/') }])
    const found = await describeTree(target)
    expect(Object.keys(found)).toEqual(['a', 'a/b', 'a/b/c.jpg'])
    expect(found['a/b']).toMatchObject({ mode: 0o750, mtime: 1_000_000_000 })
  })

  it('that name nothing are an error', async () => {
    await expect(restore({ a: 'x', '.b': 'x' }, { include: ['c', '*/d'] })).rejects.toMatchObject({ code: 'not-found' })
    await expect(restore({ '.b': 'x' }, { include: ['*'] })).rejects.toMatchObject({ code: 'not-found' })
    expect(await paths(place)).toEqual([])
  })

  it.each(['/a', '!a', '', './'])('cannot be %j', pattern => {
    expect(() =>
      createFilesSink({ directory: target, cwd: '/', overwrite: false, include: [pattern], confirm: undefined }),
    ).toThrow('is no pattern')
  })
})

describe('what was kept', () => {
  async function replaced(): Promise<string> {
    await plant(target, { a: 'mine', 'closed/b': 'mine' })
    await setMode(join(target, 'closed'), 0o555)
    await restore({ a: 'theirs', 'closed/b': 'theirs' }, { overwrite: true })
    return join(place, await keptIn())
  }

  it('is discarded by its name, repeated', async () => {
    const kept = await replaced()
    const name = kept.slice(place.length + 1)
    await expect(discardKept(kept, undefined, SIGNAL)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('2 files'),
      hint: expect.stringContaining(`--confirm ${name}`),
    })
    await expect(discardKept(kept, 'target', SIGNAL)).rejects.toMatchObject({ code: 'usage' })
    expect(await discardKept(kept, name, SIGNAL)).toEqual([expect.stringContaining('2 files')])
    expect((await paths(place)).filter(path => !path.includes('/'))).toEqual(['target'])
    await expect(discardKept(kept, name, SIGNAL)).rejects.toMatchObject({ code: 'not-found' })
  })

  it.each(['target', 'target.before', 'x.before-20261123T020000Z', '.comeback-before-x', '..', '/'])(
    'is never %s',
    async name => {
      await plant(target, { a: 'mine' })
      const path = join(place, name)
      await expect(discardKept(path, name, SIGNAL)).rejects.toMatchObject({ code: 'usage' })
      expect(await paths(target)).toEqual(['a'])
    },
  )

  it('is never what a link of such a name leads to', async () => {
    await plant(target, { a: 'mine' })
    const name = 'x.before-20261123T020000Z-7f3a91'
    await symlink(target, join(place, name))
    await expect(discardKept(join(place, name), name, SIGNAL)).rejects.toMatchObject({ code: 'usage' })
    expect(await paths(target)).toEqual(['a'])
  })
})

test('a parent that does not exist is made, and is gone again after a failure', async () => {
  const deep = join(place, 'x/y/target')
  const abort = new AbortController()
  const sink = createFilesSink({ directory: deep, cwd: '/', overwrite: false, include: [], confirm: undefined })
  const progress = { phase() {}, advance: () => abort.abort() }
  await expect(sink.restore(await backUp({ a: 'x', b: 'y' }), progress, abort.signal)).rejects.toThrow()
  expect(await paths(place)).toEqual([])
  await restore({ a: 'x' }, { directory: deep })
  expect(await paths(place)).toEqual(['x', 'x/y', 'x/y/target', 'x/y/target/a'])
})

test('links and folders of other users that have the names of leftovers are left alone', async () => {
  const id = '20261123T020000Z-7f3a91'
  await plant(place, { 'treasure/gold': 'gold', 'treasure/content/x': 'x' })
  await symlink(join(place, 'treasure'), join(place, `.target.restoring-${id}`))
  await plant(place, { [`target.before-${id}/evil`]: 'evil' })
  await restore({ a: 'x' })
  expect(await paths(target)).toEqual(['a'])
  expect(await readFile(join(place, 'treasure/gold'), 'utf8')).toBe('gold')
  await rm(target, { recursive: true })
  // Even of the same user: this folder was not made by a restore that was about to move it.
  await rm(join(place, `.target.restoring-${id}`))
  await mkdir(join(place, `.target.restoring-${id}/content`), { recursive: true })
  await restore({ a: 'y' })
  expect(await paths(target)).toEqual(['a'])
  expect(await paths(join(place, `target.before-${id}`))).toEqual(['evil'])
  await chmod(target, 0o700)
})
