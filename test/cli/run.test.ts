import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run, type Surroundings } from '../../src/cli/run.ts'
import { ComebackError, type ErrorCode } from '../../src/errors.ts'
import type { BackupOutcome, BackupReport, Report } from '../../src/report/report.ts'
import { FakePipe, FakeTerminal } from '../support/terminal.ts'

const KEY = 'correct horse battery staple'
const URL_WITH_PASSWORD = 'postgresql://app:hunt%2Fer2@db.example.com:5432/shop?sslmode=require'
const NOW = new Date('2026-11-23T02:00:00Z')

const COMPLETE: BackupOutcome = {
  status: 'complete',
  component: 'database',
  id: '20261123T020000Z-7f3a91',
  time: '2026-11-23T02:00:00.000Z',
  seconds: 12,
  full: true,
  stock: true,
  segments: 12,
  chunks: 300,
  bytes: { read: 1_080_000_000, new: 1_080_000_000, stored: 340_000_000 },
  leansOn: 0,
  keyId: '0123456789abcdef',
  largest: [],
  history: [],
  problems: [],
}
const failed = (code: ErrorCode): BackupOutcome => ({
  status: 'failed',
  component: 'files',
  error: { code, message: 'The folder public could not be read.' },
})
const backups = (...outcomes: BackupOutcome[]): BackupReport => ({
  command: 'backup',
  store: 'file:./backups',
  backups: outcomes,
})

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'comeback-run-'))
})
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true })
})

async function comeback(
  typed: string,
  job: Surroundings['runJob'] | Report | Error,
  changes: Partial<Surroundings> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new FakePipe(), new FakePipe()]
  const code = await run({
    argv: typed.split(' ').filter(word => word !== ''),
    environment: {},
    cwd,
    stdout,
    stderr,
    signal: new AbortController().signal,
    now: () => NOW,
    runJob:
      typeof job === 'function'
        ? job
        : async () => {
            if (job instanceof Error) throw job
            return job
          },
    ...changes,
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

const logs = () => readdirSync(join(cwd, 'logs')).filter(name => name.endsWith('.log'))
const onlyLog = () => readFileSync(join(cwd, 'logs', logs()[0] ?? ''), 'utf8')

describe('the job', () => {
  test('gets the command, the options and what the edge knows', async () => {
    const environment = { COMEBACK_KEY: KEY, DATABASE_URL: URL_WITH_PASSWORD, CI: 'true', SMTP_HOST: 'mail' }
    let seen: Parameters<Surroundings['runJob']> | undefined
    await comeback(
      'backup database --lanes 3',
      async (...args) => {
        seen = args
        return backups(COMPLETE)
      },
      { environment },
    )
    const [command, options, context] = seen ?? []
    expect(command).toEqual({ verb: 'backup', components: ['database'] })
    expect(options).toMatchObject({ lanes: 3, databaseUrl: URL_WITH_PASSWORD })
    expect(context).toMatchObject({ cwd, key: KEY, ci: true, environment })
  })

  test.each([
    [{}, false],
    [{ CI: '' }, false],
    [{ CI: 'false' }, false],
    [{ CI: '1' }, true],
    [{ GITHUB_ACTIONS: 'true' }, true],
  ])('knows from %j whether it is in CI: %s', async (environment, expected) => {
    let ci: boolean | undefined
    await comeback(
      'list',
      async (_command, _options, context) => {
        ci = context.ci
        return { command: 'list', store: 'file:x', backups: [], foreign: [] }
      },
      { environment },
    )
    expect(ci).toBe(expected)
  })
})

describe('the exit code', () => {
  test.each([
    [[COMPLETE], 0],
    [[{ ...COMPLETE, status: 'partial' as const }], 3],
    [[COMPLETE, failed('store-full')], 1],
    [[failed('cancelled'), COMPLETE], 130],
    [[{ ...COMPLETE, status: 'partial' as const }, failed('wrong-key'), failed('failed')], 12],
  ])('of the backups %#', async (outcomes, code) => {
    expect((await comeback('backup', backups(...outcomes))).code).toBe(code)
  })

  test.each<[ErrorCode, number]>([
    ['failed', 1],
    ['usage', 2],
    ['damaged', 3],
    ['no-such-backup', 10],
    ['wrong-key', 12],
    ['cancelled', 130],
  ])('of the error %s is %d', async (code, exitCode) => {
    expect((await comeback('list', new ComebackError(code, 'No.'))).code).toBe(exitCode)
  })

  test('of an error that nobody expected is 1', async () => {
    expect((await comeback('list', new TypeError('undefined is not a function'))).code).toBe(1)
  })
})

describe('--json', () => {
  const progressing: Surroundings['runJob'] = async (_command, _options, { progress }) => {
    progress({ type: 'phase', component: 'database', text: 'copying rows' })
    progress({ type: 'notice', message: 'A new key was written.' })
    return backups(COMPLETE)
  }

  test('puts one document on stdout, the report, and everything else on stderr', async () => {
    const { stdout, stderr } = await comeback('backup database --json', progressing)
    expect(JSON.parse(stdout)).toEqual(backups(COMPLETE))
    expect(stdout.trimEnd()).not.toContain('\n')
    expect(stderr).toContain('copying rows')
    expect(stderr).toContain('A new key was written.')
  })

  test.each([
    ['restore database latest --json', new ComebackError('no-such-backup', 'None.', { hint: 'comeback list' })],
    ['restore database latest', new ComebackError('no-such-backup', 'None.', { hint: 'comeback list' })],
  ])('puts an error there, too: %s', async (typed, error) => {
    const { stdout, stderr, code } = await comeback(typed, error, { environment: { COMEBACK_JSON: 'true' } })
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'no-such-backup', message: 'None.', hint: 'comeback list' } })
    expect(stderr).toContain('comeback: None.\n  hint: comeback list\n')
    expect(code).toBe(10)
  })

  test.each(['--json', 'bakcup --json', 'backup --lanes x --json', 'backup --json --nonsense'])(
    'holds for mistakes in the arguments: %s',
    async typed => {
      const { stdout, code } = await comeback(typed, new Error('never run'))
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage' } })
      expect(code).toBe(2)
    },
  )

  test.each(['--version --json', 'help --json', 'backup --help --json'])('holds for %s', async typed => {
    const { stdout, code } = await comeback(typed, new Error('never run'))
    expect(JSON.parse(stdout)).toHaveProperty('command')
    expect(code).toBe(0)
  })
})

