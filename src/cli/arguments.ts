/**
 * From arguments to words and options, by Node's own tokenizer. What it lacks is added here: list options that take several
 * values after one flag, and errors that know what was meant.
 */
import { parseArgs } from 'node:util'
import { ComebackError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { kebab, OPTION_NAMES, OPTIONS, type OptionName } from '../options.ts'

export interface Arguments {
  /** What stands alone: the verb first, then what it works on. */
  readonly words: readonly string[]
  readonly given: ReadonlyMap<OptionName, readonly string[]>
  readonly help: boolean
  readonly version: boolean
}

const NAMES = new Map(OPTION_NAMES.map(name => [kebab(name), name]))
const PARSER_OPTIONS = {
  ...Object.fromEntries(
    OPTION_NAMES.map(name => [
      kebab(name),
      { type: OPTIONS[name].type === 'flag' ? ('boolean' as const) : ('string' as const) },
    ]),
  ),
  help: { type: 'boolean' as const, short: 'h' },
  version: { type: 'boolean' as const },
}

/**
 * `--files a b` gives two values, as does `--files a --files b`; `--files=a b` gives one, and `b` stands alone. `--` ends
 * the options. Throws `usage`, unless help is asked for, which then is what matters.
 */
export function readArguments(argv: readonly string[]): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: PARSER_OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const asked = (name: string) => tokens.some(token => token.kind === 'option' && token.name === name)
  const [help, version] = [asked('help'), asked('version')]

  const words: string[] = []
  const given = new Map<OptionName, string[]>()
  /** The list option that the words after it belong to. */
  let open: string[] | undefined
  for (const token of tokens) {
    if (token.kind === 'positional') (open ?? words).push(token.value)
    else open = undefined
    if (token.kind !== 'option' || token.name === 'help' || token.name === 'version') continue
    const name = NAMES.get(token.name)
    if (name === undefined) {
      if (help || version) continue
      throw unknownOption(token.rawName)
    }
    const values = given.get(name) ?? []
    given.set(name, values)
    const { type } = OPTIONS[name]
    if (type === 'flag') values.push(token.value ?? 'true')
    else if (token.inlineValue !== true && (token.value === undefined || /^-./.test(token.value))) {
      if (!help && !version) throw missingValue(token.rawName)
    } else values.push(token.value ?? '')
    if (type === 'list' && token.inlineValue === false) open = values
  }
  return { words, given, help, version }
}

function unknownOption(flag: string): ComebackError {
  const near = nearest(flag.replace(/^-+/, ''), [...NAMES.keys(), 'help', 'version'])
  return new ComebackError('usage', `There is no option ${flag}.`, {
    hint:
      near === undefined
        ? 'comeback --help lists the verbs, comeback help VERB its options.'
        : `Did you mean --${near}?`,
  })
}

function missingValue(flag: string): ComebackError {
  return new ComebackError('usage', `${flag} needs a value.`, {
    hint: `A value that begins with a dash is written ${flag}=VALUE.`,
  })
}
