/** Whose files they are comes back where root restores; everybody else gets files of their own. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, lchown, lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesSink } from '../../src/files/extract.ts'
import { createFilesProver } from '../../src/files/prove.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { plant, run, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal
/** Who is not root can give nothing away: then all of it stays that user's own. */
const ROOT = process.getuid?.() === 0
const [OWN, OWN_GROUP] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
const [OTHER, OTHER_GROUP] = ROOT ? [33, 82] : [OWN, OWN_GROUP]
const [LARGE, LARGE_GROUP] = ROOT ? [3_000_000_000, 3_000_000_000] : [OWN, OWN_GROUP]

let root: string
let place: string
beforeEach(async () => {
  root = await temporaryFolder()
  place = await temporaryFolder()
})

async function backUp() {
  await plant(root, { 'up/a': 'a', 'up/big': Buffer.alloc(300_000), 'up/l': { link: 'a' }, 'up/far': 'x', b: 'b' })
  await chmod(join(root, 'up'), 0o2770)
  for (const path of ['up', 'up/a', 'up/big']) await chown(join(root, path), OTHER, OTHER_GROUP)
  await chmod(join(root, 'up'), 0o2770)
  await lchown(join(root, 'up/l'), OTHER, OTHER_GROUP)
  await chown(join(root, 'up/far'), LARGE, LARGE_GROUP)
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  expect(result.problems).toEqual([])
  return { backup: storedBackup(out.segments, result), bytes: Buffer.concat(out.segments.map(({ bytes }) => bytes)) }
}

async function ownersIn(folder: string) {
  const names = ['up', 'up/a', 'up/big', 'up/l', 'up/far', 'b']
  return Promise.all(
    names.map(async name => {
      const { uid, gid } = await lstat(join(folder, name))
      return `${name} ${uid}:${gid}`
    }),
  )
}

const OWNERS = [
  ...['up', 'up/a', 'up/big', 'up/l'].map(path => `${path} ${OTHER}:${OTHER_GROUP}`),
  `up/far ${LARGE}:${LARGE_GROUP}`,
  `b ${OWN}:${OWN_GROUP}`,
]

test('root gives them back, in a new folder and over what stands there, and a group’s folder stays one', async () => {
  const { backup } = await backUp()
  const options = { cwd: '/', overwrite: false, include: [], confirm: undefined }
  await createFilesSink({ ...options, directory: join(place, 'new') }).restore(backup, countProgress(), SIGNAL)
  expect(await ownersIn(join(place, 'new'))).toEqual(OWNERS)
  expect((await lstat(join(place, 'new/up'))).mode & 0o7777).toBe(0o2770)
  await plant(place, { 'there/up/a': 'root’s now', 'there/mine': 'x' })
  const merge = { ...options, overwrite: true, include: ['up', 'b'], directory: join(place, 'there') }
  await createFilesSink(merge).restore(backup, countProgress(), SIGNAL)
  expect(await ownersIn(join(place, 'there'))).toEqual(OWNERS)
  expect((await lstat(join(place, 'there/up'))).mode & 0o7777).toBe(0o2770)
})

test('a proof by root compares them', async () => {
  const { backup } = await backUp()
  const progress = {
    advance: () => undefined,
    phase(text: string) {
      if (ROOT && text === 'Comparing every file') execFileSync('chown', ['-R', '0:0', place])
    },
  }
  const proved = createFilesProver({ temporary: place }).prove(backup, { progress: countProgress() }, SIGNAL)
  expect((await proved).findings).toEqual([])
  const { findings } = await createFilesProver({ temporary: place }).prove(backup, { progress }, SIGNAL)
  expect(findings.map(({ message }) => message).join(' ')).toMatch(ROOT ? /its owner/ : /^$/)
})

test('tar as root gives them back from the archive, too', async () => {
  const { bytes } = await backUp()
  await mkdir(join(place, 'tar'))
  expect(await run('tar', ['-x', '-C', join(place, 'tar'), '-f', '-'], bytes)).toMatchObject({ status: 0, stderr: '' })
  expect(await ownersIn(join(place, 'tar'))).toEqual(OWNERS)
})

test('names of one file that are in the backup together are named, as each comes back as a file of its own', async () => {
  await plant(root, { a: 'a' })
  await run('ln', [join(root, 'a'), join(root, 'b')])
  const out = collectSegments()
  const { problems } = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  expect(problems).toMatchObject([
    { severity: 'warning', message: expect.stringMatching(/^b is another name of a file/) },
  ])
})
