/** Whoever owns the folder that is restored into may exchange what is in it at any moment; nothing is written elsewhere for it. */
import { readdirSync, renameSync, symlinkSync } from 'node:fs'
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { mergeInto } from '../../src/files/merge.ts'
import type { UnpackedMember } from '../../src/files/unpack.ts'
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
