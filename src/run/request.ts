/** What every edge checks of a request in the same way, whatever it calls the place where something was written. */
import { ComebackError } from '../errors.ts'
import { COMPONENTS, type Component } from '../format/manifest.ts'
import { nearest } from '../nearest.ts'
import { OPTIONS, type OptionName, type Verb } from '../options.ts'

/** In the order in which they are worked on; all of them for `all` or no word. Throws `usage`. */
export function componentsNamed(words: readonly string[]): readonly Component[] {
  if (words.length === 0 || words.includes('all')) {
    for (const word of words) if (word !== 'all') componentNamed(word)
    return COMPONENTS
  }
  const named = new Set(words.map(componentNamed))
  return COMPONENTS.filter(component => named.has(component))
}

/** For a verb that works on one only. Throws `usage`. */
export function oneComponent(verb: Verb, word: string): Component {
  if (word !== 'all') return componentNamed(word)
  throw usage(`${verb} takes one component at a time.`, `Name one: ${COMPONENTS.join(', ')}.`)
}

/** An option without effect would be believed to have had one. `more` ends the hint. Throws `usage`. */
export function refuseForeignOptions(
  verb: Verb,
  given: Iterable<OptionName>,
  { verbs, spell, more = '' }: Spelling,
): void {
  for (const name of given) {
    const takers = OPTIONS[name].verbs
    if (takers.includes(verb)) continue
    const known = verbs.filter(other => takers.includes(other))
    throw usage(`${verb} does not take ${spell(name)}.`, `It belongs to ${known.join(', ')}.${more}`)
  }
}

/** How an edge speaks of options, and to which verbs. */
export interface Spelling {
  readonly verbs: readonly Verb[]
  readonly spell: (name: OptionName) => string
  readonly more?: string
}

export function quoted(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}…` : word)
}

export function usage(message: string, hint: string): ComebackError {
  return new ComebackError('usage', message, { hint })
}

function componentNamed(word: string): Component {
  const component = COMPONENTS.find(component => component === word)
  if (component !== undefined) return component
  const near = nearest(word, COMPONENTS)
  throw usage(
    `There is no component ${quoted(word)}.`,
    near === undefined ? `The components are: ${COMPONENTS.join(', ')}.` : `Did you mean ${near}?`,
  )
}
