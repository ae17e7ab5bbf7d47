import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { readTar } from '../../src/files/tar-reader.ts'
import { encodeTarHead, tarPadding } from '../../src/files/tar-writer.ts'
import { paxEntry, paxRecords, tarEntry, tarHeader, tarOf } from './tar-bytes.ts'
import { run } from './tree.ts'

async function read(bytes: Buffer, pieceSize = bytes.length || 1) {
  async function* pieces() {
    for (let offset = 0; offset < bytes.length; offset += pieceSize) yield bytes.subarray(offset, offset + pieceSize)
  }
  const found: { path: string; kind: string; target: string; content: string; mtime: number }[] = []
  for await (const { path, kind, target, content, mtime } of readTar(pieces())) {
    const parts: Buffer[] = []
    for await (const part of content) parts.push(part)
    found.push({ path, kind, target, content: Buffer.concat(parts).toString(), mtime: mtime.getTime() / 1000 })
  }
  return found
}

const LONG = 'é'.repeat(300)

test.each([1, 7, 511, 512, 513, 100_000])('reads an archive in pieces of %d bytes', async pieceSize => {
  const bytes = tarOf(
    { path: 'folder/', type: 'Directory' },
    { path: 'folder/a', content: 'x'.repeat(1000) },
    { path: 'folder/empty' },
    paxEntry({ path: LONG, linkpath: `${LONG}\nmore=7 x=y\n`, mtime: '1.5' }),
    { path: 'short', type: 'SymbolicLink', linkpath: 'short' },
    tarEntry({ path: '././@LongLink', type: 'NextFileHasLongPath', content: `${'g'.repeat(200)}\0` }),
    tarEntry({ path: '././@LongLink', type: 'NextFileHasLongLinkpath', content: `${'h'.repeat(200)}\0` }),
    { path: 'g', type: 'Link', linkpath: 'h' },
    { path: 'last', content: 'last' },
  )
  const found = await read(bytes, pieceSize)
  expect(found.map(({ path, kind, target, content }) => [path, kind, target, content])).toEqual([
    ['folder/', 'folder', '', ''],
    ['folder/a', 'file', '', 'x'.repeat(1000)],
    ['folder/empty', 'file', '', ''],
    [LONG, 'link', `${LONG}\nmore=7 x=y\n`, ''],
    ['g'.repeat(200), 'hard-link', 'h'.repeat(200), ''],
    ['last', 'file', '', 'last'],
  ])
  expect(found[3]?.mtime).toBe(1.5)
})

it('reads what the system’s tar writes, in each of its formats', async () => {
  for (const format of ['ustar', 'pax', 'gnu', 'oldgnu', 'v7']) {
    const { status } = await run('sh', ['-c', `cd test/files && tar cf - --format=${format} . >/dev/null`])
    expect(status).toBe(0)
    const encoded = await run('sh', ['-c', `cd test/files && tar cf - --format=${format} . | base64 -w0`])
    const found = await read(Buffer.from(encoded.stdout, 'base64'))
    expect(found.map(entry => entry.path)).toContain('./tar-reader.test.ts')
    expect(found.find(entry => entry.path === './tar-bytes.ts')?.content).toContain('byte by byte')
  }
})

it('reads whatever head it writes', async () => {
  const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }).filter(text => !/[/\0]/.test(text))
  const path = fc
    .array(part, { minLength: 1, maxLength: 8 })
    .map(parts => parts.join('/'))
    .filter(text => text.isWellFormed())
  await fc.assert(
    fc.asyncProperty(path, path, fc.nat(0xfffffffff), async (name, target, mtime) => {
      const head = encodeTarHead({ path: name, kind: 'link', mode: 0o777, mtime: mtime * 1000, target })
      const [entry] = await read(Buffer.concat([head, Buffer.alloc(1024)]))
      const plain = entry?.path.startsWith('./') && !name.startsWith('./') ? entry.path.slice(2) : entry?.path
      expect([plain, entry?.target, entry?.mtime]).toEqual([name, target, mtime])
    }),
  )
})

