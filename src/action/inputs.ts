/** From the variables that the runner sets to the command and its options; what can be wrong about them is said here. */
import { parseEnv } from 'node:util'
import type { Component } from '../format/manifest.ts'
import type { Command } from '../job-context.ts'
import { nearest } from '../nearest.ts'
import { resolveOptions, valuesIn } from '../option-values.ts'
import { kebab, OPTIONS, type OptionName, type Options, variablesOf } from '../options.ts'
import type { Environment } from '../run/environment.ts'
import { componentsNamed, oneComponent, quoted, refuseForeignOptions, usage } from '../run/request.ts'
import { ACTION_VERBS, type ActionVerb, CONFIGURATION, INPUTS, OTHERS_CODE, STANDARD_STORE } from './input-table.ts'
import { adviceOnInput, MIGRATE_ELSEWHERE } from './renamed-inputs.ts'

const PREFIX = /^INPUT_/
/** Inputs of the Action's own, and the command that they belong to. */
const OWNERS: Readonly<Record<string, ActionVerb>> = {
  'config-env-values': 'backup',
  comment: 'verify',
  'check-run': 'verify',
  results: 'verify',
  alarm: 'status',
  watch: 'status',
}
const OPTION_BY_NAME = new Map(INPUTS.flatMap(({ name, option }) => (option === undefined ? [] : [[name, option]])))

export interface Request {
  readonly command: Command
  readonly options: Options
  /** As the input or the environment has it; else the key file is read. */
  readonly key: string | undefined
  /** What config-env chooses from; undefined for the environment. */
  readonly configuration: Readonly<Record<string, string | undefined>> | undefined
  readonly summaryDetails: boolean
  /** Whether to use the Actions cache. */
  readonly cache: boolean
  /** Of verify: into the pull request, and onto the commit. */
  readonly comment: boolean
  readonly checkRun: boolean
  /** Of verify: what other jobs found, packed; empty where this one is to prove something. */
  readonly results: readonly string[]
  /** Of status: an issue, and workflows to look after. */
  readonly alarm: boolean
  readonly watch: readonly string[]
}

/** They are to be backed up, and steer nothing: neither this run nor a step after it sees them as variables. */
export function configurationIn(text: string | undefined): Request['configuration'] {
  return text === undefined ? undefined : parseEnv(text)
}

/** An empty input counts as not given, as a secret that is not set reads so. Throws `usage`. */
export function parseInputs(environment: Environment): Request {
  const given = givenInputs(environment)
  const verb = verbNamed(given.get('command') ?? 'backup')
  const options = optionsGiven(given)
  const at = given.get('at')
  if ((verb === 'verify' || verb === 'copy') && at !== undefined) options.set('at', [at])
  for (const [name, owner] of Object.entries(OWNERS)) {
    if (given.has(name) && verb !== owner)
      throw usage(`${verb} does not take input ${name}.`, `It belongs to ${owner}.`)
  }
  refuseForeignOptions(verb, options.keys(), { verbs: ACTION_VERBS, spell })
  const command = commandOf(verb, given.get('component'), at)
  if (given.has('at') && options.get('undo')?.[0] === 'true') {
    throw usage('undo brings back what the target held before, and does not take input at.', 'Leave one of them out.')
  }
  if (!isSomewhere(options, environment)) options.set('store', [STANDARD_STORE])
  const resolved = resolveOptions(verb, options, environment, spell)
  const others = OTHERS_CODE.find(name => resolved[name] !== undefined)
  if (others !== undefined) throw usage(`${kebab(others)} is nothing for a step of an action.`, MIGRATE_ELSEWHERE)
  if (verb === 'export' && resolved.into === undefined) {
    throw usage('export needs a folder to write to.', 'Name it with the input into.')
  }
  if (verb === 'copy' && resolved.to === undefined) {
    throw usage('copy needs to know where to.', 'Name the other store with the input to.')
  }
  if (verb === 'report' && resolved.html === undefined) {
    throw usage('report needs a file to write to.', 'Name it with the input html.')
  }
  return {
    command,
    options: resolved,
    key: given.get('key') ?? environment.COMEBACK_KEY,
    configuration: configurationIn(given.get(CONFIGURATION)),
    summaryDetails: isOn('summary-details', given),
    cache: isOn('cache', given, true),
    comment: isOn('comment', given),
    checkRun: isOn('check-run', given),
    results: wordsOf(given.get('results')),
    alarm: isOn('alarm', given),
    watch: wordsOf(given.get('watch')),
  }
}

