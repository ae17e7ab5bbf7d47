import { describe, expect, test } from 'vitest'
import { repairText, TextWatch } from '../../src/postgres/utf8.ts'

const ROWS = Buffer.concat([
  Buffer.from('1\tfine é\n2\tb'),
  Buffer.from([0xe3, 0x27]),
  Buffer.from('x\n3\t€\n4\t'),
  Buffer.from([0xff, 0xfe]),
  Buffer.from('\n\n5\tlast'),
  Buffer.from([0xc3, 0x0a]),
])

describe.each([1, 2, 3, 7, 1000])('in pieces of %i bytes', size => {
  const pieces = () =>
    Array.from({ length: Math.ceil(ROWS.length / size) }, (_, at) => ROWS.subarray(at * size, (at + 1) * size))

  test('rows with bytes that are no UTF-8 are counted, and the pieces may be used again at once', () => {
    const watch = new TextWatch()
    for (const piece of pieces()) {
      const used = Buffer.from(piece)
      watch.push(used)
      used.fill(0xff)
    }
    expect(watch.rows).toBe(3)
    watch.begin()
    watch.push(Buffer.from('fine\n'))
    expect(watch.rows).toBe(0)
  })

  test('each such run becomes U+FFFD, and every row stays a row', async () => {
    const found = { rows: 0 }
    async function* given() {
      yield* pieces()
    }
    const parts: Uint8Array[] = []
    for await (const part of repairText(given(), found)) parts.push(part)
    expect(Buffer.concat(parts).toString()).toBe("1\tfine é\n2\tb\uFFFD'x\n3\t€\n4\t\uFFFD\uFFFD\n\n5\tlast\uFFFD\n")
    expect(found.rows).toBe(3)
  })
})
