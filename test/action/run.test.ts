import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Surroundings } from '../../src/action/run.ts'
import { ComebackError, type ErrorCode } from '../../src/errors.ts'
import type { BackupOutcome, BackupReport, ListReport } from '../../src/report/report.ts'
import { type Runner, runner } from './scene.ts'

const KEY = 'correct horse battery staple'
const URL_WITH_PASSWORD = 'postgresql://app:hunt%2Fer2@db.example.com:5432/shop?sslmode=require'

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
  bytes: { read: 1_080_000_000, new: 30_000_000, stored: 10_000_000 },
  leansOn: 0,
  keyId: '0123456789abcdef',
  largest: [{ name: 'table customers', bytes: 900 }],
  history: [],
  problems: [],
}
const FILES: BackupOutcome = {
  ...COMPLETE,
  component: 'files',
  id: '20261123T020001Z-aaaaaa',
  bytes: { read: 5, new: 5, stored: 5 },
}
const failed = (code: ErrorCode): BackupOutcome => ({
  status: 'failed',
  component: 'config',
  error: { code, message: 'Nothing is named that could be backed up.', hint: 'Name it with --config-files.' },
})
const backups = (...outcomes: BackupOutcome[]): BackupReport => ({
  command: 'backup',
  store: 'artifact:',
  backups: outcomes,
})
const EMPTY_LIST: ListReport = { command: 'list', store: 'file:x', backups: [], foreign: [] }

let scene: Runner
beforeEach(() => {
  scene = runner()
})
afterEach(() => {
  scene[Symbol.dispose]()
})

describe('the job', () => {
  const seen = async (environment: Record<string, string>, inputs: Record<string, string> = {}) => {
    let context: Parameters<Surroundings['runJob']>[2] | undefined
    await scene.run(
      { command: 'list', ...inputs },
      async (_command, _options, given) => {
        context = given
        return EMPTY_LIST
      },
      environment,
    )
    return context
  }

  test('knows that it is in CI, where temporary files go, and the key', async () => {
    expect(await seen({ SMTP_HOST: 'mail' }, { key: KEY })).toMatchObject({
      cwd: scene.folder,
      ci: true,
      key: KEY,
      temporary: scene.files.RUNNER_TEMP,
      environment: { SMTP_HOST: 'mail' },
    })
  })

  test('knows its run if the runner gave it the token that uploads need', async () => {
    const environment = { GITHUB_REPOSITORY: 'acme/shop', GITHUB_RUN_ID: '77', GITHUB_RUN_ATTEMPT: '2' }
    const github = { apiUrl: 'https://api.github.com', serverUrl: 'https://github.com', repository: 'acme/shop' }
    expect((await seen(environment))?.github).toEqual({ ...github, run: undefined })
    const token = { ...environment, ACTIONS_RUNTIME_TOKEN: 'ey.token' }
    expect((await seen(token))?.github.run).toEqual({ id: '77', attempt: '2', retentionDays: undefined })
    const days = { ...token, GITHUB_RETENTION_DAYS: '90' }
    expect((await seen(days))?.github.run?.retentionDays).toBe(90)
  })
})

describe('a backup', () => {
  test('that is complete ends with 0, and its outputs say what it is', async () => {
    const { code, outputs, lines, report } = await scene.run({}, backups(COMPLETE, FILES))
    expect(code).toBe(0)
    expect(outputs).toMatchObject({
      status: 'complete',
      'backup-ids': '20261123T020000Z-7f3a91,20261123T020001Z-aaaaaa',
      'bytes-new': '30000005',
      'bytes-total': '1080000005',
    })
    expect(lines.join('\n')).toContain('database complete 20261123T020000Z-7f3a91')
    expect(lines.filter(line => line.startsWith('::'))).toEqual([])
    expect(report).toEqual(backups(COMPLETE, FILES))
  })

  test('of which one component failed is failed, and keeps the ids of the others', async () => {
    const { code, outputs, lines } = await scene.run({}, backups(COMPLETE, failed('connection')))
    expect(code).toBe(1)
    expect(outputs).toMatchObject({ status: 'failed', 'backup-ids': '20261123T020000Z-7f3a91' })
    expect(lines).toContain(
      '::error title=Comeback%3A config%2C connection::Nothing is named that could be backed up.%0AName it with config-files.',
    )
  })

  test('that lacks a file is partial, with a warning for each', async () => {
    const problems = [
      { severity: 'warning', message: 'A link leads outside.' },
      { severity: 'partial', message: 'a.txt vanished.', hint: 'Run it again.' },
    ] as const
    const { code, outputs, lines } = await scene.run({}, backups({ ...FILES, status: 'partial', problems }))
    expect(code).toBe(3)
    expect(outputs.status).toBe('partial')
    expect(lines.filter(line => line.startsWith('::'))).toEqual([
      '::warning title=Comeback%3A files%2C missing::a.txt vanished.%0ARun it again.',
      '::warning title=Comeback%3A files::A link leads outside.',
    ])
  })

  test('with more warnings than GitHub shows says so', async () => {
    const problems = Array.from({ length: 25 }, (_, index) => ({
      severity: 'partial' as const,
      message: `${index} vanished.`,
    }))
    const { lines } = await scene.run({}, backups({ ...FILES, status: 'partial', problems }))
    const annotations = lines.filter(line => line.startsWith('::warning'))
    expect(annotations).toHaveLength(10)
    expect(annotations.at(-1)).toContain('16 more')
    expect(lines.join('\n')).toContain('24 vanished.')
  })
})

