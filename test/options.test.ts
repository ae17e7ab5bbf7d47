import { expect, test } from 'vitest'
import { ComebackError } from '../src/errors.ts'
import { resolveOptions } from '../src/option-values.ts'
import {
  kebab,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type Options,
  optionsOf,
  VERBS,
  variablesOf,
} from '../src/options.ts'
import { optionsTable } from '../src/options-table.ts'

const DEFAULTS: Options = {
  store: 'file:./backups',
  s3Endpoint: undefined,
  s3Region: undefined,
  s3PathStyle: false,
  githubToken: undefined,
  allowPublicArtifacts: false,
  artifactBranch: undefined,
  dryRun: false,
  confirm: undefined,
  unauthenticated: false,
  undo: false,
  includeSafety: false,
  safetyStore: undefined,
  noSafetyBackup: false,
  retentionDays: 30,
  keepLast: undefined,
  keepHourly: undefined,
  keepDaily: undefined,
  keepWeekly: undefined,
  keepMonthly: undefined,
  keepYearly: undefined,
  apply: false,
  prune: false,
  read: false,
  readPercent: undefined,
  maxAge: undefined,
  html: undefined,
  maxProofAge: undefined,
  quota: undefined,
  at: undefined,
  disposable: false,
  assertions: undefined,
  migrate: undefined,
  gateInto: undefined,
  gateFrom: undefined,
  recorded: false,
  badge: undefined,
  pingUrl: undefined,
  webhook: undefined,
  keyFile: '.backup_key',
  databaseUrl: undefined,
  targetUrl: undefined,
  mode: undefined,
  into: undefined,
  from: undefined,
  to: undefined,
  kdfIterations: undefined,
  legacyKdf: false,
  overwrite: false,
  include: [],
  showValues: false,
  endSessions: false,
  discard: undefined,
  files: [],
  exclude: [],
  configFiles: [],
  configEnv: [],
  tables: [],
  schemas: [],
  schemaOnly: false,
  dataOnly: false,
  createRoles: false,
  databaseSettings: false,
  tolerate: false,
  excludeTableData: [],
  lanes: undefined,
  full: false,
  fullEvery: 30 * 24 * 3_600_000,
  source: undefined,
  pgDump: undefined,
  codec: 'gzip',
  level: undefined,
  connectTimeout: 30_000,
  timeout: undefined,
  components: [],
  time: undefined,
  postgres: undefined,
  recoverySheet: undefined,
  json: false,
  quiet: false,
  logDir: './logs',
}

const backupWith = (name: OptionName, ...values: readonly string[]) =>
  resolveOptions('backup', new Map([[name, values]]), {})[name]

function refusal(name: OptionName, value: string): ComebackError {
  try {
    backupWith(name, value)
  } catch (error) {
    if (error instanceof ComebackError) return error
  }
  throw new Error(`${name} took ${value}`)
}

test('the table describes every field of Options, and nothing but them', () => {
  expect([...OPTION_NAMES].sort()).toEqual(Object.keys(DEFAULTS).sort())
})

test.each(VERBS)('with nothing given, %s gets the defaults', verb => {
  expect(resolveOptions(verb, new Map(), {})).toEqual(DEFAULTS)
})

test('the table yields the types that the interface declares', () => {
  for (const name of OPTION_NAMES) {
    const value = DEFAULTS[name]
    const { type } = OPTIONS[name]
    if (type === 'flag') expect(value).toBe(false)
    if (type === 'list') expect(value).toEqual([])
    if (value !== undefined && (type === 'duration' || type === 'integer' || type === 'size'))
      expect(value).toBeTypeOf('number')
    if (value !== undefined && (type === 'string' || type === 'choice')) expect(value).toBeTypeOf('string')
  }
})

test('names of flags and variables follow from the field, and none is taken twice', () => {
  expect(kebab('excludeTableData')).toBe('exclude-table-data')
  expect(variablesOf('keyFile')).toEqual(['COMEBACK_KEY_FILE'])
  expect(variablesOf('databaseUrl')).toEqual(['COMEBACK_DATABASE_URL', 'DATABASE_URL'])
  const variables = OPTION_NAMES.flatMap(variablesOf)
  expect(new Set(variables).size).toBe(variables.length)
  // The key itself has a variable of its own, which no option may take.
  expect(variables).not.toContain('COMEBACK_KEY')
})

test('what is given goes before the environment, and that before the default', () => {
  const given = new Map<OptionName, readonly string[]>([['store', ['file:given']]])
  const environment = { COMEBACK_STORE: 'file:environment' }
  expect(resolveOptions('backup', given, environment).store).toBe('file:given')
  expect(resolveOptions('backup', new Map(), environment).store).toBe('file:environment')
  expect(resolveOptions('backup', new Map(), {}).store).toBe('file:./backups')
})

