/** The product in one table: what a workflow says under `with:`, and what comes of it. */
import { describe, expect, test } from 'vitest'
import { INPUTS, variableOf } from '../../src/action/input-table.ts'
import { parseInputs } from '../../src/action/inputs.ts'
import { adviceOnInput, renamedInput } from '../../src/action/renamed-inputs.ts'
import { ComebackError } from '../../src/errors.ts'
import type { Command } from '../../src/job-context.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { Options } from '../../src/options.ts'
import type { Environment } from '../../src/run/environment.ts'
import { inputVariables } from './scene.ts'

const ALL = ['database', 'files', 'config'] as const
type With = Readonly<Record<string, string>>
type Row = readonly [inputs: With, environment: Environment, command: Command, options: Partial<Options>]

const backup = (...components: Extract<Command, { verb: 'backup' }>['components']): Command => ({
  verb: 'backup',
  components,
})
const list: Command = { verb: 'list', components: ALL }

const ROWS: readonly Row[] = [
  // What to do
  [{}, {}, backup(...ALL), {}],
  [{ command: '' }, {}, backup(...ALL), {}],
  [{ command: 'backup', component: 'all' }, {}, backup(...ALL), {}],
  [{ component: 'database' }, {}, backup('database'), {}],
  [{ component: 'config, database' }, {}, backup('database', 'config'), {}],
  [{ component: 'files\nconfig\n' }, {}, backup('files', 'config'), {}],
  [{ command: 'list' }, {}, list, {}],
  [{ command: 'list', component: 'files' }, {}, { verb: 'list', components: ['files'] }, {}],
  [{ command: 'status', 'max-age': '26h' }, {}, { verb: 'status', components: ALL }, { maxAge: 93_600_000 }],
  [{ command: 'check', read: 'true' }, {}, { verb: 'check', components: ALL }, { read: true }],
  [
    { command: 'prune', apply: 'true', 'keep-daily': '14', 'keep-monthly': '12' },
    {},
    { verb: 'prune', components: ALL },
    { apply: true, keepDaily: 14, keepMonthly: 12 },
  ],
  [
    { command: 'restore', component: 'database', at: '2026-11-23', mode: 'atomic', confirm: 'shop' },
    {},
    { verb: 'restore', component: 'database', at: '2026-11-23' },
    { mode: 'atomic', confirm: 'shop' },
  ],
  [
    { command: 'restore', component: 'files', at: '', into: 'out', 'dry-run': 'true' },
    {},
    { verb: 'restore', component: 'files', at: 'latest' },
    { into: 'out', dryRun: true },
  ],
  [
    { command: 'export', component: 'config', into: 'out' },
    {},
    { verb: 'export', component: 'config', at: 'latest' },
    { into: 'out' },
  ],
  // Where
  [{ command: 'list', store: 's3://bucket/shop' }, {}, list, { store: 's3://bucket/shop' }],
  [{ command: 'list' }, { COMEBACK_STORE: 'file:/mnt' }, list, { store: 'file:/mnt' }],
  [
    { command: 'list', store: 'artifact:acme/shop' },
    { COMEBACK_STORE: 'file:/mnt' },
    list,
    { store: 'artifact:acme/shop' },
  ],
  [
    { command: 'list', 's3-endpoint': 'https://s3.example.com', 's3-path-style': 'true' },
    { AWS_REGION: 'eu-central-1' },
    list,
    { s3Endpoint: 'https://s3.example.com', s3PathStyle: true, s3Region: 'eu-central-1' },
  ],
  [{ command: 'list', 'github-token': 'ghs_input' }, { GITHUB_TOKEN: 'ghs_env' }, list, { githubToken: 'ghs_input' }],
  [{ command: 'list', 'github-token': '' }, { GITHUB_TOKEN: 'ghs_env' }, list, { githubToken: 'ghs_env' }],
  [{ 'allow-public-artifacts': 'True' }, {}, backup(...ALL), { allowPublicArtifacts: true }],
  // What
  [
    { 'database-url': 'postgresql://input/d' },
    { DATABASE_URL: 'x' },
    backup(...ALL),
    { databaseUrl: 'postgresql://input/d' },
  ],
  [
    { 'database-url': '' },
    { DATABASE_URL: 'postgresql://env/d' },
    backup(...ALL),
    { databaseUrl: 'postgresql://env/d' },
  ],
  [{ 'database-url': 'postgresql://h/d\n' }, {}, backup(...ALL), { databaseUrl: 'postgresql://h/d' }],
  [{ files: 'public/**\n\n  my uploads \r\n' }, {}, backup(...ALL), { files: ['public/**', 'my uploads'] }],
  [{ files: 'input' }, { COMEBACK_FILES: 'variable' }, backup(...ALL), { files: ['input'] }],
  [
    { 'config-files': '.env', 'config-env': 'SMTP_*\nSTRIPE_KEY' },
    {},
    backup(...ALL),
    { configFiles: ['.env'], configEnv: ['SMTP_*', 'STRIPE_KEY'] },
  ],
  // How
  [{ lanes: '4', codec: 'zstd', level: '19' }, {}, backup(...ALL), { lanes: 4, codec: 'zstd', level: 19 }],
  [{ full: 'TRUE' }, {}, backup(...ALL), { full: true }],
  [{ full: 'False' }, { COMEBACK_FULL: 'true' }, backup(...ALL), { full: false }],
  [{ timeout: '2h', 'full-every': '7d' }, {}, backup(...ALL), { timeout: 7_200_000, fullEvery: 604_800_000 }],
  [{ 'retention-days': '90' }, { RETENTION_DAYS: '7' }, backup(...ALL), { retentionDays: 90 }],
  [{ 'log-dir': '/tmp/logs' }, {}, backup(...ALL), { logDir: '/tmp/logs' }],
]

