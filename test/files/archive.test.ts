import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, link, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SegmentWriter } from '../../src/engine/ports.ts'
import { createFilesSource } from '../../src/files/archive.ts'
import { readTar } from '../../src/files/tar-reader.ts'
import { collectSegments } from '../fakes/segments.ts'
import { describeTree, paths, plant, run, setMode, setTime, type Tree, temporaryFolder } from './tree.ts'

const SIGNAL = new AbortController().signal

async function backUp(root: string, include: readonly string[] = ['.'], exclude: readonly string[] = []) {
  const out = collectSegments()
  const result = await createFilesSource({ root, include, exclude }).read(out, SIGNAL)
  return { ...result, out, bytes: out.stock() }
}

/** Names in an archive, as this project's reader sees them. */
async function names(bytes: Buffer): Promise<readonly string[]> {
  const found: string[] = []
  for await (const entry of readTar(one(bytes))) found.push(entry.path)
  return found
}

async function* one(bytes: Buffer) {
  yield bytes
}

async function plantedRoot(tree: Tree): Promise<string> {
  const root = await temporaryFolder()
  await plant(root, tree)
  return root
}

/** Unpacks with the system's own tar, and gives what it made. */
async function unpackByTar(bytes: Buffer) {
  const folder = await temporaryFolder()
  const { status, stderr } = await run('tar', ['--warning=no-timestamp', '-xpf', '-', '-C', folder], bytes)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return await describeTree(folder)
}

const LONG = 'n'.repeat(250)

