/** Whatever name a file system takes is backed up, proved and restored: names are bytes, and paths are as long as they may be. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { StoredBackup } from '../../src/engine/ports.ts'
import { createFilesSource } from '../../src/files/archive.ts'
import { discardKept } from '../../src/files/discard.ts'
import { createFilesSink } from '../../src/files/extract.ts'
import { nameFromBytes, nameToBytes } from '../../src/files/file-name.ts'
import { createFilesProver } from '../../src/files/prove.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { plant, run, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal
const LATIN = Buffer.from('caf\xe9', 'latin1')

let root: string
let place: string
beforeEach(async () => {
  root = await temporaryFolder()
  place = await temporaryFolder()
})

async function backUp(exclude: readonly string[] = []) {
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude }).read(out, SIGNAL)
  return { problems: result.problems, backup: storedBackup(out.segments, result), out }
}

async function restore(backup: StoredBackup, options: { directory: string; overwrite?: boolean; include?: string[] }) {
  const rest = { cwd: '/', overwrite: false, include: [], confirm: undefined }
  return createFilesSink({ ...rest, ...options }).restore(backup, countProgress(), SIGNAL)
}

/** A path below a folder, as bytes. */
function below(folder: string, ...names: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat([Buffer.from(folder), ...names.flatMap(name => [Buffer.from('/'), Buffer.from(name)])])
}

/** A file, a link, and a folder with something in it, none of whose names is UTF-8. */
async function plantLatin(folder: string, content = 'old') {
  await writeFile(below(folder, LATIN), content)
  await symlink(LATIN, below(folder, Buffer.from('link\xff', 'latin1')))
  await mkdir(below(folder, Buffer.from('d\xe9', 'latin1')))
  await writeFile(below(folder, Buffer.from('d\xe9', 'latin1'), LATIN), content)
}

/** Paths below it, a character a byte. */
async function latinIn(folder: string | Buffer): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  const found = entries.map(async entry => {
    const name = entry.name.toString('latin1')
    if (!entry.isDirectory()) return [name]
    const deeper = await latinIn(Buffer.concat([Buffer.from(folder), Buffer.from('/'), entry.name]))
    return [name, ...deeper.map(path => `${name}/${path}`)]
  })
  return (await Promise.all(found)).flat().toSorted()
}

const NAMES = ['caf\xe9', 'd\xe9', 'd\xe9/caf\xe9', 'link\xff']

describe('names that are no UTF-8', () => {
  test('are text of their own, whatever the bytes', () => {
    for (const bytes of [LATIN, Buffer.from([0xff, 0x41, 0xc3, 0xa9, 0xc3]), randomBytes(4096), Buffer.from('é😀')]) {
      expect(nameToBytes(nameFromBytes(bytes)).equals(bytes)).toBe(true)
    }
    expect(nameFromBytes(Buffer.from('é'))).toBe('é')
  })

  test('come back byte for byte, and make no backup partial', async () => {
    await plantLatin(root)
    const { backup, problems } = await backUp()
    expect(problems).toEqual([])
    const directory = join(place, 'new')
    await restore(backup, { directory })
    expect(await latinIn(directory)).toEqual(NAMES)
    expect((await readFile(below(directory, LATIN))).toString()).toBe('old')
  })

  test('are proved, and nothing is left of the proof', async () => {
    await plantLatin(root)
    const { backup } = await backUp()
    const context = { progress: countProgress() }
    const { findings } = await createFilesProver({ temporary: place }).prove(backup, context, SIGNAL)
    expect(findings).toEqual([])
    expect(await readdir(place)).toEqual([])
  })

  test('are replaced one by one, kept under their names, and discarded', async () => {
    await plantLatin(root)
    const { backup } = await backUp()
    await plantLatin(place, 'newer')
    await writeFile(join(place, 'mine'), 'x')
    const { summary } = await restore(backup, { directory: place, overwrite: true, include: ['**'] })
    expect((await readFile(below(place, Buffer.from('d\xe9', 'latin1'), LATIN))).toString()).toBe('old')
    const kept = /kept in (.*)$/.exec(summary.find(line => line.startsWith('What was replaced')) ?? '')?.[1] ?? ''
    expect((await readFile(below(kept, LATIN))).toString()).toBe('newer')
    await discardKept(kept, kept.split('/').at(-1), SIGNAL)
    expect(await latinIn(place)).toEqual(['caf\xe9', 'd\xe9', 'd\xe9/caf\xe9', 'link\xff', 'mine'])
  })

  test('can be left out, or chosen, by a wildcard', async () => {
    await plantLatin(root)
    await plant(root, { cafe: 'x' })
    const { backup } = await backUp(['caf?'])
    await restore(backup, { directory: place })
    expect(await latinIn(place)).toEqual(['d\xe9', 'link\xff'])
  })

  test('are what GNU tar makes of the archive, too', async () => {
    await plantLatin(root)
    const { out } = await backUp()
    const bytes = Buffer.concat(out.segments.map(({ bytes }) => bytes))
    expect(await run('tar', ['-x', '-C', place, '-f', '-'], bytes)).toMatchObject({ status: 0 })
    expect(await latinIn(place)).toEqual(NAMES)
  })
})

