/** Whoever owns the folder that is restored into may exchange what is in it at any moment; nothing is written elsewhere for it. */
import { readdirSync, renameSync, symlinkSync } from 'node:fs'
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { mergeInto } from '../../src/files/merge.ts'
import { removeTree } from '../../src/files/remove-tree.ts'
import type { UnpackedMember } from '../../src/files/unpack.ts'
import { switchInWhole } from '../../src/files/whole-folder.ts'
import { collectSegments } from '../fakes/segments.ts'
import { describeTree, plant, temporaryFolder } from './tree.ts'

let place: string
let target: string
beforeEach(async () => {
  place = await temporaryFolder()
  target = join(place, 'target')
  await plant(place, { 'target/a/b/there': 'there', 'victim/b/gold': 'gold', 'victim/content/gold': 'gold' })
})

function restoring(): string | undefined {
  return readdirSync(target).find(name => name.startsWith('.comeback-restoring-'))
}

/** Looks like a signal, and does something as soon as files are being moved. */
function whenMoving(act: () => void): AbortSignal {
  let done = false
  const { signal } = new AbortController()
  return Object.assign(signal, {
    throwIfAborted() {
      const workplace = restoring()
      if (done || workplace === undefined || !readdirSync(join(target, workplace)).includes('journal')) return
      done = true
      act()
    },
  })
}

async function make(content: string, record: (member: UnpackedMember) => void): Promise<void> {
  await mkdir(join(content, 'a/b'), { recursive: true })
  for (const path of ['a/b/evil', 'a/b/there']) {
    await writeFile(join(content, path), 'evil')
    const { ino, size, mtimeMs } = await stat(join(content, path))
    record({ path, kind: 'file', ino, size, mtime: mtimeMs })
  }
}

test('a folder on the way that becomes a link stops the restore, and nothing went through it', async () => {
  const before = await describeTree(join(place, 'victim'))
  const swap = whenMoving(() => {
    renameSync(join(target, 'a'), join(target, 'was-a'))
    symlinkSync('../victim', join(target, 'a'))
  })
  await expect(mergeInto({ target, overwrite: true }, make, swap)).rejects.toMatchObject({ code: 'not-empty' })
  expect(await describeTree(join(place, 'victim'))).toEqual(before)
  expect(restoring()).toBeUndefined()
})

test('the target’s own place may be taken by a link: what was begun in it is finished in it', async () => {
  const before = await describeTree(join(place, 'victim'))
  const swap = whenMoving(() => {
    renameSync(target, join(place, 'moved'))
    symlinkSync('victim', target)
  })
  await mergeInto({ target, overwrite: true }, make, swap).catch(() => undefined)
  expect(await describeTree(join(place, 'victim'))).toEqual(before)
})

test('a workplace that is exchanged for a link gets nothing', async () => {
  const before = await describeTree(join(place, 'victim'))
  await mergeInto(
    { target, overwrite: true },
    async (content, record) => {
      const workplace = join(target, restoring() ?? '')
      renameSync(workplace, join(target, 'was'))
      await symlink('../victim', workplace)
      await make(content, record)
    },
    new AbortController().signal,
  ).catch(() => undefined)
  expect(await describeTree(join(place, 'victim'))).toEqual(before)
})

/** The folder that a restore of a whole folder works in, beside its target. */
function besideIt(): string {
  return readdirSync(place).find(name => name.startsWith('.target.restoring-')) ?? ''
}

const WHOLE = { way: 'replace', modes: 'kept', fleeting: false } as const

test('a workplace beside the target that is exchanged for a link gets nothing, and gives nothing', async () => {
  const before = await describeTree(join(place, 'victim'))
  await switchInWhole(
    { ...WHOLE, target, stats: await stat(target) },
    async content => {
      const workplace = join(place, besideIt())
      renameSync(workplace, join(place, 'was'))
      await symlink('victim', workplace)
      await writeFile(join(content, 'made'), 'x')
    },
    new AbortController().signal,
  ).catch(() => undefined)
  expect(await describeTree(join(place, 'victim'))).toEqual(before)
  expect(readdirSync(target)).not.toContain('gold')
})

test('the folder around the target may be taken by a link: what was begun in it is finished in it', async () => {
  await plant(place, { 'around/target/a': 'a', 'other/target/gold': 'gold' })
  const before = await describeTree(join(place, 'other'))
  await switchInWhole(
    { ...WHOLE, target: join(place, 'around/target'), stats: await stat(join(place, 'around/target')) },
    async content => {
      renameSync(join(place, 'around'), join(place, 'moved'))
      symlinkSync('other', join(place, 'around'))
      await writeFile(join(content, 'made'), 'x')
    },
    new AbortController().signal,
  )
  expect(await describeTree(join(place, 'other'))).toEqual(before)
  expect(readdirSync(join(place, 'moved/target'))).toEqual(['made'])
})

test('a backup reads nothing through a link that takes the place of a folder', async () => {
  const gold = 'gold'.repeat(1000)
  await plant(place, { 'victim/b/gold': gold, 'victim/b/there': gold })
  // More than are opened ahead of their turn, before the folder that is looked into only then.
  const many = Array.from({ length: 40 }, (_, index) => [`a/${100 + index}`, Buffer.alloc(300_000)] as const)
  await plant(target, Object.fromEntries(many))
  const out = collectSegments()
  const parts: string[] = []
  async function* watched(bytes: AsyncIterable<Uint8Array>) {
    for await (const piece of bytes) {
      parts.push(Buffer.from(piece).toString('latin1'))
      if (!readdirSync(target).includes('was')) {
        renameSync(join(target, 'a'), join(target, 'was'))
        symlinkSync('../victim', join(target, 'a'))
      }
      yield piece
    }
  }
  await createFilesSource({ root: target, include: ['.'], exclude: [] }).read(
    { ...out, segment: (head, bytes) => out.segment(head, watched(bytes)) },
    new AbortController().signal,
  )
  expect(readdirSync(target)).toContain('was')
  expect(parts.join('')).toContain('there')
  expect(parts.join('')).not.toContain('goldgold')
})

test('a folder that is being removed may be exchanged for a link: what it leads to stays', async () => {
  await plant(place, Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`tree/a/${index}`, 'x'])))
  await plant(place, Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`victim/${index}`, 'x'])))
  const removing = removeTree(join(place, 'tree'))
  await until(() => readdirSync(join(place, 'tree/a')).length < 1900)
  renameSync(join(place, 'tree/a'), join(place, 'was'))
  symlinkSync('../victim', join(place, 'tree/a'))
  await removing.catch(() => undefined)
  expect(readdirSync(join(place, 'victim'))).toHaveLength(2002)
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