describe('the stream', () => {
  it('is what the system’s tar unpacks: names, modes, times, links, empty folders', async () => {
    const root = await plantedRoot({
      'plain.txt': 'text',
      empty: '',
      block: Buffer.alloc(512, 'b'),
      'block-1': Buffer.alloc(511, 'b'),
      'block+1': Buffer.alloc(513, 'b'),
      big: randomBytes(3_000_001),
      '.hidden/.file': 'dot',
      'empty folder': null,
      'größe/日本語/שלום/😀': 'scripts',
      [`deep/${LONG}/${LONG}/${LONG}`]: 'long',
      [`deep/${'é'.repeat(60)}/${'ü'.repeat(60)}`]: 'long and not ASCII',
      ['x'.repeat(100)]: 'exactly the width of the field',
      ['y'.repeat(101)]: 'one more',
      'back\\slash': '',
      'line\nbreak': '',
      'zeile\numbrüche': '',
      ' blanks ': '',
      '-rf': '',
      'quote"\'$`': '',
      'link-to-file': { link: 'plain.txt' },
      'link-to-nothing': { link: '/nowhere/at/all' },
      'link-long': { link: `deep/${LONG}/${LONG}` },
      'link-ü': { link: 'größe' },
    })
    await setMode(join(root, 'plain.txt'), 0o640)
    await setMode(join(root, 'empty'), 0o755)
    await setMode(join(root, 'empty folder'), 0o1777)
    await setMode(join(root, '.hidden'), 0o700)
    await setTime(join(root, 'plain.txt'), 1_000_000_000)
    await setTime(join(root, 'block'), -5)
    await setTime(join(root, 'block-1'), 10_000_000_000)
    await setTime(join(root, 'link-to-file'), 1_111_111_111)
    await setTime(join(root, 'empty folder'), 1_222_222_222)
    const { bytes, problems } = await backUp(root)
    expect(problems).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/^link-to-nothing .* out of/) },
    ])
    expect(await unpackByTar(bytes)).toEqual(await describeTree(root))
  })

  it('is the same bytes for the same files, whatever their inodes and access times are', async () => {
    const tree: Tree = { 'b/2': 'two', 'b/1': 'one', a: 'a', ä: 'x', c: { link: 'a' } }
    const [first, second] = [
      await plantedRoot(tree),
      await plantedRoot(Object.fromEntries(Object.entries(tree).reverse())),
    ]
    for (const root of [first, second]) {
      for (const path of await paths(root)) await setTime(join(root, path), 1_000_000_000)
    }
    const bytes = (await backUp(first)).bytes
    expect((await backUp(first)).bytes.equals(bytes)).toBe(true)
    expect((await backUp(second)).bytes.equals(bytes)).toBe(true)
  })

  it('holds names in the order of their bytes, folders before what is in them', async () => {
    const root = await plantedRoot({ 'b/x': '', 'b-': '', B: '', ä: '', a: '', 'a.d/x': '' })
    expect(await names((await backUp(root)).bytes)).toEqual(['B', 'a', 'a.d/', 'a.d/x', 'b/', 'b/x', 'b-', 'ä'])
  })

  it('keeps hard links as files of their own', async () => {
    const root = await plantedRoot({ a: 'content' })
    await link(join(root, 'a'), join(root, 'b'))
    const unpacked = await unpackByTar((await backUp(root)).bytes)
    expect([unpacked.a?.content, unpacked.b?.content]).toEqual(Array(2).fill(Buffer.from('content').toString('base64')))
  })

  it('keeps no set-user-id bits, but that what is made in a folder is its group’s', async () => {
    const root = await plantedRoot({ program: '', 'folder/x': '' })
    await setMode(join(root, 'program'), 0o6755)
    await setMode(join(root, 'folder'), 0o3775)
    const unpacked = await unpackByTar((await backUp(root)).bytes)
    expect(unpacked.program?.mode).toBe(0o755)
    expect(unpacked.folder?.mode).toBe(0o3775)
  })

  it('keeps sizes that do not fit a classic header', async () => {
    // A file of 9 GiB that is one hole; only its head is looked at.
    const root = await plantedRoot({ huge: '' })
    await truncate(join(root, 'huge'), 9 * 1024 ** 3)
    let head: Buffer | undefined
    const peeking: SegmentWriter = {
      restart() {},
      expect() {},
      phase() {},
      async segment(_head, bytes) {
        for await (const piece of bytes) {
          head = Buffer.from(piece)
          break
        }
        return 0
      },
    }
    await createFilesSource({ root, include: ['huge'], exclude: [] }).read(peeking, SIGNAL)
    const listed = await run('tar', ['tvf', '-'], head)
    expect(listed.stdout).toContain('9663676416')
    expect(listed.stdout).toContain('huge')
  })

  it('survives any names', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter(text => !/[/\0]/.test(text) && text !== '.' && text !== '..' && Buffer.byteLength(text) < 256)
      .filter(text => text.isWellFormed())
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async all => {
        const root = await temporaryFolder()
        // Below folders of their own, so that no name stands in another's way.
        await plant(root, Object.fromEntries(all.map((parts, index) => [join(String(index), ...parts), `${index}`])))
        const { bytes } = await backUp(root)
        expect(await unpackByTar(bytes)).toEqual(await describeTree(root))
      }),
      { numRuns: 30 },
    )
  })
})

