/** What a symbolic link points at is bytes, and in no encoding: they come back as they were. */
import { createReadStream } from 'node:fs'
import { mkdir, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFilesSource } from '../../src/files/archive.ts'
import { createFilesSink } from '../../src/files/extract.ts'
import { createFilesProver } from '../../src/files/prove.ts'
import { createStoredArchiveSource } from '../../src/files/stored-archive.ts'
import { readTar } from '../../src/files/tar-reader.ts'
import { ARCHIVE_END, encodeTarHead } from '../../src/files/tar-writer.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import { run, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal
const LATIN1 = Buffer.from('caf\xe9.jpg', 'latin1')
const LONG = Buffer.concat([Buffer.alloc(150, 'x/'), Buffer.from([0xff, 0x3d, 0x0a, 0x80])])

async function backedUp(root: string) {
  const out = collectSegments()
  const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(out, SIGNAL)
  return { backup: storedBackup(out.segments, result), bytes: Buffer.concat(out.segments.map(({ bytes }) => bytes)) }
}

async function linked(): Promise<string> {
  const root = await temporaryFolder()
  await symlink(LATIN1, join(root, 'short'))
  await mkdir(join(root, 'é'))
  await symlink(LONG, join(root, 'é', 'long'))
  await writeFile(join(root, 'file'), 'x')
  return root
}

async function targetsIn(root: string): Promise<readonly Buffer[]> {
  return [await readlink(join(root, 'short'), 'buffer'), await readlink(join(root, 'é', 'long'), 'buffer')]
}

test('a target that is no UTF-8 comes back byte for byte, and a proof holds it against the backup', async () => {
  const { backup } = await backedUp(await linked())
  const directory = join(await temporaryFolder(), 'target')
  const options = { directory, cwd: '/', overwrite: false, include: [], confirm: undefined }
  const { problems } = await createFilesSink(options).restore(backup, countProgress(), SIGNAL)
  expect(problems).toEqual([])
  expect(await targetsIn(directory)).toEqual([LATIN1, LONG])
  const context = { progress: countProgress() }
  const proof = await createFilesProver({ temporary: await temporaryFolder() }).prove(backup, context, SIGNAL)
  expect(proof.findings).toEqual([])
})

test('tar reads it, and what tar writes of it is read', async () => {
  const root = await linked()
  const { bytes } = await backedUp(root)
  const place = await temporaryFolder()
  expect(await run('tar', ['-x', '-C', place], bytes)).toMatchObject({ status: 0 })
  expect(await targetsIn(place)).toEqual([LATIN1, LONG])
  for (const format of ['gnu', 'posix']) {
    const archive = join(await temporaryFolder(), 'a.tar')
    await run('tar', ['-c', `--format=${format}`, '-f', archive, '-C', root, '.'])
    const found: Buffer[] = []
    for await (const { kind, targetBytes } of readTar(createReadStream(archive))) {
      if (kind === 'link') found.push(targetBytes)
    }
    expect(found.sort(Buffer.compare)).toEqual([LATIN1, LONG])
    const out = collectSegments()
    const source = createStoredArchiveSource({
      component: 'files',
      identity: 'x',
      detail: null,
      open: () => createReadStream(archive),
      place: path => path,
    })
    await source.read(out, SIGNAL)
    const again = await temporaryFolder()
    await run('tar', ['-x', '-C', again], Buffer.concat(out.segments.map(({ bytes }) => bytes)))
    expect(await targetsIn(again)).toEqual([LATIN1, LONG])
  }
})

test('any bytes but zeros go through a header', async () => {
  const target = fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes.map(byte => byte || 1)))
  await fc.assert(
    fc.asyncProperty(target, async target => {
      const head = encodeTarHead({ path: 'a/é', kind: 'link', mode: 0o777, mtime: 1_000, target })
      async function* once() {
        yield Buffer.concat([head, ARCHIVE_END])
      }
      for await (const entry of readTar(once())) {
        expect([entry.path, entry.targetBytes, entry.mtime.getTime()]).toEqual(['a/é', target, 1_000])
      }
    }),
  )
})