describe('an error', () => {
  const error = new ComebackError('connection', 'The database db.example.com does not answer.', {
    hint: 'Is it reachable from here?',
    cause: new Error('connect ETIMEDOUT', { cause: new Error('the innermost reason') }),
  })

  test('says what, what to do, and its code, and nothing on stdout', async () => {
    const { stdout, stderr } = await comeback('list', error)
    expect(stdout).toBe('')
    expect(stderr).toBe(
      'comeback: The database db.example.com does not answer.\n  hint: Is it reachable from here?\n  code: connection\n',
    )
  })

  test('shows its causes with COMEBACK_DEBUG', async () => {
    const { stderr } = await comeback('list', error, { environment: { COMEBACK_DEBUG: '1' } })
    expect(stderr).toContain('caused by: Error: connect ETIMEDOUT')
    expect(stderr).toContain('the innermost reason')
    expect(stderr).toContain('run.test.ts')
  })

  test('cannot send escape sequences to the terminal', async () => {
    const { stderr } = await comeback('list', new ComebackError('failed', 'The table "\x1b[2Jx" is odd.'))
    expect(stderr).toContain('The table "\\x1b[2Jx" is odd.')
  })

  test('is red on a terminal, unless NO_COLOR is set', async () => {
    for (const [environment, red] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
      [{ TERM: 'dumb' }, false],
    ] as const) {
      const stderr = new FakeTerminal()
      await comeback('list', error, { stderr, environment })
      expect(stderr.writes.join('').includes('\x1b[31m')).toBe(red)
    }
  })
})

describe('time', () => {
  const waiting: Surroundings['runJob'] = (_command, _options, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })

  test('that runs out says which limit it was, and what to do', async () => {
    const { code, stderr } = await comeback('backup database --timeout 50ms', waiting)
    expect(code).toBe(1)
    expect(stderr).toContain('--timeout of 0.1 s was reached')
    expect(stderr).toContain('hint: Give it more time')
    expect(stderr).toContain('code: timeout')
  })

  test('is the reason even where a library throws something else because of it', async () => {
    const { stderr } = await comeback(
      'backup database --timeout 50ms',
      (_command, _options, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('Connection terminated unexpectedly')))
        }),
    )
    expect(stderr).toContain('code: timeout')
    expect(stderr).not.toContain('Connection terminated')
  })

  test('is not what a run ended for that was cancelled', async () => {
    const controller = new AbortController()
    const ended = comeback('backup database --timeout 1h', waiting, { signal: controller.signal })
    controller.abort(new ComebackError('cancelled', 'The run was cancelled by SIGINT.'))
    expect(await ended).toMatchObject({ code: 130 })
  })
})