describe('an error', () => {
  test('is an annotation with code and hint, and the outputs are set all the same', async () => {
    const error = new ComebackError('no-such-backup', 'There is no backup of that day.', {
      hint: 'List them with --store.',
    })
    const { code, outputs, lines, report } = await scene.run({ command: 'restore', component: 'files' }, error)
    expect(code).toBe(10)
    expect(lines[0]).toBe(
      '::error title=Comeback%3A no-such-backup::There is no backup of that day.%0AList them with store.',
    )
    expect(outputs.status).toBe('failed')
    expect(report).toEqual({
      error: { code: 'no-such-backup', message: 'There is no backup of that day.', hint: 'List them with --store.' },
    })
  })

  test('of an input is said before anything is done', async () => {
    const { code, lines, outputs } = await scene.run({ comand: 'list' }, new Error('It ran.'))
    expect(code).toBe(2)
    expect(lines[0]).toBe('::error title=Comeback%3A usage::There is no input "comand".%0ADid you mean command?')
    expect(outputs.status).toBe('failed')
  })

  test.each([
    ['damaged', 'failed'],
    ['mismatch', 'failed'],
    ['store-unavailable', 'could-not-verify'],
    ['timeout', 'could-not-verify'],
  ] as const)('of a check with the code %s has the verdict %s', async (errorCode, verdict) => {
    const { outputs } = await scene.run({ command: 'check' }, new ComebackError(errorCode, 'x'))
    expect(outputs).toMatchObject({ status: 'failed', verdict })
  })

  test('in the inputs of a check has verified nothing', async () => {
    const { outputs } = await scene.run({ command: 'check', raed: 'true' }, new Error('It ran.'))
    expect(outputs).toMatchObject({ status: 'failed', verdict: 'could-not-verify' })
  })

  test('shows its causes when the runner is in debug mode', async () => {
    const error = new ComebackError('connection', 'No.', { cause: new Error('ECONNREFUSED deep down') })
    expect((await scene.run({}, error)).stdout).not.toContain('deep down')
    expect((await scene.run({}, error, { RUNNER_DEBUG: '1' })).stdout).toContain('deep down')
  })

  test('that is a cancelled run ends with 130', async () => {
    const controller = new AbortController()
    const ended = scene.run(
      {},
      (_command, _options, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
      {},
      controller.signal,
    )
    controller.abort(new ComebackError('cancelled', 'The run was cancelled by SIGINT.'))
    const { code, lines, outputs } = await ended
    expect(code).toBe(130)
    expect(lines).toEqual(['Stopping.', '::error title=Comeback%3A cancelled::The run was cancelled by SIGINT.', ''])
    expect(outputs.status).toBe('failed')
  })

  test('of time says which input set the limit', async () => {
    const { lines } = await scene.run(
      { timeout: '50ms' },
      (_command, _options, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    expect(lines[0]).toContain('The run was stopped: timeout of 0.1 s was reached.')
    expect(lines[0]).toContain('more connections (lanes), or less to do (exclude-table-data, schema-only: true).')
  })
})

describe('the log of the step', () => {
  test('has phases as plain lines, warnings and notices as annotations', async () => {
    const { lines } = await scene.run({ component: 'database' }, async (_command, _options, { progress }) => {
      progress({ type: 'phase', component: 'database', text: 'Copying rows' })
      progress({ type: 'warning', component: 'database', message: 'A lane was lost.', hint: 'Try fewer --lanes.' })
      progress({ type: 'notice', message: 'Something to know.' })
      return EMPTY_LIST
    })
    expect(lines.slice(0, 3)).toEqual([
      'database: Copying rows',
      '::warning title=Comeback%3A database::A lane was lost.%0ATry fewer lanes.',
      '::notice title=Comeback::Something to know.',
    ])
  })

  test("never takes other people's text for a command", async () => {
    const evil = 'x\n::add-mask::public\n  ::set-env name=PATH::/evil\r\n::stop-commands::x ##[add-path]/evil'
    const { stdout } = await scene.run({}, async (_command, _options, { progress }) => {
      progress({ type: 'phase', component: 'database', text: `::${evil}` })
      progress({ type: 'warning', component: 'database', message: evil, hint: evil })
      return backups({ ...FILES, status: 'partial', problems: [{ severity: 'partial', message: evil, hint: evil }] })
    })
    const commands = stdout.split(/[\r\n]+/).filter(line => line.trimStart().startsWith('::') || line.includes('##['))
    expect(commands).toHaveLength(2)
    for (const command of commands) expect(command).toMatch(/^::warning title=Comeback/)
  })

  test('is kept in a file, too, as on a terminal', async () => {
    await scene.run({ component: 'files' }, backups(FILES))
    const [name = ''] = readdirSync(join(scene.folder, 'logs')).filter(name => name.endsWith('.log'))
    expect(name).toBe('20261123T020000Z-backup.log')
    expect(readFileSync(join(scene.folder, 'logs', name), 'utf8')).toContain('exit code 0')
  })
})

describe('a secret', () => {
  const talking: Surroundings['runJob'] = async (_command, { databaseUrl }, { key, progress }) => {
    const text = `${databaseUrl} hunt/er2 hunt%2fer2 ${key} ghs_token`
    progress({ type: 'phase', component: 'database', text })
    progress({ type: 'warning', component: 'database', message: text, hint: text })
    progress({ type: 'notice', message: text })
    throw new ComebackError('connection', text, { hint: text, cause: new Error(text) })
  }

  test('is masked before anything else is said, and shows nowhere but there', async () => {
    const inputs = { key: KEY, 'database-url': URL_WITH_PASSWORD, 'github-token': 'ghs_token' }
    const { stdout, lines, summary, report, outputs } = await scene.run(inputs, talking, { RUNNER_DEBUG: '1' })
    const written = stdout.trimEnd().split('\n')
    const masks = written.filter(line => line.startsWith('::add-mask::'))
    expect(written.slice(0, masks.length)).toEqual(masks)
    const [log = ''] = readdirSync(join(scene.folder, 'logs'))
      .filter(name => name.endsWith('.log'))
      .map(name => readFileSync(join(scene.folder, 'logs', name), 'utf8'))
    const everywhere = [...lines, summary, JSON.stringify(report), JSON.stringify(outputs), log].join('\n')
    expect(everywhere).toContain('***')
    for (const secret of ['hunt/er2', 'hunt%2Fer2', 'hunt%2fer2', KEY, 'ghs_token']) {
      expect(everywhere).not.toContain(secret)
    }
  })

  test('in the key file is masked and hidden like one that was given', async () => {
    writeFileSync(join(scene.folder, 'my.key'), `${KEY}\n`)
    const { stdout, lines } = await scene.run({ 'key-file': 'my.key' }, new Error(`The key is ${KEY}.`))
    expect(stdout).toContain(`::add-mask::${KEY}\n`)
    expect(lines[0]).toContain('The key is ***.')
  })
})

describe('what is left of a run', () => {
  test('as JSON can be read by its owner alone', async () => {
    const { outputs } = await scene.run({ command: 'list' }, EMPTY_LIST)
    expect(outputs.report?.startsWith(scene.files.RUNNER_TEMP)).toBe(true)
    expect(statSync(outputs.report ?? '').mode & 0o777).toBe(0o600)
  })

  test('names tables in the summary only if somebody wants it', async () => {
    const quiet = await scene.run({}, backups(COMPLETE))
    expect(quiet.summary).toContain('20261123T020000Z-7f3a91')
    expect(quiet.summary).not.toContain('customers')
    const open = await scene.run({ 'summary-details': 'true' }, backups(COMPLETE))
    expect(open.summary).toContain('customers')
  })

  test('has a summary of an error, too', async () => {
    const { summary } = await scene.run({}, new ComebackError('connection', 'No answer.', { hint: 'Try --lanes 1.' }))
    expect(summary).toContain('No answer.')
    expect(summary).toContain('lanes: 1')
  })

  test('that cannot be written is a warning, and the backup stays a success', async () => {
    const nowhere = join(scene.folder, 'no', 'such', 'folder')
    const { code, lines } = await scene.run({}, backups(COMPLETE), {
      GITHUB_STEP_SUMMARY: nowhere,
      GITHUB_OUTPUT: nowhere,
      RUNNER_TEMP: nowhere,
    })
    expect(code).toBe(0)
    const warnings = lines.filter(line => line.startsWith('::warning'))
    expect(warnings.map(line => /::(The [\w ]+) could not be written: ENOENT/.exec(line)?.[1])).toEqual([
      'The result as JSON',
      'The outputs',
      'The job summary',
    ])
  })

  test('needs no runner: without its files only the log is written', async () => {
    const { code, outputs, summary } = await scene.run({ command: 'list' }, EMPTY_LIST, {
      GITHUB_STEP_SUMMARY: '',
      GITHUB_OUTPUT: '',
    })
    expect({ code, outputs, summary }).toEqual({ code: 0, outputs: {}, summary: '' })
  })
})