describe('what is no archive is damaged:', () => {
  const whole = tarOf({ path: 'a', content: 'x'.repeat(1500) }, { path: 'b', content: 'y' })

  it('one that is cut short, anywhere', async () => {
    for (const end of [
      0,
      1,
      511,
      512,
      700,
      2047,
      2048,
      2600,
      whole.length - 1024,
      whole.length - 512,
      whole.length - 1,
    ]) {
      await expect(read(whole.subarray(0, end)), String(end)).rejects.toMatchObject({ code: 'damaged' })
    }
    expect(await read(whole)).toHaveLength(2)
  })

  it('one with a flipped bit in a header', async () => {
    for (const at of [0, 100, 124, 156, 257, 511]) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await expect(read(bytes), String(at)).rejects.toMatchObject({ code: 'damaged' })
    }
  })

  test.each<[what: string, bytes: Buffer]>([
    ['noise', Buffer.alloc(4096, 'noise')],
    ['a number that is none, in base 256', tarOf({ path: 'a' }).fill(0xff, 124, 136)],
    ['a lone block of zeros', Buffer.concat([tarEntry({ path: 'a' }), Buffer.alloc(512), tarOf({ path: 'b' })])],
    ['a giant extended header', tarOf(tarHeader({ path: 'x', type: 'ExtendedHeader', size: 2 ** 31 }))],
    ['a giant long name', tarOf(tarHeader({ path: 'x', type: 'NextFileHasLongPath', size: 2 ** 31 }))],
    ['a giant content', tarOf(tarHeader({ path: 'x', size: 2 ** 32 }))],
    ['a record longer than its header', tarOf(tarEntry({ path: 'x', type: 'ExtendedHeader', content: '99 path=a\n' }))],
    ['a record of length 0', tarOf(tarEntry({ path: 'x', type: 'ExtendedHeader', content: '0 path=a\n' }))],
    ['a record of negative length', tarOf(tarEntry({ path: 'x', type: 'ExtendedHeader', content: '-9 path=a\n' }))],
    ['a record without an equals sign', tarOf(tarEntry({ path: 'x', type: 'ExtendedHeader', content: '8 path1\n' }))],
    ['a record without an end', tarOf(tarEntry({ path: 'x', type: 'ExtendedHeader', content: '9 path=ab' }))],
    ['a negative size', tarOf(paxEntry({ size: '-1' }), { path: 'a' })],
    ['a fractional size', tarOf(paxEntry({ size: '1.5' }), { path: 'a' })],
    ['an impossible time', tarOf(paxEntry({ mtime: 'noon' }), { path: 'a' })],
    [
      'a link with a content',
      tarOf(paxEntry({ size: '512' }), { path: 'a', type: 'Link', linkpath: 'b' }, { path: 'b' }),
    ],
    ['a folder with a content', tarOf(paxEntry({ size: '512' }), { path: 'a', type: 'Directory' }, { path: 'b' })],
  ])('%s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: 'damaged' })
  })
})

it('does not read files with holes in GNU’s forms as if they had none', async () => {
  const bytes = tarOf(paxEntry({ 'GNU.sparse.major': '1' }), { path: 'a', content: 'x' })
  await expect(read(bytes)).rejects.toMatchObject({ code: 'unsupported' })
})

it('takes nothing from a global header', async () => {
  const content = paxRecords({ path: 'evil', size: '9' })
  const bytes = tarOf(tarEntry({ path: 'x', type: 'GlobalExtendedHeader', content }), { path: 'a', content: 'b' })
  expect(await read(bytes)).toMatchObject([{ path: 'a', content: 'b' }])
})

it('skips a content that nobody reads', async () => {
  async function* once() {
    yield tarOf({ path: 'a', content: 'x'.repeat(5000) }, { path: 'b' })
  }
  const found: string[] = []
  for await (const { path } of readTar(once())) found.push(path)
  expect(found).toEqual(['a', 'b'])
  expect(tarPadding(5000)).toBe(120)
})
