/** One of every damage: each is told apart, and neither the store nor the target is touched. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ImportReport } from '../../src/report/import-report.ts'
import type { ListReport } from '../../src/report/report.ts'
import { failure } from '../postgres/round-trip.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { needTools } from '../support/stock-tool.ts'
import { dump, gzip, type OldOptions, oldPlace } from './old-files.ts'

const NAME = 'database_20260501_020000.sql.gz.enc'
const BLOCK = 16

let source: TestDatabase
let target: TestDatabase
let script: string
let before: Fingerprint

beforeEach(context => needTools(context, 'pg_dump', 'openssl', 'gzip'))

beforeAll(async () => {
  source = await createDatabase(14)
  await source.query(`
    CREATE TABLE person (id serial PRIMARY KEY, name text);
    INSERT INTO person (name) SELECT md5(i::text) FROM generate_series(1, 5000) i;
    CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
    SELECT lo_from_bytea(77, 'large')`)
  script = dump(source.url)
  target = await createDatabase(14)
  await target.query("CREATE TABLE person (mine int); INSERT INTO person VALUES (42); SELECT lo_from_bytea(5, 'mine')")
  before = await fingerprint(target.url)
})

afterAll(async () => {
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

function cut(bytes: number): OldOptions {
  return { damage: all => all.subarray(0, all.length - bytes) }
}

function flip(place: (length: number) => number): OldOptions {
  return {
    damage: all => {
      const damaged = Buffer.from(all)
      const at = place(all.length)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      return damaged
    },
  }
}

/** Puts a line before the rows, between two entries. */
function inserting(line: string): () => string {
  return () => script.replace('--\n-- Data for Name: person;', () => `${line}\n\n--\n-- Data for Name: person;`)
}

type Row = readonly [what: string, code: string, plain: () => string | Buffer, how: OldOptions, message: RegExp]

const whole = () => script
const DAMAGES: readonly Row[] = [
  ['cut at a block', 'damaged', whole, cut(20 * BLOCK), /padding/],
  ['cut inside a block', 'damaged', whole, cut(5), /no whole number of cipher blocks/],
  ['cut to its header', 'damaged', whole, { damage: all => all.subarray(0, BLOCK) }, /no whole number/],
  ['empty', 'damaged', whole, { damage: () => Buffer.alloc(0) }, /does not begin with "Salted__"/],
  ['not encrypted', 'damaged', whole, { damage: () => gzip(Buffer.from(script)) }, /does not begin with "Salted__"/],
  ['with a bit flipped in its middle', 'damaged', whole, flip(length => length >> 1), /gzip stream is damaged/],
  ['with a bit flipped in its first block', 'damaged', whole, flip(() => 2 * BLOCK - 16), /does not begin as gzip/],
  ['with a bit flipped in its last block', 'damaged', whole, flip(length => length - 1), /padding|gzip stream/],
  ['with a block taken out', 'damaged', whole, { damage: withoutBlock }, /gzip stream is damaged/],
  ['of another key', 'wrong-key', whole, { key: 'another key, just as long' }, /does not open with this key/],
  ['of other iterations', 'wrong-key', whole, { args: ['-pbkdf2', '-iter', '20000'] }, /does not open/],
  ['without PBKDF2', 'wrong-key', whole, { args: [] }, /was not encrypted with -pbkdf2 -iter 10000/],
  ['not compressed', 'damaged', whole, { compress: plain => plain }, /does not begin as gzip/],
  [
    'compressed, but cut',
    'damaged',
    whole,
    { compress: plain => gzip(plain).subarray(0, -100) },
    /unexpected end of file/,
  ],
  ['compressed, with garbage behind', 'damaged', whole, { compress: behind('garbage') }, /gzip stream/],
  ['compressed, with zeros behind', 'damaged', whole, { compress: behind('\0\0\0\0') }, /behind the end of its gzip/],
  ['compressed, with a wrong check sum', 'damaged', whole, { compress: wrongSum }, /incorrect data check/],
  ['of something else', 'unsupported', () => 'a,b\n1,2\n', {}, /no plain script of pg_dump/],
  ['of other SQL', 'unsupported', () => 'CREATE TABLE t (i int);\n', {}, /cannot be read|no plain script/],
  [
    'of an archive in the custom format',
    'unsupported',
    () => Buffer.from('PGDMP\u0001\u000e\0\0'),
    {},
    /no plain script/,
  ],
  ['of an empty dump', 'damaged', () => '', {}, /is not complete/],
  [
    'without the end of the dump',
    'damaged',
    () => script.slice(0, script.lastIndexOf('-- PostgreSQL')),
    {},
    /not complete/,
  ],
  ['cut among rows', 'damaged', () => script.slice(0, script.indexOf('\\.\n')), {}, /ends among the rows/],
  ['cut in a statement', 'damaged', () => script.slice(0, script.indexOf('LANGUAGE sql')), {}, /middle of a statement/],
  ['cut in a string', 'damaged', () => script.slice(0, script.indexOf('SELECT 1')), {}, /middle of a statement/],
  ['with a statement behind its end', 'damaged', () => `${script}\nDROP TABLE person;\n`, {}, /goes on behind its end/],
  ['twice in one file', 'damaged', () => script + script, {}, /goes on behind its end/],
  [
    'with a second member behind its end',
    'damaged',
    whole,
    { compress: member('SELECT 1;\n') },
    /goes on behind its end/,
  ],
  [
    'with a shell command',
    'unsafe-archive',
    inserting('\\! touch /tmp/owned'),
    {},
    /Line \d+ .* command of psql: \\!$/,
  ],
  ['that includes a file', 'unsafe-archive', inserting('\\i /etc/passwd'), {}, /command of psql: \\i$/],
  ['that connects elsewhere', 'unsupported', inserting('\\connect template1'), {}, /database of its own choice/],
  ['that commits', 'unsafe-archive', inserting('COMMIT;'), {}, /Line \d+ .*transaction/],
  ['that begins and commits', 'unsafe-archive', inserting('begin;\nDROP TABLE x;\ncommit;'), {}, /transaction/],
  [
    'that commits among its large objects',
    'unsafe-archive',
    () => script.replace('SELECT pg_catalog.lo_close(0);', 'COMMIT;'),
    {},
    /transaction/,
  ],
  [
    'that runs a program',
    'unsafe-archive',
    inserting("COPY person FROM PROGRAM 'id';"),
    {},
    /COPY that pg_dump does not write/,
  ],
  ['that reads a file', 'unsafe-archive', inserting("COPY public.person (name) FROM '/etc/passwd';"), {}, /COPY/],
  ['with rows as INSERT', 'unsupported', () => dump(source.url, '--inserts'), {}, /INSERT/],
  ['of data alone', 'unsupported', () => dump(source.url, '--data-only'), {}, /does not create/],
  ['that creates its database', 'unsupported', () => dump(source.url, '--create'), {}, /own choice/],
  ['in another encoding', 'unsupported', () => dump(source.url, '--encoding=LATIN1'), {}, /LATIN1/],
  ['with bytes that are no UTF-8', 'damaged', () => notUtf8(), {}, /UTF-8/],
]

