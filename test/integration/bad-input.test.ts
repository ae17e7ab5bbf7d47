/** What people get wrong: each mistake has its exit code and a word on what to do, and leaves everything as it was. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackupReport, ListReport } from '../../src/report/report.ts'
import { workplace } from '../support/cli.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createDatabase(18)
  await database.query('CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) i')
})

afterAll(() => database[Symbol.asyncDispose]())

describe('the key', () => {
  test('is made on the first local backup, for its owner alone, and announced loudly', async () => {
    using place = workplace({ COMEBACK_KEY: '', DATABASE_URL: database.url })
    const first = await place.run(['backup', 'database'])
    expect(first.code).toBe(0)
    expect(first.stderr).toMatch(/keep a copy/i)
    expect(statSync(join(place.folder, '.backup_key')).mode & 0o777).toBe(0o600)
    const second = await place.run(['backup', 'database'])
    expect(second.code).toBe(0)
    expect(second.stderr).not.toMatch(/new key/i)
  })

  test.each(['CI', 'GITHUB_ACTIONS'])('is never made where %s is set', async variable => {
    using place = workplace({ COMEBACK_KEY: '', DATABASE_URL: database.url, [variable]: 'true' })
    for (const args of [
      ['backup', 'database'],
      ['key', 'new'],
    ]) {
      const result = await place.run(args)
      expect(result.code).toBe(2)
      // The servers' password is "secret", so the word itself is masked.
      expect(result.stderr).toMatch(/In CI a key is never made.* COMEBACK_KEY /)
    }
    expect(existsSync(join(place.folder, '.backup_key'))).toBe(false)
    expect(existsSync(join(place.folder, 'backups'))).toBe(false)
  })

  test('that is short is refused, one that is wrong is named', async () => {
    using place = workplace({ DATABASE_URL: database.url })
    expect((await place.run(['backup', 'database'], { COMEBACK_KEY: 'too short' })).code).toBe(2)
    await place.json(['backup', 'database'])
    const wrong = await place.run(['restore', 'database', 'latest', '--mode', 'atomic'], {
      COMEBACK_KEY: 'another passphrase of some length',
    })
    expect(wrong.code).toBe(12)
    const [right = '', given = ''] = wrong.stderr.match(/\b[0-9a-f]{16}\b/g) ?? []
    expect(right).not.toBe(given)
    expect(wrong.stderr).not.toContain('another passphrase')
  })

  test('shows in no output, log or object, nor does the password', async () => {
    using place = workplace({ DATABASE_URL: database.url, COMEBACK_DEBUG: '1' })
    const runs = [
      await place.run(['backup', 'database']),
      await place.run(['backup', 'database'], { DATABASE_URL: database.url.replace('secret@', 'nosecret99@') }),
    ]
    expect(runs.map(({ code }) => code)).toEqual([0, 1])
    const { readFileSync } = await import('node:fs')
    const files = readdirSync(place.folder, { recursive: true, encoding: 'utf8' })
      .map(file => join(place.folder, file))
      .filter(file => statSync(file).isFile())
    const all = [
      ...runs.map(({ stdout, stderr }) => stdout + stderr),
      ...files.map(file => readFileSync(file, 'latin1')),
    ].join('\n')
    expect(all).not.toContain('a passphrase for tests only')
    expect(all).not.toMatch(/nosecret99|:secret@/)
  })
})

describe('the database', () => {
  test.each([
    ['none', '', 2, /DATABASE_URL/],
    ['a malformed URL', 'not a url', 2, /postgresql:\/\//],
    ['nobody listens', 'postgresql://u:p4ssw0rd@127.0.0.1:1/x', 1, /127\.0\.0\.1:1/],
    ['an unknown host', 'postgresql://u:p4ssw0rd@no-such-host.invalid/x', 1, /no-such-host\.invalid/],
  ])('that is not there (%s) gives a clear error', async (_, url, code, words) => {
    using place = workplace({ DATABASE_URL: url })
    const result = await place.run(['backup', 'database', '--connect-timeout', '2s'])
    expect(result.code).toBe(code)
    expect(result.stderr + result.stdout).toMatch(words)
    expect(result.stderr + result.stdout).not.toContain('p4ssw0rd')
  })

  test('that does not let us in, or does not exist, says so, and a placeholder is listed', async () => {
    using place = workplace()
    const wrong = await place.json<BackupReport>(['backup', 'database'], {
      code: 1,
      env: { DATABASE_URL: database.url.replace('secret@', 'wrong-one@') },
    })
    expect(wrong.backups).toMatchObject([{ status: 'failed', error: { code: 'authentication' } }])
    const missing = await place.json<BackupReport>(['backup', 'database'], {
      code: 1,
      env: { DATABASE_URL: database.url.replace(database.name, 'no_such_database') },
    })
    expect(missing.backups).toMatchObject([{ status: 'failed', error: { code: 'connection' } }])
    const list = await place.json<ListReport>(['list'])
    // Both may have begun in the same second, which leaves their order open.
    expect(list.backups.map(({ status, reason }) => `${status} ${reason}`).sort()).toEqual([
      'failed authentication',
      'failed connection',
    ])
    expect((await place.run(['restore', 'database', 'latest'], { DATABASE_URL: database.url })).code).toBe(10)
  })

  test('that is empty is backed up, with a warning', async () => {
    await using empty = await createDatabase(18)
    using place = workplace({ DATABASE_URL: empty.url })
    const report = await place.json<BackupReport>(['backup', 'database'])
    expect(report.backups).toMatchObject([
      { status: 'complete', problems: [{ severity: 'warning', message: expect.stringContaining('empty') }] },
    ])
  })
})

describe('the store', () => {
  test('that can not be written gives a clear error', async () => {
    using place = workplace({ DATABASE_URL: database.url })
    writeFileSync(join(place.folder, 'file'), 'in the way')
    const result = await place.run(['backup', 'database', '--store', 'file:file/backups'])
    expect(result.code).toBe(1)
    expect(result.stderr + result.stdout).toContain('file')
    expect((await place.run(['list', '--store', 'ftp://x'])).code).toBe(2)
  })

  test('that holds strange files is used, and they are named', async () => {
    using place = workplace({ DATABASE_URL: database.url })
    mkdirSync(join(place.folder, 'backups', 'database', 'mine'), { recursive: true })
    writeFileSync(join(place.folder, 'backups', 'database', 'mine', 'notes.txt'), 'keep me')
    writeFileSync(join(place.folder, 'backups', 'README'), 'keep me')
    await place.json(['backup', 'database'])
    const list = await place.json<ListReport>(['list'])
    expect(list.backups).toHaveLength(1)
    expect([...list.foreign].sort()).toEqual(['README', 'database/mine/notes.txt'])
  })

  test('without the backup that is asked for names the nearest ones', async () => {
    using place = workplace({ DATABASE_URL: database.url })
    const report = await place.json<BackupReport>(['backup', 'database'])
    const id = report.backups[0]?.status === 'complete' ? report.backups[0].id : ''
    const result = await place.run(['restore', 'database', '2020-01-01', '--mode', 'atomic'])
    expect(result.code).toBe(10)
    expect(result.stderr).toContain(id)
  })
})

test('components that lack what they need are found before anything is done', async () => {
  using place = workplace({ DATABASE_URL: database.url })
  const result = await place.run(['backup', 'all'])
  expect(result.code).toBe(2)
  expect(result.stderr).toContain('--files')
  expect(existsSync(join(place.folder, 'backups'))).toBe(false)
})
