/** The product in one table: what a person types, and what comes of it. */
import { describe, expect, test } from 'vitest'
import { parseInvocation } from '../../src/cli/commands.ts'
import { ComebackError } from '../../src/errors.ts'
import type { Command } from '../../src/job-context.ts'
import { resolveOptions } from '../../src/option-values.ts'
import type { Options, Verb } from '../../src/options.ts'
import type { Environment } from '../../src/run/environment.ts'

const ALL = ['database', 'files', 'config'] as const
type Row = readonly [typed: readonly string[], environment: Environment, command: Command, options: Partial<Options>]

const backup = (...components: Extract<Command, { verb: 'backup' }>['components']): Command => ({
  verb: 'backup',
  components,
})
const restore = (component: 'database' | 'files' | 'config', at: string): Command => ({
  verb: 'restore',
  component,
  at,
})

const ROWS: readonly Row[] = [
  // backup
  [['backup'], {}, backup(...ALL), {}],
  [['backup', 'all'], {}, backup(...ALL), {}],
  [
    ['backup', 'database'],
    { DATABASE_URL: 'postgresql://h/d' },
    backup('database'),
    { databaseUrl: 'postgresql://h/d' },
  ],
  [
    ['backup', 'database', '--database-url', 'postgresql://flag/d'],
    { DATABASE_URL: 'postgresql://environment/d' },
    backup('database'),
    { databaseUrl: 'postgresql://flag/d' },
  ],
  [['backup', 'config', 'database'], {}, backup('database', 'config'), {}],
  [['backup', 'files', '--files', 'public/**', 'uploads'], {}, backup('files'), { files: ['public/**', 'uploads'] }],
  [['backup', 'files', '--files', 'a', '--files', 'b'], {}, backup('files'), { files: ['a', 'b'] }],
  [['backup', '--files', 'a', 'b', '--', 'files'], {}, backup('files'), { files: ['a', 'b'] }],
  [['backup', '--files=a', 'files'], {}, backup('files'), { files: ['a'] }],
  [['backup', '--files', 'a', '--full', 'files'], {}, backup('files'), { files: ['a'], full: true }],
  [
    ['backup', 'files', '--files', 'a', 'b', '--exclude', '*.tmp', '**/cache', '--files', 'c'],
    {},
    backup('files'),
    { files: ['a', 'b', 'c'], exclude: ['*.tmp', '**/cache'] },
  ],
  [['backup', 'files', '--files', '-'], {}, backup('files'), { files: ['-'] }],
  [['backup', 'files', '--files=-odd-'], {}, backup('files'), { files: ['-odd-'] }],
  [['backup', 'files'], { COMEBACK_FILES: 'a b\nc' }, backup('files'), { files: ['a b', 'c'] }],
  [['backup', 'files', '--files', 'flag'], { COMEBACK_FILES: 'variable' }, backup('files'), { files: ['flag'] }],
  [
    ['backup', 'config', '--config-files', '.env', '--config-env', 'SMTP_*', 'STRIPE_KEY'],
    {},
    backup('config'),
    { configFiles: ['.env'], configEnv: ['SMTP_*', 'STRIPE_KEY'] },
  ],
  [
    ['backup', 'database', '--exclude-table-data', 'audit.*', 'public.log', '--schema-only'],
    {},
    backup('database'),
    { excludeTableData: ['audit.*', 'public.log'], schemaOnly: true },
  ],
  [['backup', '--lanes', '4', 'database'], {}, backup('database'), { lanes: 4 }],
  [['--lanes', '4', 'backup', 'database'], {}, backup('database'), { lanes: 4 }],
  [['backup', 'database', '--full-every', '7d'], {}, backup('database'), { fullEvery: 604_800_000 }],
  [['backup', 'database', '--full'], {}, backup('database'), { full: true }],
  [['backup', 'database', '--full=false'], { COMEBACK_FULL: 'true' }, backup('database'), { full: false }],
  [['backup', 'database', '--codec', 'zstd', '--level', '19'], {}, backup('database'), { codec: 'zstd', level: 19 }],
  [
    ['backup', 'database', '--source', 'shop', '--pg-dump', '/usr/bin/pg_dump'],
    {},
    backup('database'),
    {
      source: 'shop',
      pgDump: '/usr/bin/pg_dump',
    },
  ],
  [
    ['backup', '--timeout', '2h', '--connect-timeout', '90s'],
    {},
    backup(...ALL),
    {
      timeout: 7_200_000,
      connectTimeout: 90_000,
    },
  ],
  [
    ['backup', '--store', 'file:/mnt/disk'],
    { COMEBACK_STORE: 'file:other' },
    backup(...ALL),
    {
      store: 'file:/mnt/disk',
    },
  ],
  [['backup', '--store', 'file:a', '--store', 'file:b'], {}, backup(...ALL), { store: 'file:b' }],
  [
    ['backup', '--json', '--quiet', '--log-dir', '/var/log/comeback'],
    {},
    backup(...ALL),
    {
      json: true,
      quiet: true,
      logDir: '/var/log/comeback',
    },
  ],
  // restore
  [['restore', 'database', 'latest'], {}, restore('database', 'latest'), {}],
  [
    ['restore', 'database', '2026-11-23', '--mode', 'atomic'],
    {},
    restore('database', '2026-11-23'),
    { mode: 'atomic' },
  ],
  [
    ['restore', 'database', '2026-11-23T02:00Z', '--target-url', 'postgresql://copy/d'],
    {
      DATABASE_URL: 'postgresql://live/d',
    },
    restore('database', '2026-11-23T02:00Z'),
    {
      databaseUrl: 'postgresql://live/d',
      targetUrl: 'postgresql://copy/d',
    },
  ],
  [
    ['restore', 'files', '20261123T020000Z-7f3a91', '--into', 'out', '--overwrite'],
    {},
    restore('files', '20261123T020000Z-7f3a91'),
    { into: 'out', overwrite: true },
  ],
  [
    ['restore', 'files', '--discard', 'x.before-1', '--confirm', 'x'],
    {},
    restore('files', 'latest'),
    { discard: 'x.before-1', confirm: 'x' },
  ],
  [['restore', '--discard', 'shop_before_1'], {}, restore('database', 'latest'), { discard: 'shop_before_1' }],
  [['restore', 'files', 'latest', '--include', 'a', 'b/*'], {}, restore('files', 'latest'), { include: ['a', 'b/*'] }],
  [
    ['restore', 'database', '--undo', '--confirm', 'd'],
    {},
    restore('database', 'latest'),
    { undo: true, confirm: 'd' },
  ],
  [
    ['restore', 'database', 'latest', '--safety-store', 'file:./other', '--include-safety'],
    {},
    restore('database', 'latest'),
    { safetyStore: 'file:./other', includeSafety: true },
  ],
  [
    ['restore', 'database', 'latest', '--no-safety-backup', '--confirm', 'd'],
    {},
    restore('database', 'latest'),
    { noSafetyBackup: true, confirm: 'd' },
  ],
  [['restore', 'config', 'latest'], { COMEBACK_INTO: 'review' }, restore('config', 'latest'), { into: 'review' }],
  [['restore', 'database', 'latest'], { COMEBACK_FILES: 'for backups alone' }, restore('database', 'latest'), {}],
  // list, export, key
  // status and prune
  [['status'], {}, { verb: 'status', components: ALL }, {}],
  [
    ['status', 'database', '--max-age', '26h'],
    {},
    { verb: 'status', components: ['database'] },
    { maxAge: 93_600_000 },
  ],

  [
    ['status', '--max-age', 'database=26h files=8d', '--max-proof-age', '8d'],
    {},
    { verb: 'status', components: ALL },
    { maxAge: { database: 93_600_000, files: 691_200_000 }, maxProofAge: 691_200_000 },
  ],
  [['prune'], {}, { verb: 'prune', components: ALL }, { retentionDays: 30, apply: false }],
  [
    ['prune', 'files', '--retention-days', '7', '--keep-daily', '14', '--keep-monthly', '12', '--apply'],
    {},
    { verb: 'prune', components: ['files'] },
    { retentionDays: 7, keepDaily: 14, keepMonthly: 12, keepLast: undefined, apply: true },
  ],
  [
    ['prune', '--keep-last', '3', '--keep-hourly', '24', '--keep-weekly', '8', '--keep-yearly', '5', '--dry-run'],
    { RETENTION_DAYS: '60' },
    { verb: 'prune', components: ALL },
    { retentionDays: 60, keepLast: 3, keepHourly: 24, keepWeekly: 8, keepYearly: 5, dryRun: true },
  ],
  [['import'], {}, { verb: 'import', components: ALL }, { from: undefined, legacyKdf: false }],
  [
    ['import', 'database', '--from', 'old', '--kdf-iterations', '100000'],
    {},
    { verb: 'import', components: ['database'] },
    { from: 'old', kdfIterations: 100_000 },
  ],
  [['list'], {}, { verb: 'list', components: ALL }, {}],
  [
    ['list', 'database', '--key-file', '/safe/key'],
    {},
    { verb: 'list', components: ['database'] },
    {
      keyFile: '/safe/key',
    },
  ],
  [
    ['export', 'files', 'latest', '--into', 'out'],
    {},
    { verb: 'export', component: 'files', at: 'latest' },
    {
      into: 'out',
    },
  ],
  [['key', 'new'], { COMEBACK_KEY_FILE: 'other_key' }, { verb: 'key', action: 'new' }, { keyFile: 'other_key' }],
  [['key', 'show-id', '--json'], {}, { verb: 'key', action: 'show-id' }, { json: true }],
]

