import { expect, test } from 'vitest'
import { cutEntries, PREAMBLE, statementsOf, withoutRestrict } from '../../../src/postgres/schema/entries.ts'

const PREFACE = `--
-- PostgreSQL database dump
--

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.3

SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);

`
const TRAILER = `--
-- PostgreSQL database dump complete
--

`

function header(name: string, type: string, schema = 'public', owner = 'shop', more = ''): string {
  return `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: ${owner}${more}\n--\n\n`
}

function cut(sql: string) {
  const text = Buffer.from(sql)
  const entries = cutEntries(text)
  let offset = 0
  for (const entry of entries) {
    expect(entry.offset).toBe(offset)
    offset += entry.length
  }
  expect(offset).toBe(text.length)
  return entries.map(entry => ({ ...entry, statements: statementsOf(text, entry) }))
}

test('a dump of nothing is a preamble', () => {
  expect(cut(PREFACE + TRAILER)).toMatchObject([
    {
      type: PREAMBLE,
      statements: ['SET statement_timeout = 0', "SELECT pg_catalog.set_config('search_path', '', false)"],
    },
  ])
})

test('entries are cut at headers, in bytes', () => {
  const first = `${header('ü 🐘', 'TABLE')}CREATE TABLE public."ü 🐘" (n integer);\n\n\nALTER TABLE public."ü 🐘" OWNER TO shop;\n\n`
  const second = `${header('EXTENSION hstore', 'COMMENT', '-', '')}COMMENT ON EXTENSION hstore IS 'x';\n\n\n`
  const entries = cut(PREFACE + first + second + TRAILER)
  expect(entries).toMatchObject([
    { type: PREAMBLE },
    {
      type: 'TABLE',
      name: 'ü 🐘',
      schema: 'public',
      owner: 'shop',
      offset: Buffer.byteLength(PREFACE),
      length: Buffer.byteLength(first),
      statements: ['CREATE TABLE public."ü 🐘" (n integer)', 'ALTER TABLE public."ü 🐘" OWNER TO shop'],
    },
    { type: 'COMMENT', name: 'EXTENSION hstore', schema: null, owner: null },
  ])
})

test('a header inside a string, a body or a comment does not cut', () => {
  const fake = header('fake', 'TABLE')
  const sql =
    PREFACE +
    header('f()', 'FUNCTION') +
    `CREATE FUNCTION f() AS $$\n${fake}$$;\nCOMMENT ON FUNCTION f() IS '\n${fake}';\n` +
    `CREATE FUNCTION g() BEGIN ATOMIC\n${fake} SELECT 1;\n${fake}END;\n/*\n${fake}*/\n`
  expect(cut(sql).map(entry => entry.name)).toEqual(['', 'f()'])
})

test('a header without its rule above does not cut', () => {
  expect(cut(`${PREFACE}-- Name: a; Type: TABLE; Schema: b; Owner: c\n--\n`)).toHaveLength(1)
})

test('names may look like headers themselves', () => {
  const name = 'a; Type: VIEW; Schema: s; Owner: o'
  expect(cut(PREFACE + header(name, 'TABLE'))[1]).toMatchObject({
    name,
    type: 'TABLE',
    schema: 'public',
    owner: 'shop',
  })
})

test('the tablespace in a header is no part of the owner', () => {
  expect(cut(PREFACE + header('t', 'TABLE', 'public', 'shop', '; Tablespace: fast'))[1]).toMatchObject({
    owner: 'shop',
  })
})

test('headers of data are headers', () => {
  expect(
    cut(`${PREFACE}--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: shop\n--\n`)[1],
  ).toMatchObject({
    type: 'TABLE DATA',
    name: 't',
  })
})

test('what is switched between entries goes to those that follow, where it is not the default', () => {
  const sql = [
    PREFACE,
    "SET default_tablespace = '';\n\nSET default_table_access_method = heap;\n\n",
    `${header('a', 'TABLE')}CREATE TABLE a ();\n\n`,
    'SET default_tablespace = "Fast ""disk""";\n\n',
    `${header('b', 'TABLE')}CREATE TABLE b ();\n\n`,
    'SET default_table_access_method = columnar;\n\n',
    `${header('c', 'TABLE')}CREATE TABLE c ();\n\n`,
    "SET default_tablespace = '';\n\n",
    `${header('d', 'TABLE')}CREATE TABLE d ();\n\n`,
  ].join('')
  expect(cut(sql)).toMatchObject([
    { settings: {}, statements: [expect.any(String), expect.any(String)] },
    { settings: {}, statements: ['CREATE TABLE a ()'] },
    { settings: { default_tablespace: 'Fast "disk"' }, statements: ['CREATE TABLE b ()'] },
    {
      settings: { default_tablespace: 'Fast "disk"', default_table_access_method: 'columnar' },
      statements: ['CREATE TABLE c ()'],
    },
    { settings: { default_table_access_method: 'columnar' }, statements: ['CREATE TABLE d ()'] },
  ])
})

test('the lines by which psql guards itself are dropped, and only where they guard', () => {
  const body = 'CREATE FUNCTION f() AS $$\n\\restrict a\n\\unrestrict a\n$$;\n'
  const text = Buffer.from(`-- dump\n\n\\restrict aZ9\n\n-- more\n${body}\n--\n\n\\unrestrict aZ9\n\n`)
  expect(withoutRestrict(text).toString()).toBe(`-- dump\n\n-- more\n${body}\n--\n\n`)
})

test('any other psql command is refused', () => {
  expect(() => withoutRestrict(Buffer.from('SELECT 1;\n\\! rm\n'))).toThrow(
    expect.objectContaining({ code: 'damaged' }),
  )
})