/** By name, without those that are empty. Throws `usage` for one that there is not, even if it is empty. */
function givenInputs(environment: Environment): ReadonlyMap<string, string> {
  const names = INPUTS.map(({ name }) => name)
  const given = new Map<string, string>()
  for (const [variable, value = ''] of Object.entries(environment)) {
    if (!PREFIX.test(variable)) continue
    const name = variable.replace(PREFIX, '').toLowerCase()
    if (!names.includes(name)) throw unknownInput(name, names)
    // Not trimmed: the key may begin with a blank.
    if (value.trim() !== '') given.set(name, name === 'key' ? value : value.trim())
  }
  return given
}

function unknownInput(name: string, names: readonly string[]) {
  const near = nearest(name.replaceAll('_', '-'), names)
  const advice = adviceOnInput(name) ?? (near === undefined ? undefined : `Did you mean ${near}?`)
  return usage(`There is no input ${quoted(name)}.`, advice ?? `The inputs are: ${names.join(', ')}.`)
}

function optionsGiven(given: ReadonlyMap<string, string>): Map<OptionName, readonly string[]> {
  const options = new Map<OptionName, readonly string[]>()
  for (const [name, option] of OPTION_BY_NAME) {
    const text = given.get(name)
    if (text === undefined) continue
    options.set(option, OPTIONS[option].type === 'flag' ? [yesOrNo(name, text)] : valuesIn(text, OPTIONS[option]))
  }
  return options
}

function isSomewhere(given: ReadonlyMap<OptionName, unknown>, environment: Environment): boolean {
  return given.has('store') || variablesOf('store').some(name => (environment[name] ?? '').trim() !== '')
}

function isOn(name: string, given: ReadonlyMap<string, string>, standard = false): boolean {
  return yesOrNo(name, given.get(name) ?? String(standard)) === 'true'
}

/** As YAML's core schema spells them. */
function yesOrNo(name: string, text: string): 'true' | 'false' {
  if (/^(true|True|TRUE)$/.test(text)) return 'true'
  if (/^(false|False|FALSE)$/.test(text)) return 'false'
  throw usage(`input ${name} is true or false, not ${quoted(text)}.`, 'Write true or false.')
}

function verbNamed(word: string): ActionVerb {
  const verb = ACTION_VERBS.find(verb => verb === word)
  if (verb !== undefined) return verb
  if (word === 'init' || word === 'key') {
    throw usage(`The Action has no command ${word}.`, `Run comeback ${word} on your own machine.`)
  }
  const near = nearest(word, ACTION_VERBS)
  throw usage(
    `There is no command ${quoted(word)}.`,
    near === undefined ? `The commands are: ${ACTION_VERBS.join(', ')}.` : `Did you mean ${near}?`,
  )
}

function commandOf(verb: ActionVerb, component: string | undefined, at: string | undefined): Command {
  switch (verb) {
    case 'restore':
    case 'export':
      return { verb, component: theOne(verb, component), at: at ?? 'latest' }
    case 'verify':
    case 'copy':
      return { verb, components: componentsNamed(wordsOf(component)) }
    default:
      if (at !== undefined)
        throw usage(`${verb} does not take input at.`, 'It belongs to restore, verify, export, copy.')
      return { verb, components: componentsNamed(wordsOf(component)) }
  }
}

function theOne(verb: ActionVerb, component: string | undefined): Component {
  const [word, ...more] = wordsOf(component)
  if (word === undefined) {
    throw usage(`${verb} needs to know which component.`, 'Set the input component to database, files or config.')
  }
  return oneComponent(verb, more.length > 0 ? 'all' : word)
}

/** Several stand on lines, or between blanks or commas. */
function wordsOf(component: string | undefined): readonly string[] {
  return (component ?? '').split(/[\s,]+/).filter(word => word !== '')
}

function spell(option: OptionName): string {
  return `input ${kebab(option)}`
}
