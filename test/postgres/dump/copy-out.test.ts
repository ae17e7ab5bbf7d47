import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyOut } from '../../../src/postgres/dump/copy-out.ts'
import { alteringServer } from '../../support/altering-server.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(18)
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const ROWS = `SELECT i, repeat(md5(i::text), i % 40) AS t FROM generate_series(1, 2000) i`

/** A socket whose data arrives in pieces of the given size. */
class CuttingSocket extends Socket {
  readonly #size: number

  constructor(size: number) {
    super()
    this.#size = size
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) return super.push(chunk, encoding)
    let more = true
    for (let at = 0; at < chunk.length; at += this.#size) more = super.push(chunk.subarray(at, at + this.#size))
    return more
  }
}

async function connected(size?: number, url = database.url): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    ...(size === undefined ? {} : { stream: () => new CuttingSocket(size) }),
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function readAll(client: pg.Client, sql: string): Promise<{ text: string; rows: number; sizes: number[] }> {
  const copy = await copyOut(client, sql)
  const parts: Uint8Array[] = []
  // A buffer is used again when the next one is asked for.
  for await (const part of copy.bytes) parts.push(Buffer.from(part))
  return { text: Buffer.concat(parts).toString(), rows: copy.rows(), sizes: parts.map(part => part.length) }
}

describe('COPY TO STDOUT', () => {
  test.each([1, 2, 4, 5, 6, 7, 1000, undefined])('arrives whole in pieces of %s bytes', async size => {
    const client = await connected(size)
    try {
      const expected = (await client.query(`SELECT i || E'\\t' || t || E'\\n' AS line FROM (${ROWS}) r`)).rows
      const { text, rows } = await readAll(client, `COPY (${ROWS}) TO STDOUT`)
      expect(digest(text)).toBe(digest(expected.map(row => row.line).join('')))
      expect(rows).toBe(2000)
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    } finally {
      await client.end()
    }
  })

  test('comes in large buffers, however short the rows', async () => {
    const client = await connected()
    const { sizes } = await readAll(client, `COPY (SELECT i FROM generate_series(1, 300000) i) TO STDOUT`)
    await client.end()
    expect(Math.min(...sizes.slice(0, -1))).toBe(256 * 1024)
  })

  test('of nothing is nothing', async () => {
    const client = await connected()
    expect(await readAll(client, 'COPY (SELECT 1 WHERE false) TO STDOUT')).toEqual({ text: '', rows: 0, sizes: [] })
    await client.end()
  })

  test('holds the server back while nobody reads', async () => {
    const client = await connected()
    const sql = `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT`
    const copy = await copyOut(client, sql)
    await copy.bytes.next()
    await new Promise(resolve => setTimeout(resolve, 500))
    const [activity] = await database.query(
      `SELECT wait_event FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`,
      [(client as unknown as { processID: number }).processID],
    )
    expect(activity).toEqual({ wait_event: 'ClientWrite' })
    let bytes = 0
    for await (const part of copy.bytes) bytes += part.length
    expect(bytes + 256 * 1024).toBe(100_100_000)
    await client.end()
  })

  test('that is refused says so before any byte, and leaves the connection usable', async () => {
    const client = await connected()
    await expect(copyOut(client, 'COPY no_such_table TO STDOUT')).rejects.toMatchObject({ code: '42P01' })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  test('that fails on its way throws after the rows before', async () => {
    const client = await connected()
    const copy = await copyOut(client, 'COPY (SELECT 1 / (1000 - i) FROM generate_series(1, 2000) i) TO STDOUT')
    const reading = (async () => {
      for await (const _part of copy.bytes);
    })()
    await expect(reading).rejects.toMatchObject({ code: '22012' })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  test('whose connection is terminated throws', async () => {
    const client = await connected()
    const copy = await copyOut(client, `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT`)
    await copy.bytes.next()
    await database.query('SELECT pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID])
    const reading = (async () => {
      for await (const _part of copy.bytes);
    })()
    await expect(reading).rejects.toThrow()
  })

  test('that nobody wants any more takes the connection with it', async () => {
    const client = await connected()
    const ended = new Promise(resolve => client.once('end', resolve))
    const copy = await copyOut(client, `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT`)
    for await (const _part of copy.bytes) break
    await ended
  })
})

describe('a row that is not one line', () => {
  const WORD = 'x'.repeat(40)

  async function reading(size: number | undefined, rows: string, instead: string): Promise<string> {
    await using server = await alteringServer(database.url, WORD, Buffer.from(instead.padEnd(WORD.length, ' ')))
    const client = await connected(size, server.url)
    try {
      return (await readAll(client, `COPY (${rows}) TO STDOUT`)).text
    } finally {
      expect(server.altered()).toBeGreaterThan(0)
      client.end().catch(() => {})
    }
  }

  test.each([
    ['holds a line break', `SELECT '${WORD}'`, 'X\n\\.\n\\! touch pwned'],
    ['begins with one', `SELECT '${WORD}'`, '\nX'],
    ['ends with another one', `SELECT 'a${WORD}'`, `${' '.repeat(39)}\n`],
    [
      'holds one among many rows',
      `SELECT CASE i WHEN 77 THEN '${WORD}' ELSE 'y' END FROM generate_series(1, 99) i`,
      'X\nX',
    ],
    ['holds a NUL character', `SELECT '${WORD}'`, 'X\0'],
  ])('because it %s ends the reading', async (_, rows, instead) => {
    for (const size of [1, 7, undefined]) {
      await expect(reading(size, rows, instead)).rejects.toMatchObject({
        code: 'damaged',
        message: expect.stringContaining('holds a row that is not one line'),
      })
    }
  })

  test.each([
    ['x1', '\\.'],
    ['x12', '\\.\r'],
  ])('because it is what psql takes for the end of the rows ends the reading', async (said, instead) => {
    await using server = await alteringServer(database.url, said, Buffer.from(instead))
    for (const size of [1, 2, 3, 5, 6, 7, undefined]) {
      const client = await connected(size, server.url)
      await expect(readAll(client, `COPY (VALUES ('a'), ('${said}'), ('b')) TO STDOUT`)).rejects.toMatchObject({
        code: 'damaged',
      })
    }
  })

  test('is none that holds all that a value may hold', async () => {
    const client = await connected()
    const values = String.raw`(E'\\.'), (E'a\nb\r'), (''), (E'\\.\r')`
    const { text } = await readAll(client, `COPY (VALUES ${values}) TO STDOUT`)
    await client.end()
    expect(text).toBe(String.raw`\\.|a\nb\r||\\.\r|`.replaceAll('|', '\n'))
  })
})

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
