/** Against a server with TLS; its certificate, for `localhost`, is signed by an authority that nobody else trusts. */
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { unguardedProblems } from '../../../src/postgres/connection/unguarded.ts'
import { dumpSchema } from '../../../src/postgres/schema/pg-dump.ts'
import { startServer, type TestServer } from '../../support/postgres.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/tls', import.meta.url))
const authority = join(fixtures, 'ca.crt')
const signal = new AbortController().signal

let server: TestServer
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'comeback-tls-'))
  cpSync(fixtures, folder, { recursive: true })
  // The server insists on a private key that is its own alone; as root, the tests run it as nobody.
  chmodSync(join(folder, 'server.key'), 0o600)
  if (process.getuid?.() === 0) for (const path of [folder, join(folder, 'server.key')]) chownSync(path, 65_534, 65_534)
  server = await startServer(18, {
    ssl: 'on',
    ssl_cert_file: join(folder, 'server.crt'),
    ssl_key_file: join(folder, 'server.key'),
  })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

function url(host: 'localhost' | '127.0.0.1' | '0.0.0.0', query: string): string {
  return `${server.url().replace('127.0.0.1', host)}${query}`
}

async function usesTls(url: string): Promise<unknown> {
  await using connection = await connect({ url, connectTimeout: 10_000, signal })
  const [row] = await connection.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
  return row?.ssl
}

test.each([
  ['127.0.0.1', '', false],
  ['127.0.0.1', '?sslmode=disable', false],
  ['127.0.0.1', '?sslmode=prefer', true],
  ['127.0.0.1', '?sslmode=require', true],
  ['127.0.0.1', '?sslmode=no-verify', true],
  ['127.0.0.1', '?sslmode=require&channel_binding=require', true],
  ['127.0.0.1', '?channel_binding=require', true],
  ['127.0.0.1', `?sslmode=verify-ca&sslrootcert=${authority}`, true],
  ['127.0.0.1', `?sslmode=require&sslrootcert=${authority}`, true],
  ['localhost', `?sslmode=verify-full&sslrootcert=${authority}`, true],
] as const)('%s%s connects', async (host, query, tls) => {
  expect(await usesTls(url(host, query))).toBe(tls)
})

test.each([
  ['localhost', '?sslmode=verify-full', 'an unknown authority'],
  ['localhost', '?sslmode=verify-ca', 'an unknown authority'],
  ['127.0.0.1', `?sslmode=verify-full&sslrootcert=${authority}`, 'another name'],
] as const)('%s%s is refused for %s', async (host, query, _reason) => {
  await expect(usesTls(url(host, query))).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringMatching(/^TLS with .* failed/),
    hint: expect.stringContaining('sslrootcert=PATH'),
  })
})

test('a certificate file that is not there is wrong usage', async () => {
  await expect(usesTls(url('localhost', '?sslmode=verify-full&sslrootcert=/not/there'))).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('/not/there'),
  })
})

test('the bundled pg_dump speaks through the TLS connection', async () => {
  const connectOptions = {
    url: url('127.0.0.1', '?sslmode=require&channel_binding=require'),
    connectTimeout: 10_000,
    signal,
  }
  const text = await dumpSchema({ connect: connectOptions, snapshot: undefined, section: 'pre-data', args: [] })
  expect(text.toString()).toContain('PostgreSQL database dump complete')
})

// 0.0.0.0 leads to this machine, and nothing about the name says so.
test.each([
  ['0.0.0.0', '', /encrypted, but nothing vouches/],
  ['0.0.0.0', '?sslmode=prefer', /encrypted, but nothing vouches/],
  ['0.0.0.0', '?sslmode=require', /encrypted, but nothing vouches/],
  ['0.0.0.0', '?sslmode=disable', /is not encrypted/],
] as const)(
  '%s%s is told what somebody on the way could do, and how to keep them from it',
  async (host, query, said) => {
    const place = url(host, query)
    await using connection = await connect({ url: place, connectTimeout: 10_000, signal })
    expect(unguardedProblems(connection, place)).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringMatching(said),
        hint: expect.stringContaining('sslmode=verify-full'),
      },
    ])
  },
)

test.each([
  ['127.0.0.1', '?sslmode=disable'],
  ['localhost', '?sslmode=prefer'],
  ['0.0.0.0', `?sslmode=verify-ca&sslrootcert=${authority}`],
  ['0.0.0.0', `?sslmode=require&sslrootcert=${authority}`],
] as const)('nobody is on the way of %s%s, or could pass for the server', async (host, query) => {
  const place = url(host, query)
  await using connection = await connect({ url: place, connectTimeout: 10_000, signal })
  expect(unguardedProblems(connection, place)).toEqual([])
})

test('a variable that switches checks off for all of Node takes back none that the URL asks for', async () => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  try {
    for (const mode of ['verify-full', 'verify-ca&sslrootcert=system']) {
      const place = url('localhost', `?sslmode=${mode}`)
      await expect(connect({ url: place, connectTimeout: 10_000, signal })).rejects.toMatchObject({
        code: 'connection',
      })
    }
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  }
})
