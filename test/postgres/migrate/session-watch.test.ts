import { expect, test } from 'vitest'
import { SessionWatch } from '../../../src/postgres/migrate/session-watch.ts'
import type { RefusedStatement } from '../../../src/postgres/migrate/statement-log.ts'

function message(type: string, ...texts: readonly (string | Buffer)[]): Buffer {
  const payload = Buffer.concat(texts.map(text => (typeof text === 'string' ? Buffer.from(`${text}\0`) : text)))
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}

const SYNC = message('S')
const FLUSH = message('H')
const READY = message('Z', Buffer.from('I'))
const DONE = message('C', 'OK')
const execute = (portal = '') => message('E', portal, Buffer.alloc(4))
const bind = (portal: string, statement: string) => message('B', portal, statement, Buffer.alloc(6))
const failure = (code: string, ...more: readonly string[]) =>
  message('E', 'SERROR', `C${code}`, 'Mno', ...more, Buffer.from([0]))

/** Watches what is said at which moment; the text of each statement that is done, its time, and how many it stands for. */
function watched() {
  let now = 0
  const done: [string, number, number][] = []
  const refused: RefusedStatement[] = []
  const watch = new SessionWatch(
    {
      done: (sql, milliseconds, statements) => done.push([sql().toString(), milliseconds, statements]),
      refused: statement => refused.push(statement),
      count: 0,
      errors: 0,
      lastError: undefined,
      slow: () => [],
      needed: () => [],
    },
    () => now,
  )
  return {
    watch,
    done,
    refused: () => refused.map(({ fields, sql }) => [fields.code, sql?.toString()]),
    client(at: number, ...messages: readonly Buffer[]): Buffer {
      now = at
      return Buffer.concat(watch.client(Buffer.concat(messages)))
    },
    server(at: number, ...messages: readonly Buffer[]): void {
      now = at
      watch.server(Buffer.concat(messages))
    },
  }
}

test('a simple query takes from its arrival to the moment at which the server is ready', () => {
  const { client, server, done } = watched()
  client(100, message('Q', 'ALTER TABLE a ADD b int'))
  server(1_600, DONE, READY)
  expect(done).toEqual([['ALTER TABLE a ADD b int', 1_500, 1]])
})

test('statements of one text that end at the same moment are one, others are told apart', () => {
  const { client, server, done } = watched()
  client(0, message('Q', 'one; two; three; four'))
  server(1_000, DONE, DONE)
  server(5_000, DONE)
  server(6_000, DONE, READY)
  expect(done).toEqual([
    ['one; two', 1_000, 2],
    ['three', 4_000, 1],
    ['four', 1_000, 1],
  ])
})

test('a refused statement of a text is the one after those that are done', () => {
  const { client, server, done, refused } = watched()
  client(0, message('Q', 'one; two; three'))
  server(10, DONE)
  server(4_000, failure('23505'), READY)
  expect(done).toEqual([['one', 10, 1]])
  expect(refused()).toEqual([['23505', 'two']])
})

test('an empty query is no statement', () => {
  const { client, server, done } = watched()
  client(0, message('Q', ';'))
  server(1, message('I'), READY)
  expect(done).toEqual([])
})

test('a prepared statement is known by its portal, and takes its parsing, planning, executing and committing', () => {
  const { client, server, done } = watched()
  client(0, message('P', 's1', 'UPDATE a', Buffer.alloc(2)), SYNC)
  server(100, message('1'), READY)
  client(1_000, bind('p1', 's1'), message('D', Buffer.from('Pp1\0')), execute('p1'), SYNC)
  server(1_010, message('2'), message('n'))
  server(1_500, DONE)
  server(1_700, READY)
  client(2_000, bind('', 's1'), execute(), SYNC)
  server(2_300, message('2'), DONE, READY)
  expect(done).toEqual([
    ['UPDATE a', 800, 1],
    ['UPDATE a', 300, 1],
  ])
})

test('statements of a pipeline are told apart, since the server is asked to tell of each at once', () => {
  const { client, server, done } = watched()
  const statement = (sql: string) => [message('P', '', sql, Buffer.alloc(2)), bind('', ''), execute()]
  const sent = client(0, ...statement('one'), ...statement('two'), SYNC)
  expect(sent).toEqual(Buffer.concat([...statement('one'), FLUSH, ...statement('two'), SYNC]))
  server(1_000, message('1'), message('2'), DONE)
  server(1_200, message('1'), message('2'), DONE, READY)
  expect(done).toEqual([
    ['one', 1_000, 1],
    ['two', 200, 1],
  ])
})

test('in whatever pieces a pipeline comes, only Flush is added to it', () => {
  const messages = [message('P', '', 'one', Buffer.alloc(2)), bind('', ''), execute(), execute(), execute(), SYNC]
  const expected = Buffer.concat([...messages.slice(0, 3), FLUSH, execute(), FLUSH, execute(), SYNC])
  const { client } = watched()
  const bytes = Buffer.concat(messages)
  const sent = Array.from(bytes, (_, place) => client(place, bytes.subarray(place, place + 1)))
  expect(Buffer.concat(sent)).toEqual(expected)
})

test('after an error all is passed over up to the next Sync', () => {
  const { client, server, done, refused } = watched()
  const statement = (sql: string) => [message('P', '', sql, Buffer.alloc(2)), bind('', ''), execute()]
  client(0, ...statement('one'), ...statement('two'), ...statement('three'), SYNC)
  server(10, message('1'), message('2'), DONE)
  server(20, message('1'), failure('22P02'), READY)
  client(30, ...statement('four'), SYNC)
  server(2_030, message('1'), message('2'), DONE, READY)
  expect(refused()).toEqual([['22P02', 'two']])
  expect(done).toEqual([
    ['one', 10, 1],
    ['four', 2_000, 1],
  ])
})

test('what fails at the commit belongs to the last statement', () => {
  const { client, server, refused } = watched()
  client(0, message('P', '', 'INSERT', Buffer.alloc(2)), bind('', ''), execute(), SYNC)
  server(10, message('1'), message('2'), DONE, failure('23503'), READY)
  expect(refused()).toEqual([['23503', 'INSERT']])
})

test('rows that come in are a statement like others, also if its Sync was sent too early', () => {
  const { client, server, done } = watched()
  client(0, message('P', '', 'COPY a FROM STDIN', Buffer.alloc(2)), bind('', ''), execute(), SYNC)
  server(10, message('1'), message('2'), message('G', Buffer.alloc(3)))
  client(20, message('d', 'rows'), message('c'), SYNC)
  server(3_000, DONE, READY)
  client(3_500, message('Q', 'two'))
  server(3_600, DONE, READY)
  expect(done).toEqual([
    ['COPY a FROM STDIN', 3_000, 1],
    ['two', 100, 1],
  ])
})

test('the process of the server is known as soon as it has told', () => {
  const { watch, server } = watched()
  server(0, message('R', Buffer.alloc(4)), message('K', Buffer.from([0, 0, 1, 2, 9, 9, 9, 9])))
  expect(watch.pid).toBe(258)
})

test('of a long text only its beginning is held', () => {
  const { client, server, done } = watched()
  const rows = Buffer.alloc(1_000_000, 'x')
  const whole = message('Q', `INSERT ${rows}`)
  for (let at = 0; at < whole.length; at += 60_000) client(0, whole.subarray(at, at + 60_000))
  server(1, DONE, READY)
  expect(done[0]?.[0].length).toBe(256 * 1024)
})
