import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  copyHeader,
  copyQuery,
  type Piece,
  pieceName,
  planTables,
  RANGE_PAGES,
  type Table,
} from '../../../src/postgres/dump/plan.ts'

const BLOCK = 8192

function table(overrides: Partial<Table> & { readonly name: string }): Table {
  const pages = overrides.pages === undefined ? 1 : overrides.pages
  return {
    oid: overrides.name,
    schema: 'public',
    columns: ['id'],
    into: { schema: 'public', name: overrides.name },
    rows: 'own',
    condition: null,
    pages,
    bytes: (pages ?? 1) * BLOCK,
    looks: null,
    references: [],
    ...overrides,
  }
}

const piecesOf = (...tables: readonly Table[]): Piece[] => planTables(tables).flatMap(({ pieces }) => pieces)

test('the pieces of any table follow each other without a gap from its first page to whatever its last one will be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 1_000_000 }), (pages, pageBytes) => {
      const pieces = piecesOf(table({ name: 't', pages, bytes: pages * pageBytes }))
      let next = 0
      for (const piece of pieces) {
        expect(piece.from).toBe(next)
        next = piece.to ?? Number.POSITIVE_INFINITY
      }
      expect(next).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})

test.each([
  [1, [0]],
  [RANGE_PAGES, [0]],
  [RANGE_PAGES + 1, [0, RANGE_PAGES]],
  [2 * RANGE_PAGES, [0, RANGE_PAGES]],
  [2 * RANGE_PAGES + 1, [0, RANGE_PAGES, 2 * RANGE_PAGES]],
])('a heap of %i pages is cut at %j', (pages, cuts) => {
  const pieces = piecesOf(table({ name: 't', pages }))
  expect(pieces.map(piece => piece.from)).toEqual(cuts)
})

test('a table whose rows lie mostly in TOAST is cut at more places, the old cuts among them', () => {
  const from = (bytes: number) => piecesOf(table({ name: 't', pages: 4 * RANGE_PAGES, bytes })).map(piece => piece.from)
  const plain = from(4 * RANGE_PAGES * BLOCK)
  const heavy = from(40 * RANGE_PAGES * BLOCK)
  expect(heavy.length).toBeGreaterThan(plain.length)
  expect(heavy).toEqual(expect.arrayContaining(plain))
})

test('tables that cannot be read by page, or only by a condition, stay whole', () => {
  const pages = 5 * RANGE_PAGES
  expect(planTables([table({ name: 'columnar', pages: null, bytes: pages * BLOCK })])).toHaveLength(1)
  expect(planTables([table({ name: 'config', pages, rows: 'added', condition: 'WHERE id > 1' })])).toHaveLength(1)
})

test('a heap without pages has nothing to read', () => {
  expect(
    planTables([table({ name: 'empty', pages: 0 }), table({ name: 'columnar', pages: null, bytes: 0 })]),
  ).toHaveLength(1)
})

test('big tables come first', () => {
  const pieces = piecesOf(table({ name: 'small' }), table({ name: 'big', pages: 3 }), table({ name: 'alike' }))
  expect(pieces.map(pieceName)).toEqual(['public.big', 'public.alike', 'public.small'])
})

test("extensions' tables are one run in the order of their foreign keys, a cycle included", () => {
  const runs = planTables([
    table({ name: 'a', rows: 'added', references: ['b', 'gone'] }),
    table({ name: 'b', rows: 'added', references: ['c'] }),
    table({ name: 'c', rows: 'added', references: ['d'] }),
    table({ name: 'd', rows: 'added', references: ['c'] }),
    table({ name: 'own' }),
  ])
  expect(runs.map(({ place, pieces }) => [place, ...pieces.map(pieceName)])).toEqual([
    ['first', 'public.d', 'public.c', 'public.b', 'public.a'],
    ['any', 'public.own'],
  ])
})

test('tables that look elsewhere are one run behind all others, in their order', () => {
  const runs = planTables([
    table({ name: 'plain' }),
    table({ name: 'c', schema: 'a', looks: 0, pages: 9 }),
    table({ name: 'b', looks: 2, pages: 9 }),
    table({ name: 'B', looks: 1 }),
  ])
  expect(runs.map(({ place, pieces }) => [place, ...pieces.map(pieceName)])).toEqual([
    ['last', 'a.c', 'public."B"', 'public.b'],
    ['any', 'public.plain'],
  ])
})

test('names are quoted in SQL and stay apart on one line', () => {
  const odd = table({ name: 'a"b', schema: 'x\ny', columns: ['Upper', 'select'], into: { schema: 's', name: 'root' } })
  const [piece] = piecesOf(odd)
  expect(piece && copyQuery(piece)).toBe('COPY "x\ny"."a""b" ("Upper", "select") TO STDOUT')
  expect(piece && copyHeader(piece)).toBe('COPY "s"."root" ("Upper", "select") FROM stdin;\n')
  expect(piece && pieceName(piece)).toBe('"x\\ny"."a\\"b"')
  const names = [
    table({ name: 'b.c', schema: 'a' }),
    table({ name: 'c', schema: 'a.b' }),
    table({ name: 'c', schema: 'a"."b' }),
  ].map(one => piecesOf(one).map(pieceName)[0])
  expect(new Set(names).size).toBe(3)
})

test('a table without columns is read and written without a list', () => {
  const [piece] = piecesOf(table({ name: 't', columns: [] }))
  expect(piece && copyQuery(piece)).toBe('COPY "public"."t" TO STDOUT')
  expect(piece && copyHeader(piece)).toBe('COPY "public"."t" FROM stdin;\n')
  const [range] = piecesOf(table({ name: 't', columns: [], pages: 2 * RANGE_PAGES }))
  expect(range && copyQuery(range)).toBe(
    `COPY (SELECT  FROM ONLY "public"."t" WHERE ctid >= '(0,0)' AND ctid < '(${RANGE_PAGES},0)') TO STDOUT`,
  )
})
