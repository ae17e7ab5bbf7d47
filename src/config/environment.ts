/**
 * Environment variables as a file: `NAME='value'`, one after the other, sorted by name. In single quotes a shell takes
 * everything as it stands, line breaks too, and a quote itself is written `'\''`; so `set -a; . ./environment.env` brings
 * every value back, and nothing in a value is ever run.
 */
import picomatch from 'picomatch'
import { ComebackError } from '../errors.ts'
import { readTar } from '../files/tar-reader.ts'
import { MiB } from '../format/sizes.ts'
import { ENVIRONMENT_FILE } from './layout.ts'

/** No system starts a program with more of them. */
const LARGEST = 64 * MiB

export type Variables = ReadonlyMap<string, string>

export interface SelectedVariables {
  readonly variables: Variables
  /** Patterns that name no variable that is set. */
  readonly unmatched: readonly string[]
  /** Names that no shell could set. */
  readonly unnameable: readonly string[]
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The key must not lie in the backup that it opens, so wildcards pass it by. */
const KEYS = ['COMEBACK_KEY', 'INPUT_KEY']

/** By names and globs. Throws `usage` for the key's own name. */
export function selectVariables(
  patterns: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SelectedVariables {
  const key = patterns.find(pattern => KEYS.includes(pattern))
  if (key !== undefined) {
    throw new ComebackError(
      'usage',
      `The variable ${key} holds the key, which must not lie in the backup that it opens.`,
      {
        hint: 'Keep the key apart from the backups.',
      },
    )
  }
  const matchers = patterns.map(pattern => ({ pattern, matches: picomatch(pattern), matched: false }))
  const found: [string, string][] = []
  const unnameable: string[] = []
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || KEYS.includes(name)) continue
    const matching = matchers.filter(({ matches }) => matches(name))
    for (const matcher of matching) matcher.matched = true
    if (matching.length === 0) continue
    if (NAME.test(name)) found.push([name, value])
    else unnameable.push(name)
  }
  found.sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    variables: new Map(found),
    unmatched: matchers.filter(({ matched }) => !matched).map(({ pattern }) => pattern),
    unnameable,
  }
}

export function formatEnvironment(variables: Variables): string {
  return [...variables].map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`).join('')
}

/** Throws `damaged` for what `formatEnvironment` can't have written. */
export function parseEnvironment(text: string): Variables {
  const variables = new Map<string, string>()
  const assignment = /([A-Za-z_][A-Za-z0-9_]*)='([^']*(?:'\\''[^']*)*)'\n/y
  while (assignment.lastIndex < text.length) {
    const [, name, quoted] = assignment.exec(text) ?? []
    if (name === undefined || quoted === undefined) {
      throw new ComebackError('damaged', 'The environment file of the backup is no list of variables.')
    }
    variables.set(name, quoted.replaceAll("'\\''", "'"))
  }
  return variables
}

/** Those of a configuration archive; undefined if it has none. Throws `damaged`. */
export async function readVariables(archive: AsyncIterable<Uint8Array>): Promise<Variables | undefined> {
  for await (const { path, kind, size, content } of readTar(archive)) {
    if (path !== ENVIRONMENT_FILE || kind !== 'file') continue
    if (size > LARGEST) {
      throw new ComebackError('damaged', `The environment file of the backup would have ${size} bytes.`)
    }
    const parts: Buffer[] = []
    for await (const part of content) parts.push(Buffer.from(part))
    return parseEnvironment(Buffer.concat(parts).toString())
  }
  return undefined
}
