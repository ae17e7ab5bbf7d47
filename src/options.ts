/**
 * Every option once: name, type, default, environment variable, help. The CLI, the Action, action.yml and README come from
 * this table. `option-values.ts` parses what was given, `options-table.ts` writes the README's tables.
 */
import type { Component } from './format/manifest.ts'

export const VERBS = [
  'backup',
  'restore',
  'verify',
  'list',
  'status',
  'report',
  'check',
  'prune',
  'export',
  'copy',
  'import',
  'init',
  'key',
] as const
export type Verb = (typeof VERBS)[number]

export interface Options {
  readonly store: string
  readonly s3Endpoint: string | undefined
  readonly s3Region: string | undefined
  readonly s3PathStyle: boolean
  readonly githubToken: string | undefined
  readonly allowPublicArtifacts: boolean
  readonly artifactBranch: string | undefined
  readonly keyFile: string
  readonly databaseUrl: string | undefined
  readonly targetUrl: string | undefined
  readonly mode: 'atomic' | 'swap' | 'parallel' | undefined
  readonly into: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly kdfIterations: number | undefined
  readonly legacyKdf: boolean
  readonly overwrite: boolean
  readonly include: readonly string[]
  readonly showValues: boolean
  readonly discard: string | undefined
  readonly endSessions: boolean
  readonly files: readonly string[]
  readonly exclude: readonly string[]
  readonly configFiles: readonly string[]
  readonly configEnv: readonly string[]
  readonly dryRun: boolean
  readonly confirm: string | undefined
  readonly undo: boolean
  readonly includeSafety: boolean
  readonly safetyStore: string | undefined
  readonly noSafetyBackup: boolean
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly schemaOnly: boolean
  readonly dataOnly: boolean
  readonly createRoles: boolean
  readonly databaseSettings: boolean
  readonly tolerate: boolean
  readonly excludeTableData: readonly string[]
  readonly lanes: number | undefined
  readonly retentionDays: number
  readonly keepLast: number | undefined
  readonly keepHourly: number | undefined
  readonly keepDaily: number | undefined
  readonly keepWeekly: number | undefined
  readonly keepMonthly: number | undefined
  readonly keepYearly: number | undefined
  readonly apply: boolean
  readonly unauthenticated: boolean
  readonly prune: boolean
  /** Of verify; other verbs take it as their second word. */
  readonly at: string | undefined
  readonly disposable: boolean
  readonly assertions: string | undefined
  readonly migrate: string | undefined
  readonly gateInto: string | undefined
  readonly gateFrom: string | undefined
  readonly recorded: boolean
  readonly badge: string | undefined
  readonly html: string | undefined
  readonly read: boolean
  readonly readPercent: number | undefined
  readonly maxAge: Ages | undefined
  readonly maxProofAge: Ages | undefined
  /** Bytes, like every size here. */
  readonly quota: number | undefined
  readonly full: boolean
  /** Milliseconds, like every duration here. */
  readonly fullEvery: number
  readonly source: string | undefined
  readonly pgDump: string | undefined
  readonly codec: 'gzip' | 'zstd'
  readonly level: number | undefined
  readonly connectTimeout: number
  readonly timeout: number | undefined
  readonly components: readonly string[]
  readonly time: string | undefined
  readonly postgres: number | undefined
  readonly recoverySheet: string | undefined
  readonly pingUrl: string | undefined
  readonly webhook: string | undefined
  readonly json: boolean
  readonly quiet: boolean
  readonly logDir: string
}

/** Milliseconds for all components, or for each that is named: they have schedules of their own. */
export type Ages = number | Readonly<Partial<Record<Component, number>>>

export type OptionName = keyof Options

interface Described {
  readonly verbs: readonly Verb[]
  readonly help: string
  /** Names of the variable that other programs use; the one of ours wins. */
  readonly alsoFrom?: readonly string[]
  /** Never shown: a URL with a password in it, or all of the value. */
  readonly secret?: 'url' | 'value'
}

