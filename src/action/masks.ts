/**
 * What the runner must never show. It masks only what it is told of, so this comes before any other output: the key,
 * tokens, database URLs and the passwords in them, each in every spelling in which a library or a server may quote it.
 */
import { parseEnv } from 'node:util'
import { OPTIONS } from '../options.ts'
import { secretsOfUrl, spellings } from '../report/scrub.ts'
import type { Environment } from '../run/environment.ts'
import { secretsGiven } from '../run/secrets.ts'
import { CONFIGURATION, INPUTS } from './input-table.ts'
import { renamedInput } from './renamed-inputs.ts'

/** Characters. A shorter mask would riddle the whole log with stars, and hide nothing that is hard to guess. */
const SHORTEST = 4
const VARIABLE = /^INPUT_/
/** Characters of a value among many, most of which are no secrets: `true`, `production`. */
const SHORTEST_VALUE = 8
const SECRET_INPUTS = new Set([
  'key',
  CONFIGURATION,
  ...INPUTS.flatMap(({ name, option }) => (option !== undefined && OPTIONS[option].secret === 'value' ? [name] : [])),
])

/** All secrets in the environment and the inputs, those among them that were given under a wrong name. */
export function secretsOfAction(environment: Environment): readonly string[] {
  const inputs = Object.entries(environment).flatMap(([variable, value = '']) => {
    if (!VARIABLE.test(variable)) return []
    const name = variable.replace(VARIABLE, '').toLowerCase()
    const whole = SECRET_INPUTS.has(renamedInput(name) ?? name) ? [value] : []
    // Any of them: a URL in the wrong input is as secret as in the right one.
    return [...whole, ...valuesIn(name, value), ...value.split(/\s+/).flatMap(secretsOfUrl)]
  })
  return [...secretsGiven([], environment), ...inputs].filter(secret => secret.trim() !== '')
}

function valuesIn(name: string, text: string): readonly string[] {
  if (name !== CONFIGURATION) return []
  return Object.values(parseEnv(text)).filter((value = '') => value.length >= SHORTEST_VALUE) as string[]
}

/**
 * One line each, as the runner looks at one line of the log at a time, and would itself cut a mask of several lines into
 * masks of any length.
 */
export function masksFor(secrets: readonly string[]): readonly string[] {
  const lines = secrets.flatMap(secret => secret.split(/[\r\n]+/)).map(line => line.trim())
  return [...new Set(lines.filter(isLong).flatMap(spellings).filter(isLong))]
}

function isLong(text: string): boolean {
  return text.length >= SHORTEST
}