function variables(inputs: With): Environment {
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [variableOf(name), value]))
}

function mistake(inputs: With): ComebackError {
  try {
    parseInputs(variables(inputs))
  } catch (error) {
    if (error instanceof ComebackError) return error
  }
  throw new Error(`${JSON.stringify(inputs)} was taken`)
}

describe('inputs and environment become a command and its options', () => {
  test.each(ROWS)('with %j and %j', (inputs, environment, command, options) => {
    const defaults = { ...resolveOptions(command.verb, new Map(), {}), store: 'artifact:' }
    const request = parseInputs({ ...environment, ...variables(inputs) })
    expect({ command: request.command, options: request.options }).toEqual({
      command,
      options: { ...defaults, ...options },
    })
  })

  test('all inputs may be there and empty, as the runner passes on those that nobody gave', () => {
    const empty = Object.fromEntries(INPUTS.map(({ name }) => [name, '']))
    expect(parseInputs(variables(empty))).toEqual(parseInputs({}))
  })

  test('the key is the input, or else the variable, to the last blank', () => {
    const environment = { COMEBACK_KEY: 'from the environment' }
    expect(parseInputs({ ...environment, ...variables({ key: ' from the input ' }) }).key).toBe(' from the input ')
    expect(parseInputs({ ...environment, ...variables({ key: '' }) }).key).toBe('from the environment')
    expect(parseInputs({}).key).toBeUndefined()
  })

  test('details are shown in the summary only if somebody wants them', () => {
    expect(parseInputs({}).summaryDetails).toBe(false)
    expect(parseInputs(variables({ 'summary-details': 'true' })).summaryDetails).toBe(true)
  })
})