describe('a secret', () => {
  const talking: Surroundings['runJob'] = async (_command, { databaseUrl }, { key, progress }) => {
    const text = `${databaseUrl} hunt/er2 hunt%2fer2 ${key}`
    progress({ type: 'phase', component: 'database', text })
    progress({ type: 'warning', component: 'database', message: text, hint: text })
    progress({ type: 'notice', message: text })
    throw new ComebackError('connection', text, { hint: text, cause: new Error(text) })
  }

  function expectNone(text: string): void {
    for (const secret of ['hunt/er2', 'hunt%2Fer2', 'hunt%2fer2', KEY]) expect(text).not.toContain(secret)
  }

  test.each(['', ' --json', ' --quiet'])(
    'shows nowhere: not on stdout, not on stderr, not in the log (backup%s)',
    async more => {
      const environment = { COMEBACK_KEY: KEY, DATABASE_URL: URL_WITH_PASSWORD, COMEBACK_DEBUG: '1' }
      const { stdout, stderr } = await comeback(`backup database${more}`, talking, { environment })
      expect(stderr).toContain('***')
      expectNone(stdout)
      expectNone(stderr)
      expectNone(onlyLog())
      expect(onlyLog()).toContain('--database-url db.example.com:5432/shop')
    },
  )

  test('that was given as an argument shows nowhere, even where it does not belong', async () => {
    for (const typed of [`backup database --database-url ${URL_WITH_PASSWORD}`, `backup ${URL_WITH_PASSWORD}`]) {
      const { stdout, stderr } = await comeback(typed, talking)
      expectNone(stdout + stderr)
    }
  })

  test('in the key file shows nowhere, even if the run made it', async () => {
    const { stderr } = await comeback('backup database', async () => {
      writeFileSync(join(cwd, '.backup_key'), `${KEY}\n`)
      throw new Error(`The key is ${KEY}.`)
    })
    expect(stderr).toContain('The key is ***.')
    expectNone(stderr)
    expectNone(onlyLog())
  })
})

describe('the log', () => {
  test('tells of version, verb, options, phases, warnings, the result and the exit code', async () => {
    await comeback('backup database --full --exclude-table-data audit.*', async (_command, _options, { progress }) => {
      progress({ type: 'phase', component: 'database', text: 'copying rows' })
      progress({ type: 'bytes', component: 'database', done: 1, fresh: 1, stored: 1 })
      progress({ type: 'warning', component: 'database', message: 'A lane was lost.', hint: 'It came back.' })
      return backups({
        ...COMPLETE,
        status: 'partial',
        problems: [{ severity: 'partial', message: 'a.txt vanished.' }],
      })
    })
    expect(logs()).toEqual(['20261123T020000Z-backup.log'])
    expect(onlyLog().split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^2026-11-23T02:00:00\.000Z comeback \d+\.\d+\.\d+, node \d+/),
        '2026-11-23T02:00:00.000Z backup database',
        expect.stringContaining(
          '--exclude-table-data "audit.*" --retention-days 30 --full true --full-every 30d --codec gzip',
        ),
        '2026-11-23T02:00:00.000Z database: copying rows',
        '2026-11-23T02:00:00.000Z warning: database: A lane was lost. (It came back.)',
        '  missing: a.txt vanished.',
        '2026-11-23T02:00:00.000Z exit code 3',
      ]),
    )
  })

  test('can be read by its owner alone, and none overwrites another', async () => {
    await comeback('backup database', backups(COMPLETE))
    await comeback('backup database', backups(COMPLETE))
    expect(logs()).toEqual(['20261123T020000Z-backup-2.log', '20261123T020000Z-backup.log'])
    for (const name of logs()) expect(statSync(join(cwd, 'logs', name)).mode & 0o777).toBe(0o600)
  })

  test('that cannot be written is a warning, no failure', async () => {
    writeFileSync(join(cwd, 'logs'), 'a file where the folder should be')
    const { code, stderr } = await comeback('backup database', backups(COMPLETE))
    expect(code).toBe(0)
    expect(stderr).toMatch(/^warning: No log of this run in .*logs: .*EEXIST/)
  })

  test.each(['list', 'key show-id', 'help', '--version', 'bakcup'])('is not written by %s', async typed => {
    await comeback(typed, { command: 'key', keyId: 'x' })
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('progress', () => {
  const working: Surroundings['runJob'] = async (_command, _options, { progress }) => {
    progress({ type: 'phase', component: 'database', text: 'copying rows' })
    await new Promise(done => setTimeout(done, 250))
    return backups(COMPLETE)
  }

  test('is live on a terminal and gone at the end', async () => {
    const stderr = new FakeTerminal()
    await comeback('backup database', working, { stderr })
    expect(stderr.writes.join('')).toContain('database  copying rows')
    expect(stderr.screen).toEqual([])
  })

  test.each([
    ['backup database --json', {}],
    ['backup database', { CI: 'true' }],
  ])('is plain lines with %s and %j', async (typed, environment) => {
    const stderr = new FakeTerminal()
    await comeback(typed, working, { stderr, environment })
    expect(stderr.screen).toEqual(['database: copying rows'])
  })

  test('is absent with --quiet', async () => {
    const stderr = new FakeTerminal()
    await comeback('backup database --quiet', working, { stderr })
    expect(stderr.writes).toEqual([])
  })
})
