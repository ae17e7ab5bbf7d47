import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ComebackError } from '../../src/errors.ts'
import type { BackupReport } from '../../src/report/report.ts'
import { scrubber } from '../../src/report/scrub.ts'
import { type NoticesContext, startNotices } from '../../src/run/notices.ts'

interface Received {
  readonly url: string | undefined
  readonly type: string | undefined
  readonly authorization?: string | undefined
  readonly body: string
}

/** Answers with these statuses in turn, then with 200. */
async function listener(statuses: readonly number[] = [], location?: string) {
  const left = [...statuses]
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { 'content-type': type, authorization } = request.headers
    received.push({ url: request.url, type, authorization, body: await text(request) })
    response.writeHead(left.shift() ?? 200, location === undefined ? {} : { location }).end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function context(): NoticesContext & { readonly warnings: readonly string[] } {
  const warnings: string[] = []
  const times = [new Date('2026-11-25T02:00:00Z'), new Date('2026-11-25T02:01:30Z')]
  return {
    warnings,
    warn: message => warnings.push(message),
    scrub: scrubber(['correct horse battery staple']),
    now: () => times.shift() ?? new Date('2026-11-25T03:00:00Z'),
    github: {
      apiUrl: 'https://api.github.com',
      serverUrl: 'https://github.com',
      repository: 'acme/app',
      run: { id: '42', attempt: '1', retentionDays: undefined },
    },
    pause: 1,
  }
}

const BACKUP = { verb: 'backup', components: ['database'] } as const

const REPORT: BackupReport = {
  command: 'backup',
  store: 'file:./backups',
  backups: [
    {
      status: 'complete',
      component: 'database',
      id: '20261125T020000Z-7f3a91',
      time: '2026-11-25T02:00:00.000Z',
      seconds: 90,
      full: true,
      stock: true,
      segments: 1,
      chunks: 1,
      bytes: { read: 1234, new: 1234, stored: 500 },
      leansOn: 0,
      keyId: '0011223344556677',
      largest: [{ name: 'public.secret_table', bytes: 1234 }],
      history: [],
      problems: [],
    },
  ],
}

test('a good run pings its start and its end', async () => {
  await using server = await listener()
  const surroundings = context()
  const notices = startNotices(BACKUP, { pingUrl: `${server.url}/uuid?a=1`, webhook: undefined }, surroundings)
  await notices.ended({ exitCode: 0, report: REPORT })
  expect(server.received.map(({ url }) => url)).toEqual(['/uuid/start?a=1', '/uuid?a=1'])
  expect(surroundings.warnings).toEqual([])
})

test('a failed run pings its failure, without a secret', async () => {
  await using server = await listener()
  const notices = startNotices(BACKUP, { pingUrl: `${server.url}/uuid/`, webhook: undefined }, context())
  const error = new ComebackError('connection', 'No server at correct horse battery staple.')
  await notices.ended({ exitCode: 1, error })
  expect(server.received.map(({ url }) => url)).toEqual(['/uuid/start', '/uuid/fail'])
  expect(server.received[1]?.body).toContain('No server at ***')
})

test('a webhook gets the result as JSON, and no name of a table', async () => {
  await using server = await listener()
  const notices = startNotices(BACKUP, { pingUrl: undefined, webhook: `${server.url}/hook` }, context())
  await notices.ended({ exitCode: 0, report: REPORT })
  expect(server.received).toMatchObject([{ url: '/hook', type: 'application/json' }])
  expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({
    schema: 1,
    program: expect.stringMatching(/^comeback /),
    command: 'backup',
    result: 'success',
    exitCode: 0,
    started: '2026-11-25T02:00:00.000Z',
    seconds: 90,
    repository: 'acme/app',
    run: 'https://github.com/acme/app/actions/runs/42',
    backups: [{ component: 'database', status: 'complete', id: '20261125T020000Z-7f3a91', bytes: 1234 }],
  })
  expect(server.received[0]?.body).not.toContain('secret_table')
})

test('what may pass is tried again', async () => {
  await using server = await listener([503, 429])
  const surroundings = context()
  const notices = startNotices(BACKUP, { pingUrl: undefined, webhook: `${server.url}/hook` }, surroundings)
  await notices.ended({ exitCode: 0, report: REPORT })
  expect(server.received).toHaveLength(3)
  expect(surroundings.warnings).toEqual([])
})

test.each([
  ['that refuses', [404], /The webhook could not be reached: it answered with status 404/],
  ['that keeps failing', [500, 500, 500], /status 500/],
])('a webhook %s only warns, and the warning does not hold its URL', async (_, statuses, warning) => {
  await using server = await listener(statuses)
  const surroundings = context()
  const notices = startNotices(BACKUP, { pingUrl: undefined, webhook: `${server.url}/hook` }, surroundings)
  await notices.ended({ exitCode: 0, report: REPORT })
  expect(surroundings.warnings).toEqual([expect.stringMatching(warning)])
  expect(surroundings.warnings[0]).not.toContain(server.url)
  expect(server.received).toHaveLength(statuses.length)
})

test.each(['http://127.0.0.1:1/x', 'nonsense', 'file:///etc/passwd'])(
  'a destination that is not there (%s) only warns',
  async url => {
    const surroundings = context()
    const notices = startNotices(BACKUP, { pingUrl: url, webhook: url }, surroundings)
    await notices.ended({ exitCode: 0, report: REPORT })
    expect(surroundings.warnings).toHaveLength(3)
    expect(surroundings.warnings.join()).not.toContain(url)
  },
)

test('without a destination nothing is said', async () => {
  const surroundings = context()
  const notices = startNotices(BACKUP, { pingUrl: undefined, webhook: undefined }, surroundings)
  await notices.ended({ exitCode: 1, error: new Error('x') })
  expect(surroundings.warnings).toEqual([])
})

test.each([301, 302, 303, 307, 308])('what was to be told is not told where a redirect (%s) points', async status => {
  await using elsewhere = await listener()
  await using server = await listener([status, status, status], `${elsewhere.url}/elsewhere`)
  const surroundings = context()
  const notices = startNotices(BACKUP, { pingUrl: `${server.url}/ping`, webhook: `${server.url}/hook` }, surroundings)
  await notices.ended({ exitCode: 0, report: REPORT })
  expect(elsewhere.received).toEqual([])
  expect(surroundings.warnings).toHaveLength(3)
  expect(surroundings.warnings[0]).toMatch(/points elsewhere \(status 30\d\), which is not followed/)
})

test('a user and a password in the URL are for its server alone', async () => {
  await using server = await listener()
  const surroundings = context()
  const webhook = server.url.replace('//', '//clerk:p%40ss@')
  await startNotices(BACKUP, { pingUrl: undefined, webhook }, surroundings).ended({ exitCode: 0, report: REPORT })
  expect(surroundings.warnings).toEqual([])
  expect(server.received).toMatchObject([{ authorization: `Basic ${Buffer.from('clerk:p@ss').toString('base64')}` }])
})
