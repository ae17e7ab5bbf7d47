/**
 * Patterns that name tables and schemas, as pg_dump reads them: `table`, `schema.table`, `*`, `?`, folded to lower case unless
 * quoted.
 */
import { ComebackError } from '../../errors.ts'

export interface NamePattern {
  /** As it was given. */
  readonly pattern: string
  /** Undefined where the pattern names no schema. */
  readonly schema: RegExp | undefined
  readonly name: RegExp
}

/** Throws `usage` on a quote that is never closed or on more parts than schema and table. */
export function parseTablePattern(pattern: string): NamePattern {
  const [name, schema, ...more] = parts(pattern)?.toReversed() ?? []
  if (name === undefined || more.length > 0) {
    throw new ComebackError('usage', `The pattern ${pattern} names no table.`, {
      hint: 'Write table or schema.table; * and ? stand for any characters, double quotes keep capitals and dots.',
    })
  }
  return { pattern, schema, name }
}

/** Throws `usage` on a quote that is never closed or on more than one part. */
export function parseSchemaPattern(pattern: string): NamePattern {
  const [name, ...more] = parts(pattern) ?? []
  if (name === undefined || more.length > 0) {
    throw new ComebackError('usage', `The pattern ${pattern} names no schema.`, {
      hint: 'Write a schema alone; * and ? stand for any characters, double quotes keep capitals and dots.',
    })
  }
  return { pattern, schema: undefined, name }
}

/** Undefined if a part is empty or a quote is never closed. */
function parts(pattern: string): RegExp[] | undefined {
  const sources = ['']
  let isQuoted = false
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '"' && isQuoted && pattern[at + 1] === '"') {
      at++
      append(sources, '"')
    } else if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) append(sources, literal(character))
    else if (character === '.') sources.push('')
    else if (character === '*') append(sources, '.*')
    else if (character === '?') append(sources, '.')
    else append(sources, literal(character.toLowerCase()))
  }
  if (isQuoted || sources.includes('')) return undefined
  return sources.map(source => new RegExp(`^${source}$`, 's'))
}

function append(sources: string[], text: string): void {
  sources.push(`${sources.pop() ?? ''}${text}`)
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}
