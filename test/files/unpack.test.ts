/** The second reading by itself: what it meets may have appeared since the first. */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, test } from 'vitest'
import { unpackArchive } from '../../src/files/unpack.ts'
import { type RawEntry, tarOf } from './tar-bytes.ts'
import { describeTree, paths, plant, type Tree, temporaryFolder } from './tree.ts'

let outside: string
let directory: string
beforeEach(async () => {
  outside = await temporaryFolder()
  directory = join(outside, 'target')
  await plant(outside, { 'treasure/gold': 'gold', 'target/there': '' })
})

async function unpack(...entries: readonly RawEntry[]) {
  async function* once() {
    yield tarOf(...entries)
  }
  const options = { directory, modes: 'kept', advance() {} } as const
  return await unpackArchive(once(), options, new AbortController().signal)
}

test.each<[what: string, appeared: Tree, entry: RawEntry]>([
  ['a link in the place of a folder', { 'target/x': { link: '../treasure' } }, { path: 'x/gold', content: 'evil' }],
  ['a link in the place of an empty folder', { 'target/x': { link: '../treasure' } }, { path: 'x', type: 'Directory' }],
  ['a folder in the place of a file', { 'target/x/y': '' }, { path: 'x', content: 'evil' }],
  ['a folder in the place of a link', { 'target/x/y': '' }, { path: 'x', type: 'SymbolicLink', linkpath: 'there' }],
  ['a file in the place of a folder', { 'target/x': '' }, { path: 'x/y', content: 'evil' }],
])('goes neither through nor over %s', async (_what, appeared, entry) => {
  await plant(outside, appeared)
  const before = await describeTree(join(outside, 'treasure'))
  await expect(unpack(entry)).rejects.toMatchObject({ code: 'not-empty' })
  expect(await describeTree(join(outside, 'treasure'))).toEqual(before)
  expect((await paths(directory)).filter(path => path.includes('.tmp'))).toEqual([])
})

it('makes links last, so that a file system that takes A for a never writes through one', async () => {
  const result = await unpack({ path: 'A', type: 'SymbolicLink', linkpath: 'there' }, { path: 'a/x', content: 'x' })
  expect(result).toMatchObject({ files: 1, links: 1 })
  const [file, link] = [await lstat(join(directory, 'a/x')), await lstat(join(directory, 'A'))]
  expect(link.birthtimeMs).toBeGreaterThanOrEqual(file.birthtimeMs)
})