/** Relative paths of folders below one another, the deepest one with a file, so that the file's path has that many bytes. */
function plantDeep(folder: string, length: number): void {
  const here = process.cwd()
  let left = length
  try {
    process.chdir(folder)
    while (left > 400) {
      mkdirSync('n'.repeat(199))
      process.chdir('n'.repeat(199))
      left -= 200
    }
    const name = 'm'.repeat(left - 202)
    mkdirSync(name)
    process.chdir(name)
    writeFileSync('f'.repeat(201), 'deep')
  } finally {
    process.chdir(here)
  }
}

async function deepest(folder: string): Promise<number> {
  const { stdout } = await run('sh', ['-c', 'cd "$0" && find . -name ".comeback-*" -prune -o -type f -print', folder])
  return Math.max(
    ...stdout
      .trim()
      .split('\n')
      .map(path => path.length - 2),
  )
}

describe('paths near the limit of the system', () => {
  test.each([3900, 4000])(
    'of %i bytes come back, whatever the folder that they come back into is called',
    async length => {
      plantDeep(root, length)
      const { backup, problems } = await backUp()
      expect(problems).toEqual([])
      const directory = join(place, 'x'.repeat(200))
      await restore(backup, { directory })
      expect(await deepest(directory)).toBe(length)
      await plant(place, { 'other/mine': 'x' })
      await restore(backup, { directory: join(place, 'other'), include: ['n*'] })
      expect(await deepest(join(place, 'other'))).toBe(length)
      // Over itself, as the whole folder and as files of it.
      await restore(backup, { directory, overwrite: true })
      await restore(backup, { directory, overwrite: true, include: ['n*'] })
      expect(await deepest(directory)).toBe(length)
      const { findings } = await createFilesProver({ temporary: place }).prove(
        backup,
        { progress: countProgress() },
        SIGNAL,
      )
      expect(findings).toEqual([])
      expect(readdirSync(place).filter(name => name.startsWith('comeback-proof'))).toEqual([])
    },
  )

  test('leave room for what a restore makes beside its folder; without room, nothing is touched', async () => {
    await plant(root, { a: 'x' })
    const { backup } = await backUp()
    await restore(backup, { directory: join(place, 'n'.repeat(220)) })
    expect(await readFile(join(place, 'n'.repeat(220), 'a'), 'utf8')).toBe('x')
    const long = restore(backup, { directory: join(place, 'n'.repeat(221)) })
    await expect(long).rejects.toMatchObject({ hint: expect.stringMatching(/shorter/) })
    expect(await readdir(place)).toEqual(['n'.repeat(220)])
  })

  test('beyond it are named by the backup, which is partial, and says how to leave them out', async () => {
    plantDeep(root, 4800)
    await plant(root, { fine: 'x' })
    const { backup, problems } = await backUp()
    expect(problems).toMatchObject([{ severity: 'partial', hint: expect.stringMatching(/exclude/) }])
    expect(problems[0]?.message).toMatch(/too long/)
    await restore(backup, { directory: join(place, 'new') })
    expect(await readFile(join(place, 'new/fine'), 'utf8')).toBe('x')
  })
})