test('a flag that is set in the environment can be taken back', () => {
  const given = new Map<OptionName, readonly string[]>([['full', ['false']]])
  expect(resolveOptions('backup', given, { COMEBACK_FULL: 'true' }).full).toBe(false)
})

test('our own variable goes before the one of everybody', () => {
  const environment = { DATABASE_URL: 'postgresql://everybody/', COMEBACK_DATABASE_URL: 'postgresql://ours/' }
  expect(resolveOptions('backup', new Map(), environment).databaseUrl).toBe('postgresql://ours/')
})

test('an empty variable counts as unset, as an unset secret reads so in a workflow', () => {
  const environment = { COMEBACK_STORE: '', COMEBACK_LANES: ' ', COMEBACK_DATABASE_URL: '', DATABASE_URL: 'x\n' }
  expect(resolveOptions('backup', new Map(), environment)).toEqual({ ...DEFAULTS, databaseUrl: 'x' })
})

test('a list in a variable has one value a line, and blank lines do no harm', () => {
  const { files } = resolveOptions('backup', new Map(), { COMEBACK_FILES: '\n  public/**\r\n\nmy uploads\n' })
  expect(files).toEqual(['public/**', 'my uploads'])
})

test('a variable for another verb is not even looked at', () => {
  expect(resolveOptions('list', new Map(), { COMEBACK_LANES: 'many', DATABASE_URL: 'x' })).toEqual(DEFAULTS)
})

test('of a value given twice the last one counts', () => {
  expect(backupWith('source', 'one', 'two')).toBe('two')
})

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['26h', 93_600_000],
  ['1.5h', 5_400_000],
  ['30d', 2_592_000_000],
])('the duration %s is %d milliseconds', (text, milliseconds) => {
  expect(backupWith('fullEvery', text)).toBe(milliseconds)
})

test.each(['', '90', 's', '0s', '-1s', '1 h', '1H', '1w', '9999d', '1e3s', 'Infinityd'])('%j is no duration', text => {
  const error = refusal('fullEvery', text)
  expect(error.code).toBe('usage')
  expect(error.message).toContain('--full-every')
  expect(error.hint).toContain('90s')
})

const statusWith = (quota: string) => resolveOptions('status', new Map([['quota', [quota]]]), {}).quota

test.each([
  ['1B', 1],
  ['500MB', 500_000_000],
  ['2 gb', 2_000_000_000],
  ['1.5GB', 1_500_000_000],
  ['512kib', 524_288],
  ['10GiB', 10_737_418_240],
])('the size %s is %d bytes', (text, bytes) => {
  expect(statusWith(text)).toBe(bytes)
})

test.each(['', '500', 'MB', '0GB', '-1GB', '1iB', '1PB', '99999999TB', '1,5GB', '1e3MB'])('%j is no size', text => {
  expect(() => statusWith(text)).toThrow('--quota')
})

test('a time-out fits into a timer of Node', () => {
  expect(backupWith('timeout', '24d')).toBeLessThan(2 ** 31)
  expect(refusal('timeout', '25d').hint).toContain('24d')
})

test.each(['0', '65', '1.5', 'four', '0x4', '-1', '1e1', ''])('%j is no number of lanes', text => {
  expect(refusal('lanes', text).code).toBe('usage')
})

test.each([1, 64])('%d lanes are within the limits', lanes => {
  expect(backupWith('lanes', String(lanes))).toBe(lanes)
})

test('a choice names what can be chosen', () => {
  expect(refusal('codec', 'brotli').hint).toBe('It is one of: gzip, zstd.')
})

test('a level that the codec lacks is refused', () => {
  expect(refusal('level', '10').message).toBe('gzip has no level 10.')
  const given = new Map<OptionName, readonly string[]>([
    ['level', ['19']],
    ['codec', ['zstd']],
  ])
  expect(resolveOptions('backup', given, {}).level).toBe(19)
})

test('a wrong variable is named, not the flag that nobody gave', () => {
  expect(() => resolveOptions('backup', new Map(), { COMEBACK_LANES: 'x' })).toThrow('COMEBACK_LANES cannot be "x".')
})

test('the Markdown table has every option, families of them in one row, and a verb has its own', () => {
  const all = optionsTable()
  for (const name of OPTION_NAMES) expect(all).toMatch(new RegExp(`^\\|.*\`--${kebab(name)}[ \`]`, 'm'))
  expect(all).toContain('`--mode atomic\\|swap\\|parallel`')
  expect(optionsTable('key').trimEnd().split('\n')).toHaveLength(2 + optionsOf('key').length)
})