describe('what is taken', () => {
  it('is what patterns name, with the folders that lead there, and without exclusions', async () => {
    const root = await plantedRoot({
      'public/a.jpg': '',
      'public/sub/b.jpg': '',
      'public/c.txt': '',
      'uploads/.htaccess': '',
      'uploads/cache/x': '',
      'uploads/x.log': '',
      'node_modules/m/a.jpg': '',
      '.git/config': '',
      other: '',
    })
    const { bytes, problems } = await backUp(
      root,
      ['public/**/*.jpg', 'uploads', 'nothing/*'],
      ['*.log', 'uploads/cache'],
    )
    expect(await names(bytes)).toEqual([
      'public/',
      'public/a.jpg',
      'public/sub/',
      'public/sub/b.jpg',
      'uploads/',
      'uploads/.htaccess',
    ])
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('nothing/*') }),
    ])
  })

  it('is nothing at all only with an error', async () => {
    const root = await plantedRoot({ a: '' })
    await expect(backUp(root, ['b', 'c/*'])).rejects.toMatchObject({ code: 'not-found' })
    await expect(backUp(join(root, 'missing'))).rejects.toMatchObject({ code: 'not-found' })
    const out = collectSegments()
    await expect(createFilesSource({ root, include: ['b'], exclude: [] }).read(out, SIGNAL)).rejects.toThrow()
    expect(out.segments).toEqual([])
  })

  it('is the content of links that a pattern spells out, and links as links below', async () => {
    const disk = await plantedRoot({ 'a.jpg': 'picture', inner: { link: 'a.jpg' }, env: 'A=1' })
    const root = await plantedRoot({ 'code/x': '' })
    await symlink(disk, join(root, 'uploads'))
    await symlink(join(disk, 'env'), join(root, '.env'))
    await symlink('/nowhere', join(root, 'broken'))
    for (const pattern of ['uploads', 'uploads/**', 'uploads/*']) {
      const { bytes } = await backUp(root, [pattern, '.env'])
      expect(await names(bytes)).toEqual(['.env', 'uploads/', 'uploads/a.jpg', 'uploads/env', 'uploads/inner'])
      const unpacked = await unpackByTar(bytes)
      expect(unpacked['uploads/inner']?.kind).toBe('link')
      expect(unpacked['.env']?.kind).toBe('file')
    }
    const all = await backUp(root, ['.'])
    expect((await unpackByTar(all.bytes)).uploads?.kind).toBe('link')
    const broken = await backUp(root, ['broken'])
    expect(broken.problems).toEqual([
      expect.objectContaining({ severity: 'partial', message: expect.stringContaining('link to nothing') }),
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('leads out of') }),
    ])
    expect(await names(broken.bytes)).toEqual(['broken'])
  })

  it('leaves out sockets and pipes, and says so', async () => {
    const root = await plantedRoot({ file: '' })
    await run('mkfifo', [join(root, 'pipe')])
    const server = createServer().listen(join(root, 'socket'))
    await once(server, 'listening')
    const { bytes, problems } = await backUp(root)
    server.close()
    expect(await names(bytes)).toEqual(['file'])
    expect(problems.map(problem => [problem.severity, problem.message.split(' ')[0]])).toEqual([
      ['warning', 'pipe'],
      ['warning', 'socket'],
    ])
  })
})

describe('files that do not hold still', () => {
  /** Backs up while something happens to a file: when the first bytes of the big file before it arrive. */
  async function backUpWhile(tree: Tree, happen: (root: string) => Promise<void>) {
    const root = await plantedRoot(tree)
    const out = collectSegments()
    let happened = false
    const result = await createFilesSource({ root, include: ['.'], exclude: [] }).read(
      {
        ...out,
        segment: (head, bytes) =>
          out.segment(
            head,
            (async function* () {
              for await (const piece of bytes) {
                yield piece
                if (!happened && piece.length > 100_000) await happen(root)
                happened ||= piece.length > 100_000
              }
            })(),
          ),
      },
      SIGNAL,
    )
    expect(happened).toBe(true)
    const unpacked = await unpackByTar(out.stock())
    return { problems: result.problems, unpacked }
  }

  const BIG = randomBytes(4_000_000)

  it('are reported when they grow, and cut at the size that they had', async () => {
    const { problems, unpacked } = await backUpWhile({ a: BIG, b: 'b' }, root => appendFile(join(root, 'a'), 'more'))
    expect(problems).toMatchObject([{ severity: 'partial', message: expect.stringMatching(/^a changed/) }])
    expect(unpacked.a?.content).toBe(BIG.toString('base64'))
    expect(Object.keys(unpacked)).toEqual(['a', 'b'])
  })

  it('are reported when they shrink, and filled up with zeros', async () => {
    const { problems, unpacked } = await backUpWhile({ a: BIG, b: 'b' }, root => truncate(join(root, 'a'), 100))
    expect(problems).toMatchObject([{ severity: 'partial', message: expect.stringMatching(/^a changed/) }])
    expect(Buffer.from(unpacked.a?.content ?? '', 'base64')).toHaveLength(BIG.length)
    expect(unpacked.b?.content).toBe(Buffer.from('b').toString('base64'))
  })

  it('are reported when they are written over in place', async () => {
    const { problems } = await backUpWhile({ a: BIG }, root => writeFile(join(root, 'a'), randomBytes(BIG.length)))
    expect(problems).toMatchObject([{ severity: 'partial', message: expect.stringMatching(/^a changed/) }])
  })

  it('are whole and no problem when they are replaced by a rename', async () => {
    const { problems, unpacked } = await backUpWhile({ a: BIG, b: 'b' }, async root => {
      await writeFile(join(root, 'new'), 'new')
      await rename(join(root, 'new'), join(root, 'a'))
    })
    expect(problems).toEqual([])
    expect(unpacked.a?.content).toBe(BIG.toString('base64'))
  })

  it('are reported when they vanish, and the rest is there', async () => {
    // More files than are opened ahead stand between.
    const between = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`b${index}`, 'x']))
    const { problems, unpacked } = await backUpWhile({ a: BIG, ...between, 'y/x': 'x', z: 'z' }, async root => {
      await rm(join(root, 'z'))
      await rm(join(root, 'y'), { recursive: true })
      await mkdir(join(root, 'z'))
    })
    expect(problems.every(problem => problem.severity === 'partial')).toBe(true)
    expect(problems.map(problem => problem.message).join('\n')).toMatch(/^y.* vanished/m)
    expect(Object.keys(unpacked).filter(path => path.startsWith('b'))).toHaveLength(50)
  })
})