describe('a file', () => {
  test.each(DAMAGES)('%s is %s', async (_, code, plain, how, message) => {
    using place = oldPlace()
    place.write(`database/${NAME}`, plain(), how)
    const given = { store: 'old:./tmp/backups', targetUrl: target.url, mode: 'atomic', confirm: target.name }
    const error = await failure(place.run({ verb: 'restore', component: 'database', at: 'latest' }, given))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error.message).toContain(NAME)
    expect(error.hint).toBeTruthy()
    expect(await target.query('SELECT * FROM person')).toEqual([{ mine: 42 }])

    const report = await place.run<ImportReport>({ verb: 'import', components: ['database'] })
    expect(report.files).toMatchObject([{ status: 'failed', file: NAME, error: { code } }])
    const listed = await place.run<ListReport>({ verb: 'list', components: ['database'] })
    expect(listed.backups).toEqual([])
  })
})

test('after all of that the target is what it was', async () => {
  expect(await fingerprint(target.url)).toEqual(before)
})

function withoutBlock(all: Buffer): Buffer {
  const at = BLOCK * (all.length >> 5)
  return Buffer.concat([all.subarray(0, at), all.subarray(at + BLOCK)])
}

function behind(garbage: string): (plain: Buffer) => Buffer {
  return plain => Buffer.concat([gzip(plain), Buffer.from(garbage)])
}

function member(sql: string): (plain: Buffer) => Buffer {
  return plain => Buffer.concat([gzip(plain), gzipSync(sql)])
}

/** The four bytes before the last four are the CRC. */
function wrongSum(plain: Buffer): Buffer {
  const bytes = Buffer.from(gzip(plain))
  bytes.writeUInt32LE(1, bytes.length - 8)
  return bytes
}

function notUtf8(): Buffer {
  const [head = '', tail = ''] = script.split("'SELECT 1'", 2)
  const marked = script.includes("'SELECT 1'") ? [head, tail] : script.split('SELECT 1', 2)
  return Buffer.concat([
    Buffer.from(marked[0] ?? ''),
    Buffer.from([0xff]),
    Buffer.from(script.slice((marked[0] ?? '').length)),
  ])
}