type Flag = Described & { readonly type: 'flag' }
type List = Described & { readonly type: 'list'; readonly placeholder: string }
type Text = Described & { readonly type: 'string'; readonly placeholder: string; readonly default?: string }
type Choice = Described & { readonly type: 'choice'; readonly choices: readonly string[]; readonly default?: string }
type Integer = Described & Numeric & { readonly type: 'integer'; readonly min: number; readonly max: number }
/** `max` as a duration; Node's timers end at 24 days. */
type Duration = Described & Numeric & { readonly type: 'duration'; readonly max: string }
interface Numeric {
  readonly placeholder: string
  readonly default?: string
}

/** A duration, or several of them behind the names of components. */
type AgesSpec = Described & {
  readonly type: 'ages'
  readonly placeholder: string
  readonly max: string
  readonly default?: string
}

type Size = Described & Numeric & { readonly type: 'size' }

export type OptionSpec = Flag | List | Text | Choice | Integer | Duration | Size | AgesSpec

/** Which spec yields the type that the interface declares: this holds the table and the interface together. */
type Yields<Value> = [Value] extends [boolean]
  ? Flag
  : [Value] extends [readonly string[]]
    ? List
    : [Value] extends [number]
      ? Integer | Duration | Size
      : [Value] extends [Ages]
        ? AgesSpec
        : string extends Value
          ? Text
          : Choice & { readonly choices: readonly Value[]; readonly default?: Value }
type HasDefault<Value> = Value extends boolean | readonly string[] ? unknown : { readonly default: string }
type SpecOf<Value> = undefined extends Value
  ? Yields<Exclude<Value, undefined>> & { readonly default?: undefined }
  : Yields<Value> & HasDefault<Value>

const ALL = VERBS
const WITH_NOTICES = ['backup', 'restore', 'verify', 'status', 'check', 'prune', 'copy'] as const
const WITH_STORE = [
  'backup',
  'restore',
  'verify',
  'list',
  'status',
  'report',
  'check',
  'prune',
  'export',
  'copy',
  'import',
] as const
const WITH_LOG = ['backup', 'restore', 'verify', 'check', 'prune', 'export', 'copy', 'import'] as const

function keep(what: string) {
  return {
    type: 'integer',
    placeholder: 'N',
    min: 1,
    max: 100_000,
    verbs: ['backup', 'prune', 'copy'],
    help: `Keep ${what}.`,
  } as const
}

