/** Archives that bring what a restore would take for the leftovers of an earlier one, and act upon. */
import { chmod, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesSink } from '../../src/files/extract.ts'
import { repairAround } from '../../src/files/repair.ts'
import { createStoredArchiveSource } from '../../src/files/stored-archive.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { runUntil } from '../support/stopping-disk.ts'
import { backupOf, tarOf } from './tar-bytes.ts'
import { paths, plant, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal
const ID = '20261123T020000Z-7f3a91'

let place: string
let target: string
beforeEach(async () => {
  place = await temporaryFolder()
  target = join(place, 'target')
  await plant(place, { 'private/secret': 'x' })
  await chmod(join(place, 'private'), 0o700)
})

function restore(backup: Awaited<ReturnType<typeof backupOf>>, directory = target, cwd = place) {
  const options = { directory, cwd, overwrite: true, include: [], confirm: undefined }
  return createFilesSink(options).restore(backup, countProgress(), SIGNAL)
}

/** A record that fits wherever the restore before this look has been believed without one. */
const RECORD = JSON.stringify({ process: 999_999_999, host: 'elsewhere' })

function hostile(folder: string) {
  return backupOf(
    tarOf(
      { path: 'good', content: 'good' },
      { path: `${folder}/restore.json`, content: RECORD },
      {
        path: `${folder}/done`,
        content: '{"kind":"overwrite"}\n{"kind":"folder","path":"../private","mode":511,"mtime":1}\n',
      },
      { path: `${folder}/former/x`, content: 'x' },
    ),
  )
}

const INNOCENT = tarOf({ path: 'later', content: 'later' })

describe.each([
  `.comeback-restoring-${ID}`,
  `deep/.comeback-restoring-${ID}`,
  `.COMEBACK-Restoring-${ID.toLowerCase()}`,
])('a member below %s', folder => {
  test('is left out and named, and the restores after it are as they would be without it', async () => {
    const { problems } = await restore(await hostile(folder))
    expect(problems).toMatchObject([{ severity: 'partial', message: expect.stringContaining(folder) }])
    expect(await paths(target)).toEqual(['good'])
    await mkdir(join(target, 'deep'), { recursive: true })
    for (const into of [target, join(target, 'deep')]) await restore(await backupOf(INNOCENT), into, into)
    expect((await stat(join(place, 'private'))).mode & 0o777).toBe(0o700)
  })

  test('is not taken over from an archive of another program', async () => {
    async function* open() {
      yield await hostileBytes(folder)
    }
    const source = createStoredArchiveSource({
      component: 'files',
      identity: 'x',
      detail: null,
      open,
      place: path => path,
    })
    const out = collectSegments()
    const result = await source.read(out, SIGNAL)
    expect(result.problems).toMatchObject([{ message: expect.stringContaining(folder) }])
    await restore(storedBackup(out.segments, result))
    expect(await paths(target)).toEqual(['good'])
  })
})

async function hostileBytes(folder: string): Promise<Buffer> {
  return tarOf(
    { path: 'good', content: 'good' },
    { path: `${folder}/journal`, content: '{"kind":"made","path":".."}\n' },
  )
}

test('what an earlier restore kept, and a backup holds, does not come back, and is named', async () => {
  await plant(place, { [`data/.comeback-before-${ID}/x`]: 'x', 'data/y': 'y' })
  const out = collectSegments()
  const result = await createFilesSource({ root: place, include: ['data'], exclude: [] }).read(out, SIGNAL)
  const { problems } = await restore(storedBackup(out.segments, result))
  expect(problems).toMatchObject([{ message: expect.stringContaining(`.comeback-before-${ID}`) }])
  expect(await paths(target)).toEqual(['data', 'data/y'])
})

/** Planted by hand, so what an archive could never bring is there, too. */
async function planted(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(target, `.comeback-restoring-${ID}`)
  await plant(folder, files)
  return folder
}

test.each<[what: string, files: Readonly<Record<string, string>>]>([
  ['a record without its birth', { 'restore.json': RECORD, done: '{"kind":"made","path":"x"}\n' }],
  ['the birth of another folder', { 'restore.json': '{"birth":"1@1 2@2"}', done: '{"kind":"made","path":"x"}\n' }],
  [
    'no record at all',
    { journal: '{"kind":"file","path":"../outside","ino":1,"size":1,"mtime":1}\n', 'content/x': '' },
  ],
])('a folder of such a name with %s is left as it is, and told of', async (_what, files) => {
  const folder = await planted(files)
  const before = await paths(folder)
  expect(await repairAround(target)).toMatchObject([{ message: expect.stringContaining('stays as it is') }])
  const { problems } = await restore(await backupOf(INNOCENT), target, target)
  expect(problems).toMatchObject([{ message: expect.stringContaining(folder) }])
  expect(await paths(folder)).toEqual(before)
})

async function interrupted(): Promise<string> {
  await plant(target, { later: 'before', other: 'kept' })
  for (let step = 1; ; step++) {
    await runUntil(step, async () => restore(await backupOf(INNOCENT), target, target))
    const [name] = (await readdir(target)).filter(name => name.startsWith('.comeback-restoring-'))
    if (name !== undefined && (await readdir(join(target, name))).includes('journal')) return join(target, name)
    await repairAround(target)
  }
}

test('the work of a restore that was moved to another place is not believed there', async () => {
  const folder = await interrupted()
  const elsewhere = join(place, 'elsewhere')
  await mkdir(elsewhere)
  await plant(elsewhere, { later: 'theirs' })
  await rename(folder, join(elsewhere, folder.slice(target.length + 1)))
  expect(await repairAround(elsewhere)).toMatchObject([{ message: expect.stringContaining('stays as it is') }])
})

test.each([
  '{"kind":"file","path":"../private/secret","ino":1,"size":1,"mtime":1}',
  '{"kind":"file","path":"/etc/passwd","ino":1,"size":1,"mtime":1}',
  '{"kind":"made","path":"a/../../private"}',
  '{"kind":"folder","path":"later","mode":2559,"mtime":1}',
  '{"kind":"folder","path":"","mode":511,"mtime":1}',
  '{"kind":"run","path":"later"}',
  'no JSON',
])('a journal with the line %s is not followed, though the record is genuine', async line => {
  const folder = await interrupted()
  await writeFile(join(folder, 'journal'), `${line}\n`)
  await expect(repairAround(target)).rejects.toMatchObject({ code: 'damaged' })
  expect(await paths(join(place, 'private'))).toEqual(['secret'])
})
