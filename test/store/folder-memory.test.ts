import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { folderMemory } from '../../src/store/folder-memory.ts'
import { withMemory } from '../../src/store/remembering.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { codeOf, storeContract } from './contract.ts'

let outside = ''
let folder = ''
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'comeback-memory-'))
  folder = join(outside, 'memory')
})
afterEach(() => rmSync(outside, { recursive: true, force: true }))

storeContract('remembering in a folder', async () => ({
  store: withMemory(createMemoryStore(), folderMemory(folder), () => true),
  close: async () => {},
}))

const MANIFEST = 'database/20261101T020000Z-aaaaaa/manifest.json'
const index = (component: string, day: string) => `${component}/202611${day}T020000Z-aaaaaa/index.gz.enc`
const text = async (name: string) => {
  const bytes = await folderMemory(folder).read(name)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

it('keeps what was written last, in files that only their owner reads', async () => {
  const memory = folderMemory(folder)
  expect(await memory.read(MANIFEST)).toBeUndefined()
  await memory.write(MANIFEST, Buffer.from('one'))
  await memory.write(MANIFEST, Buffer.from('two'))
  expect(await text(MANIFEST)).toBe('two')
  expect(execFileSync('stat', ['-c', '%a', folder, join(folder, readdirSync(folder)[0] ?? '')]).toString()).toBe(
    '700\n600\n',
  )
})

it('forgets what a listing no longer shows below its prefix, and nothing else', async () => {
  const memory = folderMemory(folder)
  const names = [MANIFEST, 'database/b/manifest.json', 'files/b/manifest.json']
  for (const name of names) await memory.write(name, Buffer.from('x'))
  await memory.listed('database/', new Set([MANIFEST]))
  expect(await Promise.all(names.map(text))).toEqual(['x', undefined, 'x'])
  await memory.listed('', new Set())
  expect(readdirSync(folder)).toEqual([])
})

it('keeps the newest index of each component', async () => {
  const memory = folderMemory(folder)
  for (const day of ['02', '01', '03']) await memory.write(index('database', day), Buffer.from(day))
  await memory.write(index('files', '01'), Buffer.from('files'))
  expect(await text(index('database', '01'))).toBeUndefined()
  expect(await text(index('database', '02'))).toBeUndefined()
  expect(await text(index('database', '03'))).toBe('03')
  expect(await text(index('files', '01'))).toBe('files')
})

it('is not led astray by what lies in the folder instead of a file', async () => {
  const memory = folderMemory(folder)
  const target = join(outside, 'target')
  writeFileSync(target, 'untouched')
  mkdirSync(folder)
  const file = join(folder, MANIFEST.replaceAll('/', '~'))
  for (const plant of [
    () => symlinkSync(target, file),
    () => execFileSync('mkfifo', [file]),
    () => mkdirSync(file),
    () => {
      writeFileSync(file, '')
      truncateSync(file, 2 ** 33)
    },
  ]) {
    rmSync(file, { recursive: true, force: true })
    plant()
    expect(await memory.read(MANIFEST)).toBeUndefined()
    await memory.write(MANIFEST, Buffer.from('right'))
    expect(await text(MANIFEST)).toBe('right')
  }
  expect(readFileSync(target, 'utf8')).toBe('untouched')
})

it('has no names that lead out of the folder, and rejects where it cannot write', async () => {
  const memory = folderMemory(folder)
  expect(await codeOf(memory.write('../x', Buffer.from('x')))).toBe('usage')
  expect(await codeOf(memory.read('../x'))).toBe('usage')
  writeFileSync(folder, 'a file')
  await expect(memory.write(MANIFEST, Buffer.from('x'))).rejects.toThrow()
  await expect(memory.listed('', new Set())).rejects.toThrow()
  expect(existsSync(join(outside, 'x'))).toBe(false)
})
