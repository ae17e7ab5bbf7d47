import { rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createConfigSource } from '../../src/config/collect.ts'
import { createConfigSink } from '../../src/config/review.ts'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesSink } from '../../src/files/extract.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { describeTree, plant, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal

let target: string
beforeEach(async () => {
  target = await temporaryFolder()
})

async function backUp() {
  const root = await temporaryFolder()
  await plant(root, { 'a/one': '1', 'a/two': '22', three: '333', 'to-outside': { link: '/etc/passwd' } })
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  return storedBackup(out.segments, result)
}

async function look(overwrite: boolean, directory = target) {
  return createFilesSink({ directory, cwd: target, overwrite, include: [], confirm: undefined }).inspect(
    await backUp(),
    countProgress(),
    SIGNAL,
  )
}

describe('a look before files are restored', () => {
  test('into nothing tells what would come, and makes no folder', async () => {
    const directory = join(target, 'new')
    expect(await look(false, directory)).toEqual({
      kind: 'folder',
      place: directory,
      way: 'new',
      needsConfirmation: false,
      brings: { files: 3, folders: 1, links: 0, bytes: 6 },
      holds: { files: 0, more: false },
      losses: [],
      problems: [
        expect.objectContaining({ message: expect.stringMatching(/"to-outside".* leads out .* is not made\.$/) }),
      ],
    })
    expect(await describeTree(target)).toEqual({})
  })

  test('counts what is there, links as links, and says what would be replaced', async () => {
    await plant(target, { 'a/one': 'old', three: 'old', 'b/other': 'stays' })
    const elsewhere = await temporaryFolder()
    await plant(elsewhere, { x: 'x', y: 'y' })
    await symlink(elsewhere, join(target, 'root'))
    const before = await describeTree(target)
    const found = await look(true)
    expect(found).toMatchObject({
      holds: { files: 4, more: false },
      losses: [{ what: '2 files as now there, replaced', names: ['a/one', 'three'] }],
    })
    expect(found.refusal).toBeUndefined()
    expect(await describeTree(target)).toEqual(before)
  })

  test('spares the restore one reading of the archive, and yet it sees what has come since', async () => {
    const backup = await backUp()
    let readings = 0
    const counted: StoredBackup = {
      ...backup,
      read(segment, signal) {
        readings++
        return backup.read(segment, signal)
      },
    }
    for (const cwd of ['/', target]) {
      const directory = join(target, `new${cwd.length}`)
      const options = {
        directory,
        cwd: cwd === '/' ? cwd : directory,
        overwrite: false,
        include: [],
        confirm: undefined,
      }
      const sink = createFilesSink(options)
      readings = 0
      await plant(directory, {})
      await sink.inspect(counted, countProgress(), SIGNAL)
      await plant(directory, { 'a/one': 'has come' })
      await expect(sink.restore(counted, countProgress(), SIGNAL)).rejects.toMatchObject({ code: 'not-empty' })
      expect(await describeTree(directory)).toMatchObject({ 'a/one': { kind: 'file' } })
      expect(Object.keys(await describeTree(directory))).toEqual(['a', 'a/one'])
      await rm(directory, { recursive: true })
      await sink.inspect(counted, countProgress(), SIGNAL)
      readings = 0
      await sink.restore(counted, countProgress(), SIGNAL)
      expect(readings).toBe(1)
    }
  })

  test('says why it would be refused', async () => {
    await plant(target, { 'a/one': 'old', 'three/inside': 'old' })
    expect((await look(false)).refusal).toMatchObject({ code: 'not-empty' })
    const found = await look(true)
    expect(found.refusal?.message).toMatch(/already holds three\.$/)
    expect(found.losses).toEqual([{ what: '1 file as now there, replaced', names: ['a/one'] }])
  })
})

test('a look before configuration is restored tells whether the review folder is free', async () => {
  const root = await temporaryFolder()
  await plant(root, { '.env': 'A=1\n' })
  const out = collectSegments()
  const result = await createConfigSource({ root, files: ['.env'], env: [], environment: {} }).read(out, SIGNAL)
  const directory = join(target, 'review')
  const sink = createConfigSink({ directory, root, environment: {}, showValues: false })
  const inspect = () => sink.inspect(storedBackup(out.segments, result), countProgress(), SIGNAL)
  expect(await inspect()).toMatchObject({ brings: { files: 1 }, holds: { files: 0 }, losses: [] })
  expect((await inspect()).refusal).toBeUndefined()
  await plant(directory, { old: 'x' })
  expect((await inspect()).refusal).toMatchObject({ code: 'not-empty' })
})