describe('arguments and environment become a command and its options', () => {
  test.each(ROWS)('comeback %j with %j', (typed, environment, command, options) => {
    const defaults = resolveOptions(command.verb, new Map(), {})
    expect(parseInvocation(typed, environment)).toEqual({ kind: 'job', command, options: { ...defaults, ...options } })
  })
})

describe('help and version', () => {
  test.each<[readonly string[], Verb | undefined]>([
    [['--help'], undefined],
    [['-h'], undefined],
    [['help'], undefined],
    [['help', 'backup'], 'backup'],
    [['backup', '--help'], 'backup'],
    [['restore', 'database', '-h'], 'restore'],
    [['backup', '--no-such-option', '--help'], 'backup'],
  ])('comeback %j shows the page of %s', (typed, verb) => {
    expect(parseInvocation(typed, {})).toEqual({ kind: 'help', verb, asked: true })
  })

  test('nothing at all shows the page, but is no success', () => {
    expect(parseInvocation([], {})).toEqual({ kind: 'help', verb: undefined, asked: false })
  })

  test.each([[['--version']], [['backup', '--version']]])('comeback %j shows the version', typed => {
    expect(parseInvocation(typed, {})).toEqual({ kind: 'version' })
  })
})

describe('a mistake is named, with the way out', () => {
  test.each<[readonly string[], message: string, hint: string]>([
    [['bakcup'], 'There is no verb "bakcup".', 'Did you mean comeback backup?'],
    [
      ['frobnicate'],
      'There is no verb "frobnicate".',
      'The verbs are: backup, restore, verify, list, status, report, check, prune, export, copy, import, init, key, help.',
    ],
    [['help', 'restor'], 'There is no verb "restor".', 'Did you mean comeback restore?'],
    [['--json'], 'No verb was given.', 'The verb comes first'],
    [['--files', 'a', 'backup'], 'No verb was given.', 'The verb comes first'],
    [['backup', '--keyfile', 'x'], 'There is no option --keyfile.', 'Did you mean --key-file?'],
    [['backup', '--databse-url', 'x'], 'There is no option --databse-url.', 'Did you mean --database-url?'],
    [['backup', '--database', 'x'], 'There is no option --database.', 'Did you mean --database-url?'],
    [['backup', '--frobnicate'], 'There is no option --frobnicate.', 'comeback --help'],
    [['backup', '-x'], 'There is no option -x.', 'comeback --help'],
    [['backup', 'databse'], 'There is no component "databse".', 'Did you mean database?'],
    [['backup', 'all', 'everything'], 'There is no component "everything".', 'database, files, config'],
    [['backup', '--store'], '--store needs a value.', '--store=VALUE'],
    [['backup', '--store', '--full'], '--store needs a value.', '--store=VALUE'],
    [['backup', '--files'], '--files needs a value.', '--files=VALUE'],
    [['backup', '--files', '--full'], '--files needs a value.', '--files=VALUE'],
    [['backup', '--store='], '--store needs a value.', 'LOCATION'],
    [['backup', '--full=maybe'], '--full is true or false, not "maybe".', 'true or false'],
    [['backup', '--mode', 'atomic'], 'backup does not take --mode.', 'It belongs to restore.'],
    [['list', '--timeout', '1h', '--lanes', '2'], 'list does not take --lanes.', 'backup, restore'],
    [['restore'], 'restore needs to know which component.', 'comeback restore database latest'],
    [['restore', 'files'], 'restore needs to know which backup.', 'comeback restore files latest'],
    [
      ['restore', 'files', 'latest', '--undo'],
      'restore --undo brings back what the target held before, and cannot use "latest".',
      'comeback restore files --undo',
    ],
    [['restore', 'files', '--undo=false'], 'restore needs to know which backup.', 'comeback restore files latest'],
    [['restore', '--undo'], 'restore needs to know which component.', 'comeback restore database latest'],
    [['report'], 'report needs a file to write to.', 'comeback report --html report.html'],
    [['restore', 'all', 'latest'], 'restore takes one component at a time.', 'database, files, config'],
    [['restore', 'files', 'latest', '--discard', 'x'], 'restore --discard cannot use "latest".', '--discard NAME'],
    [['restore', 'files', 'latest', 'now'], 'restore cannot use "now".', 'Usage: comeback restore'],
    [['restore', 'database', 'latest', '--mode', 'both'], '--mode cannot be "both".', 'atomic, swap, parallel'],
    [['export', 'files', 'latest'], 'export needs a folder to write to.', 'comeback export files latest --into DIR'],
    [['key'], 'key needs to know what to do.', 'comeback key new'],
    [['key', 'show'], 'key does not know "show".', 'comeback key show-id'],
    [['key', 'new', 'please'], 'key cannot use "please".', 'new|show-id'],
  ])('comeback %j: %s', (typed, message, hint) => {
    const error = mistake(typed)
    expect(error).toMatchObject({ code: 'usage', exitCode: 2 })
    expect(error.message).toBe(message)
    expect(error.hint).toContain(hint)
  })
})

function mistake(typed: readonly string[]): ComebackError {
  try {
    parseInvocation(typed, {})
  } catch (error) {
    if (error instanceof ComebackError) return error
  }
  throw new Error(`comeback ${typed.join(' ')} was taken`)
}
