/** How a plain dump is cut into the segments that a database gives. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DatabaseDetail, parseDatabaseDetail, parseSegmentDetail } from '../../../src/postgres/detail.ts'
import { createScriptSource } from '../../../src/postgres/script.ts'
import { collectSegments } from '../../fakes/segments.ts'

const HEAD = `--
-- PostgreSQL database dump
--

\\restrict abcDEF123

-- Dumped from database version 14.23
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

`
const END = `--
-- PostgreSQL database dump complete
--

\\unrestrict abcDEF123

`

function entry(name: string, type: string, sql: string, schema = 'public'): string {
  return `--\n-- ${type === 'TABLE DATA' || type === 'BLOBS' ? 'Data for ' : ''}Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: shop\n--\n\n${sql}\n\n\n`
}

const SCRIPT = [
  HEAD,
  entry('hstore', 'EXTENSION', 'CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;', '-'),
  entry('f()', 'FUNCTION', "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $body$ SELECT ';\\.' $body$;"),
  entry('g()', 'FUNCTION', 'CREATE FUNCTION public.g() RETURNS int\n    BEGIN ATOMIC\n SELECT 1;\nEND;'),
  entry('häuser', 'TABLE', 'CREATE TABLE public."häuser" (\n    id integer,\n    "new\nline" text\n);'),
  entry('empty', 'TABLE', 'CREATE TABLE public.empty (\n);'),
  entry('parts', 'TABLE', 'CREATE TABLE public.parts (\n    i integer\n)\nPARTITION BY HASH (i);'),
  entry('part_0', 'TABLE', 'CREATE TABLE public.part_0 (\n    i integer\n);'),
  entry('unread', 'TABLE', 'CREATE TABLE public.unread (\n    i integer\n);'),
  entry('häuser', 'TABLE DATA', 'COPY public."häuser" (id, "new\nline") FROM stdin;\n1\ta\\nb\n2\t\\\\.\n3\t\\N\n\\.'),
  entry('empty', 'TABLE DATA', 'COPY public.empty  FROM stdin;\n\n\n\\.'),
  entry('part_0', 'TABLE DATA', '-- load via partition root public.parts\n\nCOPY public.parts (i) FROM stdin;\n7\n\\.'),
  entry('config', 'TABLE DATA', 'COPY public.config (k) FROM stdin;\n\\.'),
  entry('s', 'SEQUENCE SET', "SELECT pg_catalog.setval('public.\"s\nx''y\"', -5, true);"),
  entry(
    'BLOBS',
    'BLOBS',
    [
      'BEGIN;\n',
      "SELECT pg_catalog.lo_open('77', 131072);",
      "SELECT pg_catalog.lowrite(0, '\\x6c61');",
      "SELECT pg_catalog.lowrite(0, '\\x726765');",
      'SELECT pg_catalog.lo_close(0);\n',
      "SELECT pg_catalog.lo_open('78', 131072);",
      'SELECT pg_catalog.lo_close(0);\n',
      'COMMIT;',
    ].join('\n'),
    '-',
  ),
  entry('k', 'CONSTRAINT', 'ALTER TABLE ONLY public."häuser"\n    ADD CONSTRAINT k PRIMARY KEY (id);'),
  entry('m', 'MATERIALIZED VIEW DATA', 'REFRESH MATERIALIZED VIEW public.m;'),
  END,
].join('')

async function read(script: string, sizes: readonly number[] = [1_000_000]) {
  const out = collectSegments()
  const source = createScriptSource({ identity: 'x', open: () => pieces(Buffer.from(script), sizes) })
  const { detail, problems } = await source.read(out, new AbortController().signal)
  const segments = out.segments.map(({ head, bytes }) => ({ ...head, text: bytes.toString() }))
  return { segments, detail: parseDatabaseDetail(detail), problems }
}

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

test('rows become a segment for each table, with where they lie in it', async () => {
  const { segments, detail } = await read(SCRIPT)
  const rows = segments.filter(({ group }) => group === '01-data')
  expect(rows.map(({ name, text }) => [name, text])).toEqual([
    ['public."häuser"', 'COPY "public"."häuser" ("id", "new\nline") FROM stdin;\n1\ta\\nb\n2\t\\\\.\n3\t\\N\n\\.\n\n'],
    ['public.empty', 'COPY "public"."empty" FROM stdin;\n\n\n\\.\n\n'],
    ['public.part_0', 'COPY "public"."parts" ("i") FROM stdin;\n7\n\\.\n\n'],
    ['public.config', 'COPY "public"."config" ("k") FROM stdin;\n\\.\n\n'],
    ['large objects', "SELECT pg_catalog.lo_put(77, 0, '\\x6c61');\nSELECT pg_catalog.lo_put(77, 2, '\\x726765');\n"],
  ])
  expect(detail.rows).toEqual({ 'public."häuser"': 3, 'public.empty': 2, 'public.part_0': 1, 'public.config': 0 })
  const details = rows.flatMap(({ detail, text }) => {
    const parsed = parseSegmentDetail(detail)
    if (parsed.kind !== 'rows') return []
    const bytes = Buffer.from(text)
    const { table, into, rows: kind } = parsed
    return [
      {
        table: table.name,
        into: into.name,
        kind,
        data: bytes.toString('utf8', parsed.head, bytes.length - parsed.tail),
      },
    ]
  })
  expect(details).toEqual([
    { table: 'häuser', into: 'häuser', kind: 'own', data: '1\ta\\nb\n2\t\\\\.\n3\t\\N\n' },
    { table: 'empty', into: 'empty', kind: 'own', data: '\n\n' },
    { table: 'part_0', into: 'parts', kind: 'own', data: '7\n' },
    { table: 'config', into: 'config', kind: 'added', data: '' },
  ])
})

test('the rest is what comes before them and what comes after, without commands of psql', async () => {
  const { segments } = await read(SCRIPT)
  const rest = segments.filter(({ group }) => group !== '01-data')
  expect(rest.map(({ group, name }) => [group, name])).toEqual([
    ['00-schema', 'schema, pre-data'],
    ['99-schema', 'sequence values'],
    ['99-schema', 'schema, post-data'],
  ])
  const types = rest.map(({ detail, text }) => {
    const parsed = parseSegmentDetail(detail)
    if (parsed.kind !== 'schema') return text
    const bytes = Buffer.from(text)
    return parsed.entries.map(({ type, offset, length }) => {
      if (type !== 'PREAMBLE') expect(bytes.toString('utf8', offset, offset + length)).toContain(`; Type: ${type}; `)
      return type
    })
  })
  expect(types).toEqual([
    ['PREAMBLE', 'EXTENSION', 'FUNCTION', 'FUNCTION', 'TABLE', 'TABLE', 'TABLE', 'TABLE', 'TABLE'],
    `SELECT pg_catalog.setval(E'public."s\\nx''y"', -5, true);\n`,
    ['CONSTRAINT', 'MATERIALIZED VIEW DATA'],
  ])
  expect(rest.map(({ text }) => text).join('')).not.toMatch(/^\\|^COPY|TABLE DATA/m)
})

test('what the dump tells of its database is told, the rest left empty', async () => {
  const { detail, problems } = await read(SCRIPT)
  expect(detail).toMatchObject({
    serverVersion: 140_023,
    encoding: 'UTF8',
    collate: '',
    pgDump: 'pg_dump 15.18',
    schemaOnly: false,
    excludedData: [{ schema: 'public', name: 'unread' }],
    extensions: [{ name: 'hstore', version: '', schema: 'public' }],
    schemas: ['public'],
  } satisfies Partial<DatabaseDetail>)
  expect(problems).toEqual([])
})

test('a dump without any data is schema-only, its indexes and constraints in a part of their own', async () => {
  const parts = SCRIPT.split(/(?=--\n-- Data for Name: häuser)|(?=--\n-- Name: k;)/)
  const { segments, detail, problems } = await read(`${parts[0]}${parts[2]}`)
  expect(detail).toMatchObject({ schemaOnly: true, excludedData: [] })
  expect(problems).toMatchObject([{ severity: 'warning' }])
  expect(segments.map(({ name }) => name)).toEqual(['schema, pre-data', 'schema, post-data'])
})

test('it makes no difference where the stream is cut', async () => {
  const whole = await read(SCRIPT)
  expect(await read(SCRIPT, [1])).toEqual(whole)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }), async sizes => {
      expect(await read(SCRIPT, sizes)).toEqual(whole)
    }),
    { numRuns: 60 },
  )
})

test('cut off anywhere, a dump is refused', async () => {
  const end = SCRIPT.indexOf('-- PostgreSQL database dump complete')
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: end }), async length => {
      await expect(read(SCRIPT.slice(0, length), [50])).rejects.toMatchObject({
        code: expect.stringMatching(/^(damaged|unsupported)$/),
      })
    }),
    { numRuns: 150 },
  )
})

test.each([
  ['SET search_path = public, pg_catalog;', /older than 10\.3/],
  ["SET client_encoding = 'LATIN1';", /LATIN1/],
  ['SET standard_conforming_strings = off;', /backslashes/],
  ['SELECT mine();', /line 15/],
])('%s in its head is not read over', async (line, message) => {
  const script = SCRIPT.replace('SET row_security = off;\n', text => `${text}${line}\n`)
  await expect(read(script)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringMatching(message) })
})

test('a table named in two COPYs has two segments', async () => {
  const again = entry('empty', 'TABLE DATA', 'COPY public.empty  FROM stdin;\n\n\\.')
  const { detail } = await read(SCRIPT.replace('--\n-- Name: k;', text => `${again}${text}`))
  expect(detail.rows).toMatchObject({ 'public.empty': 2, 'public.empty (2)': 1 })
})
