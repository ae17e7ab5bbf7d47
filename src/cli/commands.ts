/** From arguments and environment to the command and its options; everything that can be wrong about them is said here. */
import type { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { Command } from '../job-context.ts'
import { nearest } from '../nearest.ts'
import { resolveOptions } from '../option-values.ts'
import { flag, type Options, VERBS, type Verb } from '../options.ts'
import type { Environment } from '../run/environment.ts'
import { componentsNamed, oneComponent, quoted, refuseForeignOptions, usage } from '../run/request.ts'
import { type Arguments, readArguments } from './arguments.ts'
import { VERB_HELP } from './verbs.ts'

export type Invocation =
  /** `asked` is false where a verb is missing: then the page is an answer to a mistake. */
  | { readonly kind: 'help'; readonly verb: Verb | undefined; readonly asked: boolean }
  | { readonly kind: 'version' }
  | { readonly kind: 'job'; readonly command: Command; readonly options: Options }

/** Throws `usage`. */
export function parseInvocation(argv: readonly string[], environment: Environment): Invocation {
  const args = readArguments(argv)
  const [word, ...operands] = args.words
  if (args.version) return { kind: 'version' }
  if (word === 'help') {
    if (operands.length > 1) throw tooMany('help', operands.slice(1))
    return { kind: 'help', verb: operands[0] === undefined ? undefined : verbNamed(operands[0]), asked: true }
  }
  if (word === undefined) {
    if (args.given.size > 0 && !args.help) {
      throw usage('No verb was given.', `The verb comes first: comeback ${VERBS.join('|')} ...`)
    }
    return { kind: 'help', verb: undefined, asked: args.help }
  }
  const verb = verbNamed(word)
  if (args.help) return { kind: 'help', verb, asked: true }
  const command =
    verb === 'restore' && args.given.has('discard') ? discardCommand(operands) : commandOf(verb, operands, isUndo(args))
  refuseForeignOptions(verb, args.given.keys(), {
    verbs: VERBS,
    spell: flag,
    more: ` comeback help ${verb} lists what it takes.`,
  })
  const options = resolveOptions(verb, args.given, environment)
  if (options.undo && operands.length > 1) {
    throw usage(
      `restore --undo brings back what the target held before, and cannot use ${operands.slice(1).map(quoted).join(' ')}.`,
      `Usage: comeback restore ${operands[0]} --undo`,
    )
  }
  if (verb === 'export' && options.into === undefined) {
    throw usage('export needs a folder to write to.', `Name it: comeback export ${operands.join(' ')} --into DIR`)
  }
  if (verb === 'copy' && options.to === undefined) {
    throw usage('copy needs to know where to.', 'Name the other store: comeback copy --to s3://BUCKET/PREFIX')
  }
  if (verb === 'report' && options.html === undefined) {
    throw usage('report needs a file to write to.', 'Name it: comeback report --html report.html')
  }
  return { kind: 'job', command, options }
}

function verbNamed(word: string): Verb {
  const verb = VERBS.find(verb => verb === word)
  if (verb !== undefined) return verb
  const near = nearest(word, [...VERBS, 'help'])
  throw usage(
    `There is no verb ${quoted(word)}.`,
    near === undefined ? `The verbs are: ${VERBS.join(', ')}, help.` : `Did you mean comeback ${near}?`,
  )
}

/** The newest safety backup of the target is meant, and no other can be. */
function isUndo({ given }: Arguments): boolean {
  return given.has('undo') && given.get('undo')?.at(-1) !== 'false'
}

function commandOf(verb: Verb, operands: readonly string[], undo: boolean): Command {
  const [first, second, ...more] = operands
  switch (verb) {
    case 'backup':
    case 'verify':
    case 'list':
    case 'status':
    case 'report':
    case 'check':
    case 'prune':
    case 'copy':
    case 'import':
      return { verb, components: componentsNamed(operands) }
    case 'restore':
    case 'export': {
      if (first === undefined) throw incomplete(verb, 'which component')
      const component = oneComponent(verb, first)
      if (undo && verb === 'restore' && second === undefined) return { verb, component, at: 'latest' }
      if (second === undefined) throw incomplete(verb, 'which backup', component)
      if (more.length > 0) throw tooMany(verb, more)
      return { verb, component, at: second }
    }
    case 'init':
      if (first !== undefined) throw tooMany(verb, operands)
      return { verb }
    case 'key':
      if (first === undefined) throw usage('key needs to know what to do.', 'comeback key new or comeback key show-id')
      if (second !== undefined) throw tooMany(verb, operands.slice(1))
      if (first === 'new' || first === 'show-id') return { verb, action: first }
      throw usage(`key does not know ${quoted(first)}.`, 'comeback key new or comeback key show-id')
  }
}

/** `restore files --discard PATH`, and `restore --discard NAME` of a database. */
function discardCommand(operands: readonly string[]): Command {
  const [first = 'database', ...more] = operands
  if (more.length > 0) throw usage(`restore --discard cannot use ${more.map(quoted).join(' ')}.`, DISCARD_USAGE)
  return { verb: 'restore', component: oneComponent('restore', first), at: 'latest' }
}

const DISCARD_USAGE = 'Usage: comeback restore database|files --discard NAME --confirm NAME'

function incomplete(verb: 'restore' | 'export', what: string, component: Component = 'database'): ComebackError {
  const into = verb === 'export' ? ' --into DIR' : ''
  return usage(`${verb} needs to know ${what}.`, `For example: comeback ${verb} ${component} latest${into}`)
}

function tooMany(verb: Verb | 'help', words: readonly string[]): ComebackError {
  const operands = verb === 'help' ? '[VERB]' : VERB_HELP[verb].operands
  return usage(`${verb} cannot use ${words.map(quoted).join(' ')}.`, `Usage: comeback ${verb} ${operands}`)
}
