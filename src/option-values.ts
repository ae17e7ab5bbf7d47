/** Values are text everywhere outside (arguments, variables, inputs); here they become `Options`, the same way for all. */
import { ComebackError } from './errors.ts'
import { COMPONENTS, type Component } from './format/manifest.ts'
import {
  type Ages,
  flag,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionSpec,
  type Options,
  type Verb,
  variablesOf,
} from './options.ts'

/**
 * What was given (flags or inputs, as text; a flag without a value reads `true`) goes before the environment, and that
 * before the default. What the verb doesn't use keeps its default, so that a variable set for another verb does no harm.
 * An empty variable counts as unset. `spell` is how errors name an option. Throws `usage`.
 */
export function resolveOptions(
  verb: Verb,
  given: ReadonlyMap<OptionName, readonly string[]>,
  environment: Readonly<Record<string, string | undefined>>,
  spell: (name: OptionName) => string = flag,
): Options {
  const resolve = (name: OptionName): unknown => {
    const spec = OPTIONS[name]
    const used = spec.verbs.includes(verb)
    const values = given.get(name)
    if (used && values !== undefined) return parse(spec, values, spell(name))
    const variable = variablesOf(name).find(variable => (environment[variable] ?? '').trim() !== '')
    if (used && variable !== undefined) return parse(spec, valuesIn(environment[variable] ?? '', spec), variable)
    if (spec.type === 'list') return []
    if (spec.type === 'flag') return false
    return spec.default === undefined ? undefined : parse(spec, [spec.default], spell(name))
  }
  // `SpecOf` has checked that each spec yields the type that the interface declares.
  const options = Object.fromEntries(OPTION_NAMES.map(name => [name, resolve(name)])) as unknown as Options
  if ((verb === 'backup' || verb === 'import') && options.codec === 'gzip' && (options.level ?? 1) > 9) {
    throw new ComebackError('usage', `gzip has no level ${options.level}.`, {
      hint: `Its levels go from 1 to 9. Or use ${spell('codec')} zstd, which has 22.`,
    })
  }
  return options
}

/** Of a variable or an input: lists have one value a line; a secret that was pasted often ends in a line break. */
export function valuesIn(text: string, spec: OptionSpec): readonly string[] {
  if (spec.type !== 'list') return [text.trim()]
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
}

/** The one place that knows how values are written: `from` is the flag, input or variable, for the message. */
function parse(spec: OptionSpec, values: readonly string[], from: string): unknown {
  if (values.some(value => value.trim() === '')) throw wrong(`${from} needs a value.`, spec)
  if (spec.type === 'list') return values
  const value = values.at(-1) ?? ''
  switch (spec.type) {
    case 'string':
      return value
    case 'flag':
      if (value === 'true' || value === 'false') return value === 'true'
      throw wrong(`${from} is true or false, not ${shown(value)}.`, spec)
    case 'choice':
      if (spec.choices.includes(value)) return value
      throw wrong(`${from} cannot be ${shown(value)}.`, spec)
    case 'integer': {
      const number = Number(value)
      if (/^\d+$/.test(value) && number >= spec.min && number <= spec.max) return number
      throw wrong(`${from} cannot be ${shown(value)}.`, spec)
    }
    case 'duration': {
      const duration = milliseconds(value)
      if (duration !== undefined && duration > 0 && duration <= (milliseconds(spec.max) ?? 0)) return duration
      throw wrong(`${from} cannot be ${shown(value)}.`, spec)
    }
    case 'size': {
      const size = bytesIn(value)
      if (size !== undefined && size > 0) return size
      throw wrong(`${from} cannot be ${shown(value)}.`, spec)
    }
    case 'ages': {
      const ages = agesIn(value, milliseconds(spec.max) ?? 0)
      if (ages !== undefined) return ages
      throw wrong(`${from} cannot be ${shown(value)}.`, spec)
    }
  }
}

/** `26h`, or `database=26h files=8d`, with blanks, commas or line breaks between them. */
function agesIn(text: string, most: number): Ages | undefined {
  const duration = (word: string) => {
    const age = milliseconds(word)
    return age !== undefined && age > 0 && age <= most ? age : undefined
  }
  const words = text.split(/[\s,]+/).filter(word => word !== '')
  const [first = ''] = words
  if (words.length === 1 && !first.includes('=')) return duration(first)
  const ages = new Map<Component, number>()
  for (const word of words) {
    const [name, value = '', ...more] = word.split('=')
    const component = COMPONENTS.find(known => known === name)
    const age = duration(value)
    if (component === undefined || age === undefined || more.length > 0 || ages.has(component)) return undefined
    ages.set(component, age)
  }
  return Object.fromEntries(ages)
}

/** `500MB`, `2 GB`: powers of 1,000; `10GiB`: of 1,024. Undefined for what is none, or too large to count. */
function bytesIn(text: string): number | undefined {
  const [, number, letter = '', binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b$/i.exec(text) ?? []
  if (number === undefined || (letter === '' && binary !== '')) return undefined
  const bytes = Math.round(
    Number(number) * (binary === '' ? 1000 : 1024) ** ' kmgt'.indexOf(letter.toLowerCase() || ' '),
  )
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `90s`, `10m`, `26h`, `30d` in milliseconds. */
function milliseconds(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  if (number === undefined || unit === undefined) return undefined
  return Math.round(Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 'ms'])
}

function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}

function wrong(message: string, spec: OptionSpec): ComebackError {
  return new ComebackError('usage', message, { hint: expectation(spec) })
}

function expectation(spec: OptionSpec): string {
  switch (spec.type) {
    case 'flag':
      return 'Write true or false.'
    case 'choice':
      return `It is one of: ${spec.choices.join(', ')}.`
    case 'integer':
      return `It is a whole number from ${spec.min} to ${spec.max}.`
    case 'duration':
      return `Write a number and its unit: 90s, 10m, 26h or 30d; at most ${spec.max}.`
    case 'size':
      return 'Write a number and its unit: 500MB, 2GB or 10GiB.'
    case 'ages':
      return `Write a duration such as 26h or 8d, or one for each component: database=26h files=8d; at most ${spec.max}.`
    case 'list':
      return `Give one or more values: ${spec.placeholder}`
    case 'string':
      return `Give a value: ${spec.placeholder}`
  }
}
