/**
 * The inputs of the Action: a few of its own, and every option under the name that its flag has. action.yml, the README and
 * the parser come from this table.
 */
import { COMPONENTS } from '../format/manifest.ts'
import { kebab, OPTION_NAMES, OPTIONS, type OptionName, VERBS, type Verb, variablesOf } from '../options.ts'
import { inputsInsteadOfFlags } from './wording.ts'

export type ActionVerb = Exclude<Verb, 'import' | 'init' | 'key'>

/** For a person at a terminal: the old scripts' folder is on their machine, and so is the repository that `init` writes to. */
export const ACTION_VERBS: readonly ActionVerb[] = VERBS.filter(
  (verb): verb is ActionVerb => verb !== 'import' && verb !== 'init' && verb !== 'key',
)

export interface Input {
  readonly name: string
  /** Absent for the inputs that are the Action's own. */
  readonly option?: OptionName
  readonly verbs: readonly ActionVerb[]
  readonly description: string
  /** What the runner fills in. Anything else would reach the Action as if somebody had given it. */
  readonly filledIn?: string
}

/** What takes the place of a default store on a disk: a runner's disk is gone when the job ends. */
export const STANDARD_STORE = 'artifact:'

/** The input whose every value is somebody's secret. */
export const CONFIGURATION = 'config-env-values'

/**
 * What runs code of others, which is no business of an action: the runner puts the inputs, the key among them, and tokens of its own
 * into its environment, where whatever it starts can read them.
 */
export const OTHERS_CODE: readonly OptionName[] = ['migrate', 'gateFrom']
/** They are about the terminal, about files that are not on a runner, or an input of the Action's own. */
const FLAGS_ONLY: readonly OptionName[] = [
  'at',
  'json',
  'quiet',
  'showValues',
  'kdfIterations',
  'legacyKdf',
  ...OTHERS_CODE,
]
const FILLED_IN: Partial<Record<OptionName, string>> = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
  githubToken: '${{ github.token }}',
}
/** Where the words of the flag's help would not fit. */
export const DESCRIPTIONS: Partial<Record<OptionName, string>> = {
  store: `Where the backups are: artifact: (the artifacts of this repository), artifact:OWNER/REPO (those of another one), s3://BUCKET/PREFIX or file:DIR. Default: ${STANDARD_STORE}`,
  githubToken:
    'Token for the artifacts. Reading needs the permission actions: read, pruning actions: write. Default: the token of the job.',
  keyFile: 'File that holds the key, if the input key is not given. Default: .backup_key',
  databaseUrl:
    'The database, from a secret: postgresql://user:password@host:5432/name. Also from DATABASE_URL in the environment.',
  safetyStore: 'Where the backup of the target goes that is made before a restore touches it. Without it, into store.',
  timeout: 'How long the whole run may take. Give the job more time than that, so that the run can end in good order.',
}

const OWN_FIRST: readonly Input[] = [
  {
    name: 'command',
    verbs: ACTION_VERBS,
    description: `What to do: ${ACTION_VERBS.join(', ')}. Default: backup`,
  },
  {
    name: 'component',
    verbs: ACTION_VERBS,
    description: `What to do it with: ${COMPONENTS.join(', ')}, several of them, or all. restore and export need one. Default: all`,
  },
  {
    name: 'at',
    verbs: ['restore', 'verify', 'export', 'copy'],
    description:
      'Which backup: latest, a day such as 2026-11-23 (UTC, the newest of it), a time such as 2026-11-23T02:00Z (the newest at or before it), or the id of one. Default: latest; for verify with gate-into, the latest that was verified; for copy, all',
  },
  {
    name: 'key',
    verbs: ACTION_VERBS,
    description:
      'The key, from a secret. Without it nobody can read the backups. Also from COMEBACK_KEY in the environment.',
  },
]
const OWN_LAST: readonly Input[] = [
  {
    name: CONFIGURATION,
    verbs: ['backup'],
    description:
      'Variables that config-env chooses from, in place of those of the environment: from a secret, in the form of a .env file.',
  },
  {
    name: 'comment',
    verbs: ['verify'],
    description:
      'Write the result into a comment of the pull request, one that is kept up to date. Needs the permission pull-requests: write. Default: false',
  },
  {
    name: 'check-run',
    verbs: ['verify'],
    description: 'Write the result into a check of the commit. Needs the permission checks: write. Default: false',
  },
  {
    name: 'results',
    verbs: ['verify'],
    description:
      'Prove nothing, and tell what other jobs found: the output result of each, or none where there is none, with blanks between them. Needs neither key nor store.',
  },
  {
    name: 'alarm',
    verbs: ['status'],
    description:
      'Open an issue when something is overdue or failed, add to it while that lasts, and close it when all is well. Needs the permission issues: write. Default: false',
  },
  {
    name: 'watch',
    verbs: ['status'],
    description:
      'With alarm: file names of workflows, such as backup.yml, to look after: one that GitHub switched off is switched on again. Needs the permission actions: write. One value a line.',
  },
  {
    name: 'cache',
    verbs: ['backup', 'status', 'report'],
    description:
      "Remember manifests and encrypted indexes in the repository's Actions cache, to save downloads. Everybody whose code runs on the branch or the default branch can write there; nothing of it is believed unchecked. Default: true",
  },
  {
    name: 'summary-details',
    verbs: ACTION_VERBS,
    description:
      'Show the names of tables, roles, hosts and files in job summary and annotations, too. Those of a public repository are public, as its logs are, which have the names. Default: false',
  },
]

/** In the order in which action.yml and README show them. */
export const INPUTS: readonly Input[] = [
  ...OWN_FIRST,
  ...OPTION_NAMES.filter(name => !FLAGS_ONLY.includes(name))
    .map(inputOf)
    .filter(({ verbs }) => verbs.length > 0),
  ...OWN_LAST,
]

/** The variable by which the runner hands it on: `INPUT_DATABASE-URL`. */
export function variableOf(input: string): string {
  return `INPUT_${input.toUpperCase()}`
}

function inputOf(option: OptionName): Input {
  const filledIn = FILLED_IN[option]
  return {
    name: kebab(option),
    option,
    verbs: ACTION_VERBS.filter(verb => OPTIONS[option].verbs.includes(verb)),
    description: DESCRIPTIONS[option] ?? describe(option),
    ...(filledIn === undefined ? {} : { filledIn }),
  }
}

function describe(option: OptionName): string {
  const spec = OPTIONS[option]
  const choices = spec.type === 'choice' && !spec.help.includes(spec.choices[0] ?? '') ? spec.choices : []
  return [
    inputsInsteadOfFlags(spec.help),
    ...(choices.length === 0 ? [] : [`One of: ${choices.join(', ')}.`]),
    ...(spec.type === 'list' ? ['One value a line.'] : []),
    ...(spec.alsoFrom === undefined
      ? []
      : [`Also from ${variablesOf(option).slice(1).join(' or ')} in the environment.`]),
    ...('default' in spec && spec.default !== undefined ? [`Default: ${spec.default}`] : []),
    ...(spec.type === 'flag' ? ['Default: false'] : []),
  ].join(' ')
}