describe('a mistake is named, with the way out', () => {
  test.each<[inputs: With, message: string, hint: string]>([
    [{ command: 'bakcup' }, 'There is no command "bakcup".', 'Did you mean backup?'],
    [{ command: 'frobnicate' }, 'There is no command "frobnicate".', 'The commands are: backup, restore'],
    [{ command: 'init' }, 'The Action has no command init.', 'comeback init on your own machine'],
    [{ command: 'key' }, 'The Action has no command key.', 'comeback key on your own machine'],
    [{ component: 'databse' }, 'There is no component "databse".', 'Did you mean database?'],
    [
      { command: 'restore', component: 'files', at: 'latest', undo: 'true' },
      'undo brings back what the target held before, and does not take input at.',
      'one of them',
    ],
    [{ command: 'restore' }, 'restore needs to know which component.', 'database, files or config'],
    [{ command: 'restore', component: 'all' }, 'restore takes one component at a time.', 'database, files, config'],
    [{ command: 'restore', component: 'files, config' }, 'restore takes one component at a time.', 'Name one'],
    [{ command: 'export', component: 'files' }, 'export needs a folder to write to.', 'the input into'],
    [{ command: 'report' }, 'report needs a file to write to.', 'Name it with the input html.'],
    [{ at: 'latest' }, 'backup does not take input at.', 'It belongs to restore, verify, export, copy.'],
    [{ mode: 'atomic' }, 'backup does not take input mode.', 'It belongs to restore.'],
    [{ command: 'list', lanes: '2' }, 'list does not take input lanes.', 'It belongs to backup, restore, verify.'],
    [{ lanes: 'many' }, 'input lanes cannot be "many".', 'a whole number from 1 to 64'],
    [{ full: 'yes' }, 'input full is true or false, not "yes".', 'Write true or false.'],
    [{ 'summary-details': '1' }, 'input summary-details is true or false, not "1".', 'Write true or false.'],
    [{ level: '10' }, 'gzip has no level 10.', 'use input codec zstd'],
    [{ 'databse-url': 'x' }, 'There is no input "databse-url".', 'Did you mean database-url?'],
    [{ 'databse-url': '' }, 'There is no input "databse-url".', 'Did you mean database-url?'],
    [{ database_url: 'x' }, 'There is no input "database_url".', 'Did you mean database-url?'],
    [{ 'encryption-key': 'x' }, 'There is no input "encryption-key".', 'It is called key here.'],
    [{ encryption_key: 'x' }, 'There is no input "encryption_key".', 'It is called key here.'],
    [{ 's3-bucket': 'x' }, 'There is no input "s3-bucket".', 'It is called store here.'],
    [{ date: 'x' }, 'There is no input "date".', 'It is called at here.'],
    [{ type: 'x' }, 'There is no input "type".', 'It is called component here.'],
    [{ json: 'true' }, 'There is no input "json".', 'The output report'],
    [{ quiet: 'true' }, 'There is no input "quiet".', 'folded by itself'],
    [{ frobnicate: 'x' }, 'There is no input "frobnicate".', 'The inputs are: command, component, at, key, store'],
  ])('with %j: %s', (inputs, message, hint) => {
    const error = mistake(inputs)
    expect(error).toMatchObject({ code: 'usage', message })
    expect(error.hint).toContain(hint)
  })

  test('the value of an input that there is not shows nowhere', () => {
    const { message, hint } = mistake({ 'encryption-key': 'correct horse' })
    expect(message + hint).not.toContain('horse')
  })
})

test('no input of ours is told to be called otherwise', () => {
  for (const { name } of INPUTS) expect(adviceOnInput(name)).toBeUndefined()
})

test('every foreign name leads to an input that there is', () => {
  const names = INPUTS.map(({ name }) => name)
  for (const foreign of ['passphrase', 'aws_region', 'bucket', 'DSN'.toLowerCase()]) {
    expect(names).toContain(renamedInput(foreign))
  }
})

test.each([
  ['as an input', { INPUT_MIGRATE: 'npm run migrate' }, /no input "migrate"/],
  ['as a variable', { COMEBACK_MIGRATE: 'npm run migrate' }, /migrate is nothing for a step of an action/],
])('what runs code of others is none of the Action’s, whose environment has key and tokens: %s', (_, given, said) => {
  const environment = { ...inputVariables({ command: 'verify' }), ...given }
  expect(() => parseInputs(environment)).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringMatching(said) }),
  )
  expect(() => parseInputs(environment)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('gate-into') }),
  )
})