/** In the order in which help and README show them. */
const TABLE = {
  store: {
    type: 'string',
    placeholder: 'LOCATION',
    default: 'file:./backups',
    verbs: [...WITH_STORE, 'init'],
    help: 'Where the backups are: file:DIR, s3://BUCKET/PREFIX, or artifact:OWNER/REPO for the artifacts of a GitHub repository.',
  },
  s3Endpoint: {
    type: 'string',
    placeholder: 'URL',
    alsoFrom: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
    verbs: [...WITH_STORE, 'init'],
    help: 'The server of the bucket, if it is not Amazon: https://ACCOUNT.r2.cloudflarestorage.com, say.',
  },
  s3Region: {
    type: 'string',
    placeholder: 'NAME',
    alsoFrom: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    verbs: [...WITH_STORE, 'init'],
    help: 'The region of the bucket.',
  },
  s3PathStyle: {
    type: 'flag',
    verbs: [...WITH_STORE, 'init'],
    help: 'Put the name of the bucket into the path, as MinIO and Ceph want it, not into the name of the host.',
  },
  githubToken: {
    type: 'string',
    placeholder: 'TOKEN',
    alsoFrom: ['GITHUB_TOKEN', 'GH_TOKEN'],
    secret: 'value',
    verbs: WITH_STORE,
    help: 'Token for the artifacts of a GitHub repository. Reading needs the right actions: read, pruning actions: write. Better in the environment.',
  },
  artifactBranch: {
    type: 'string',
    placeholder: 'BRANCH',
    verbs: WITH_STORE,
    help: 'Artifacts count only where a run on this branch made them: the default branch, where others may push to branches and not to it. Without it, those of all runs of the repository’s own code do.',
  },
  allowPublicArtifacts: {
    type: 'flag',
    verbs: ['backup', 'restore', 'copy', 'init'],
    help: 'Keep backups as artifacts of a public repository, where anyone who is signed in can download them. They stay encrypted.',
  },
  keyFile: {
    type: 'string',
    placeholder: 'FILE',
    default: '.backup_key',
    verbs: ALL,
    help: 'File that holds the key. The variable COMEBACK_KEY, which holds the key itself, goes before it.',
  },
  databaseUrl: {
    type: 'string',
    placeholder: 'URL',
    alsoFrom: ['DATABASE_URL'],
    secret: 'url',
    verbs: ['backup', 'restore'],
    help: 'The database: postgresql://user:password@host:5432/name. Better in the environment, as other users of a machine can read arguments.',
  },
  targetUrl: {
    type: 'string',
    placeholder: 'URL',
    secret: 'url',
    verbs: ['restore', 'verify'],
    help: 'The database to restore into, if it is another one than --database-url. For verify an empty one on a server that may be thrown away.',
  },
  mode: {
    type: 'choice',
    choices: ['atomic', 'swap', 'parallel'],
    verbs: ['restore'],
    help: 'How a database is restored. atomic: replaces it in one transaction, all or nothing. swap: fills a new one beside it, checks it, and exchanges their names; the old one is kept. parallel: fills an empty one through several lanes. Without it, parallel into an empty database, atomic over any other.',
  },
  into: {
    type: 'string',
    placeholder: 'DIR',
    verbs: ['restore', 'export'],
    help: 'Folder that restored or exported files go to. Without it, files are restored into the working directory, beside what it holds.',
  },
  from: {
    type: 'string',
    placeholder: 'DIR|LOCATION',
    verbs: ['import', 'copy'],
    help: 'Of import, the folder of the old shell scripts, with database, files and config in it; without it ./tmp/backups. Of copy, the store that the backups come from; without it that of --store.',
  },
  to: {
    type: 'string',
    placeholder: 'LOCATION',
    verbs: ['copy'],
    help: 'The store that the backups go to.',
  },
  kdfIterations: {
    type: 'integer',
    placeholder: 'N',
    min: 1,
    max: 10_000_000,
    verbs: ['import', 'restore'],
    help: 'The -iter of openssl in the old scripts, if it was not its own, 10000.',
  },
  legacyKdf: {
    type: 'flag',
    verbs: ['import', 'restore'],
    help: 'The old scripts called openssl without -pbkdf2.',
  },
  overwrite: {
    type: 'flag',
    verbs: ['restore', 'init'],
    help: 'Replace what exists already. Of files, what was there is kept; a folder named with --into becomes exactly the backup.',
  },
  include: {
    type: 'list',
    placeholder: 'GLOB...',
    verbs: ['restore'],
    help: 'Restore only these of the files, such as uploads/2026; the folder keeps the rest of what it holds.',
  },
  showValues: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Write the values of environment variables into the review folder, too. Only on a terminal.',
  },
  endSessions: {
    type: 'flag',
    verbs: ['restore'],
    help: 'End the sessions of others that keep a database from being swapped, in the moment of the swap, or from being discarded.',
  },
  discard: {
    type: 'string',
    placeholder: 'NAME',
    verbs: ['restore'],
    help: 'Remove what an earlier restore kept of the former state, by the name that it gave. It must be repeated with --confirm.',
  },
  files: {
    type: 'list',
    placeholder: 'GLOB...',
    verbs: ['backup', 'init'],
    help: 'Folders or globs that make up the component files.',
  },
  exclude: { type: 'list', placeholder: 'GLOB...', verbs: ['backup', 'init'], help: 'Globs to leave out of them.' },
  configFiles: {
    type: 'list',
    placeholder: 'GLOB...',
    verbs: ['backup', 'init'],
    help: 'Files or globs that make up the component config.',
  },
  configEnv: {
    type: 'list',
    placeholder: 'NAME...',
    verbs: ['backup', 'init'],
    help: "Environment variables that belong to it, by name or pattern such as 'SMTP_*'.",
  },
  dryRun: {
    type: 'flag',
    verbs: ['restore', 'prune', 'copy'],
    help: 'Show what would be done, and do nothing.',
  },
  confirm: {
    type: 'string',
    placeholder: 'NAME',
    verbs: ['restore', 'verify'],
    help: 'The name of the database or folder that may be replaced or removed, typed by whoever wants it. For verify, of a disposable database that is not on this machine or network.',
  },
  undo: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Bring back what the target held before the last restore: the newest safety backup of it.',
  },
  includeSafety: {
    type: 'flag',
    verbs: ['restore', 'export', 'copy'],
    help: 'Let latest, a day or a time mean a safety backup, too. An id always may.',
  },
  safetyStore: {
    type: 'string',
    placeholder: 'LOCATION',
    verbs: ['restore'],
    help: 'Where the backup of the target goes that is made before a restore touches it. Without it, into --store.',
  },
  noSafetyBackup: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Make none. The name of the target must be given with --confirm.',
  },
  tables: {
    type: 'list',
    placeholder: 'PATTERN...',
    verbs: ['restore'],
    help: "Restore these tables, views and sequences alone, such as users or 'shop.*' (without a schema: those in public), each with its partitions, columns' sequences, indexes, constraints, triggers, policies, comments and grants. Types and functions that they need must be there.",
  },
  schemas: {
    type: 'list',
    placeholder: 'PATTERN...',
    verbs: ['restore'],
    help: 'Restore these schemas alone, with everything in them. What else the database holds stays.',
  },
  schemaOnly: {
    type: 'flag',
    verbs: ['backup', 'restore'],
    help: 'Back up, or restore, the structure of the database without its rows.',
  },
  dataOnly: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Replace rows and sequences of tables that are there, in one transaction. Their columns must be those of the backup; foreign keys are checked at the end, triggers do not fire.',
  },
  createRoles: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Create roles that the backup names and the server lacks, without login. Otherwise what belongs to them belongs to whoever restores.',
  },
  databaseSettings: {
    type: 'flag',
    verbs: ['restore'],
    help: "Apply what the backup's database had besides its contents: settings (of roles in it, too), who may connect, comment, connection limit and owner. What the target has beyond that stays. Otherwise it is named.",
  },
  tolerate: {
    type: 'flag',
    verbs: ['restore'],
    help: 'Restore a database also where the server refuses some object (a foreign key with orphans, an index, a view): what cannot be made is left out and listed with the statement that makes it later, a table whose type the target does not have with its rows, and the run ends with 3. Without it that is so for all of a backup in the modes parallel and swap, with the rows of every table; in atomic nothing is changed.',
  },
  excludeTableData: {
    type: 'list',
    placeholder: 'PATTERN...',
    verbs: ['backup'],
    help: "Tables to back up without their rows, such as 'audit.*'.",
  },
  lanes: {
    type: 'integer',
    placeholder: 'N',
    min: 1,
    max: 64,
    verbs: ['backup', 'restore', 'verify'],
    help: 'Database connections to use side by side. Without it, as many as there are cores, from 2 to 4.',
  },
  retentionDays: {
    type: 'integer',
    placeholder: 'DAYS',
    default: '30',
    min: 1,
    max: 3650,
    alsoFrom: ['RETENTION_DAYS'],
    verbs: ['backup', 'restore', 'prune', 'init'],
    help: 'How many days a backup is kept.',
  },
  keepLast: keep('so many of the newest backups (backup with --prune, prune), or copy these and no others'),
  keepHourly: keep('the newest backup of each of so many hours that hold one'),
  keepDaily: keep('the newest backup of each of so many days that hold one'),
  keepWeekly: keep('the newest backup of each of so many weeks that hold one'),
  keepMonthly: keep('the newest backup of each of so many months that hold one'),
  keepYearly: keep('the newest backup of each of so many years that hold one'),
  prune: {
    type: 'flag',
    verbs: ['backup'],
    help: 'When all that was to be backed up is complete, remove what retention lets go, as prune --apply does.',
  },
  apply: { type: 'flag', verbs: ['prune'], help: 'Remove what the plan says. Without it the plan is only shown.' },
  unauthenticated: {
    type: 'flag',
    verbs: ['prune', 'copy'],
    help: 'Without a key, believe what records claim: whoever can write to the store then decides what prune removes, and which backups a rule has copied.',
  },
  at: {
    type: 'string',
    placeholder: 'WHEN',
    verbs: ['verify', 'copy'],
    help: 'Which backup: latest, a day, a time or an id, as restore has it. Without it, verify takes the latest, with --migrate the latest that was verified, and copy takes all.',
  },
  disposable: {
    type: 'flag',
    verbs: ['verify'],
    help: 'Says that the server of --target-url may be thrown away. Without it nothing is restored there.',
  },
  assertions: {
    type: 'string',
    placeholder: 'DIR',
    verbs: ['verify'],
    help: 'Folder of .sql files, each a query that must return true, or no rows, of the restored database.',
  },
  migrate: {
    type: 'string',
    placeholder: 'COMMAND',
    verbs: ['verify'],
    help: 'Run this command against the restored database, with DATABASE_URL set to it, and report what it did. It can read what this process can, the key too: code of others runs behind --gate-from.',
  },
  gateInto: {
    type: 'string',
    placeholder: 'DIR',
    verbs: ['verify'],
    help: 'Leave the restored database standing, and write into this new folder what goes on from there.',
  },
  gateFrom: {
    type: 'string',
    placeholder: 'DIR',
    verbs: ['verify'],
    help: 'Go on from there, with neither key nor store: assertions and migrations run against that database, and it is dropped.',
  },
  recorded: {
    type: 'flag',
    verbs: ['verify'],
    help: 'Restore nothing: show the last proof that the store has a record of. It needs no key.',
  },
  badge: {
    type: 'string',
    placeholder: 'DIR',
    verbs: ['verify'],
    help: 'Folder to write badge.json, for shields.io, and badge.svg into.',
  },
  html: {
    type: 'string',
    placeholder: 'FILE',
    verbs: ['report'],
    help: 'The file that the page is written to.',
  },
  read: { type: 'flag', verbs: ['check'], help: 'Read every object and check its bytes, too.' },
  readPercent: {
    type: 'integer',
    placeholder: 'N',
    min: 1,
    max: 100,
    verbs: ['check'],
    help: 'Read so many percent of the objects, others each day, so that all are read in time.',
  },
  maxAge: {
    type: 'ages',
    placeholder: 'AGES',
    max: '3650d',
    verbs: ['status'],
    help: 'Fail if the last good backup of a component is older: 26h, or "database=26h files=8d config=32d".',
  },
  maxProofAge: {
    type: 'ages',
    placeholder: 'AGES',
    max: '3650d',
    verbs: ['status'],
    help: 'Fail if the last backup that was restored and compared was proved longer ago, or never; written alike.',
  },
  quota: {
    type: 'size',
    placeholder: 'SIZE',
    verbs: ['status'],
    help: 'Fail if the store holds more than 500MB, 2GB or 10GiB; warn if it will within 30 days.',
  },
  full: { type: 'flag', verbs: ['backup'], help: 'Store everything again and lean on no older backup.' },
  fullEvery: {
    type: 'duration',
    placeholder: 'DURATION',
    default: '30d',
    max: '3650d',
    verbs: ['backup'],
    help: 'How old the last full backup may be before the next one is full again.',
  },
  source: {
    type: 'string',
    placeholder: 'NAME',
    verbs: ['backup', 'import'],
    help: 'A name for what is backed up, so that it is known again after it moved to another server or folder.',
  },
  pgDump: {
    type: 'string',
    placeholder: 'PATH',
    verbs: ['backup', 'restore', 'verify'],
    help: "The pg_dump to use; bundled for the one inside. Without it, one of the server's own major that the machine has is used if it is as new as the bundled one.",
  },
  codec: {
    type: 'choice',
    choices: ['gzip', 'zstd'],
    default: 'gzip',
    verbs: ['backup', 'import'],
    help: 'How to compress.',
  },
  level: {
    type: 'integer',
    placeholder: 'N',
    min: 1,
    max: 22,
    verbs: ['backup', 'export', 'import'],
    help: 'How hard to compress: 1 to 9 with gzip, 1 to 22 with zstd.',
  },
  connectTimeout: {
    type: 'duration',
    placeholder: 'DURATION',
    default: '30s',
    max: '1h',
    verbs: ['backup', 'restore', 'verify'],
    help: 'How long to wait for the database to answer. One that sleeps may need more.',
  },
  timeout: {
    type: 'duration',
    placeholder: 'DURATION',
    max: '24d',
    verbs: WITH_STORE,
    help: 'How long the whole run may take.',
  },
  components: {
    type: 'list',
    placeholder: 'NAME...',
    verbs: ['init'],
    help: 'What the workflows back up: database, files, config or all. Without it, what --files and --config-files imply.',
  },
  time: {
    type: 'string',
    placeholder: 'HH:MM',
    verbs: ['init'],
    help: 'When the daily backup begins, in UTC. It is moved to an odd minute, as GitHub is late on the hour.',
  },
  postgres: {
    type: 'integer',
    placeholder: 'MAJOR',
    min: 10,
    max: 99,
    verbs: ['init'],
    help: "Major version of the database's server, which the weekly proof restores into. Without it, 18.",
  },
  recoverySheet: {
    type: 'string',
    placeholder: 'FILE',
    verbs: ['init'],
    help: 'Write the recovery sheet into this Markdown file instead of printing it.',
  },
  pingUrl: {
    type: 'string',
    placeholder: 'URL',
    secret: 'value',
    verbs: WITH_NOTICES,
    help: 'Called at the start, the end and the failure of a run, as healthchecks.io has it: URL/start, URL, URL/fail.',
  },
  webhook: {
    type: 'string',
    placeholder: 'URL',
    secret: 'value',
    verbs: WITH_NOTICES,
    help: 'Gets the result of a run as JSON. If it cannot be reached, that is only a warning.',
  },
  json: { type: 'flag', verbs: ALL, help: 'Print the result as one JSON document.' },
  quiet: { type: 'flag', verbs: ALL, help: 'Show no progress: only the result, warnings and errors.' },
  logDir: {
    type: 'string',
    placeholder: 'DIR',
    default: './logs',
    verbs: WITH_LOG,
    help: 'Folder that gets a log of each run.',
  },
} as const satisfies { readonly [Name in OptionName]: SpecOf<Options[Name]> }

export const OPTIONS: { readonly [Name in OptionName]: OptionSpec } = TABLE
export const OPTION_NAMES = Object.keys(TABLE) as OptionName[]

/** `keyFile` -> `key-file`: the Action's input and, behind two dashes, the flag. */
export function kebab(name: OptionName): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** `keyFile` -> `--key-file`. */
export function flag(name: OptionName): string {
  return `--${kebab(name)}`
}

/** The environment variables that set it, the one that goes first, first. */
export function variablesOf(name: OptionName): readonly string[] {
  const own = `COMEBACK_${kebab(name).replaceAll('-', '_').toUpperCase()}`
  return [own, ...(OPTIONS[name].alsoFrom ?? [])]
}

export function optionsOf(verb: Verb): readonly OptionName[] {
  return OPTION_NAMES.filter(name => OPTIONS[name].verbs.includes(verb))
}