it('reports what may not be read, as an ordinary user, and takes the rest', async () => {
  const root = await plantedRoot({ 'a-closed': 'secret', 'b-closed/x': 'secret', c: 'open' })
  await setMode(root, 0o755)
  await setMode(join(root, 'a-closed'), 0)
  await setMode(join(root, 'b-closed'), 0)
  const script = `
    const at = ${JSON.stringify(new URL('../../', import.meta.url))}
    const { createFilesSource } = await import(at + 'src/files/archive.ts')
    const { collectSegments } = await import(at + 'test/fakes/segments.ts')
    if (process.getuid() === 0) process.setuid(65534)
    const out = collectSegments()
    const source = createFilesSource({ root: ${JSON.stringify(root)}, include: ['.'], exclude: [] })
    const { problems } = await source.read(out, new AbortController().signal)
    console.log(JSON.stringify({ problems, tar: out.stock().toString('base64') }))
  `
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
  expect(stderr).toBe('')
  const { problems, tar } = JSON.parse(stdout)
  expect(problems).toMatchObject([
    { severity: 'partial', message: expect.stringMatching(/^a-closed could not be read: EACCES/) },
    { severity: 'partial', message: expect.stringMatching(/^b-closed could not be read: EACCES/) },
  ])
  expect(await names(Buffer.from(tar, 'base64'))).toEqual(['b-closed/', 'c'])
})

it('counts what it does not name when many files have the same problem', async () => {
  const root = await plantedRoot({ file: '' })
  await run(
    'mkfifo',
    Array.from({ length: 30 }, (_, index) => join(root, `pipe${index}`)),
  )
  const { problems } = await backUp(root)
  expect(problems).toHaveLength(21)
  expect(problems.at(-1)?.message).toMatch(/^10 more/)
})

it('stops when the signal aborts, and leaves no file open', async () => {
  const root = await plantedRoot(
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, randomBytes(600_000)])),
  )
  const abort = new AbortController()
  const before = await openFiles()
  const stopping: SegmentWriter = {
    restart() {},
    expect() {},
    phase() {},
    async segment(_head, bytes) {
      let pieces = 0
      for await (const _ of bytes) if (++pieces === 5) abort.abort()
      return 0
    },
  }
  const source = createFilesSource({ root, include: ['.'], exclude: [] })
  await expect(source.read(stopping, abort.signal)).rejects.toMatchObject({ name: 'AbortError' })
  expect(await openFiles()).toEqual(before)

  async function openFiles() {
    return (await run('ls', ['-l', `/proc/${process.pid}/fd`])).stdout.split('\n').filter(line => line.includes(root))
  }
})

it('can be read twice', async () => {
  const root = await plantedRoot({ a: 'a' })
  const source = createFilesSource({ root, include: ['a', 'b'], exclude: [] })
  const [first, second] = [collectSegments(), collectSegments()]
  const results = [await source.read(first, SIGNAL), await source.read(second, SIGNAL)]
  expect(results[0]).toEqual(results[1])
  expect(first.stock().equals(second.stock())).toBe(true)
})
