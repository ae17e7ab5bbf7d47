/**
 * Which files are meant. Patterns are globs, relative to a root folder or absolute. What a pattern names is taken whole: a
 * folder with everything below it, dotfiles too. Wildcards themselves skip names that begin with a dot unless the pattern
 * writes that dot.
 *
 * Exclusions come after that, dotfiles or not, a folder with everything below it. One without a slash (`node_modules`,
 * `*.log`) holds at any depth, as in `.gitignore`.
 */
import { isAbsolute, join, resolve } from 'node:path'
import picomatch from 'picomatch'
import { ComebackError } from '../errors.ts'

export interface Selection {
  /** Paths are relative to it: the root, or `/` if a pattern leads out of the root. */
  readonly base: string
  /** Whether a pattern names this path itself (what lies below a named folder is the caller's to take). */
  includes(path: string): boolean
  excludes(path: string): boolean
  /** Whether something below this folder could be named. */
  mayHold(folder: string): boolean
  /** Whether a pattern spells this path, or begins with it, without wildcards. */
  spells(path: string): boolean
  /** Patterns as given that have named nothing so far. */
  unmatched(): readonly string[]
}

interface Pattern {
  readonly given: string
  readonly parts: readonly string[]
  readonly matches: (path: string) => boolean
  readonly mayHold: (folder: string) => boolean
  /** The parts before the first wildcard. */
  readonly literal: readonly string[]
  matched: boolean
}

/** Throws `usage` for patterns that can't be meant. */
export function selectPaths(root: string, include: readonly string[], exclude: readonly string[]): Selection {
  const home = escaped(resolve(root))
  const absolute = include.map(given => ({ given, path: absolutePattern(given, home, resolve(root)) }))
  if (absolute.length === 0) {
    throw new ComebackError('usage', 'No pattern says which files to back up.', {
      hint: 'Name folders or globs, such as "uploads" or "public/**/*.jpg".',
    })
  }
  const inside = absolute.every(({ path }) => path === home || path.startsWith(`${home}/`))
  const base = inside && home !== '/' ? home.length + 1 : 1
  const patterns = absolute.map(({ given, path }) => compile(given, path.slice(base)))
  const exclusions = exclude.flatMap(given => {
    if (given.startsWith('**/')) return [compile(given, given, true).matches]
    if (!trimmed(given).includes('/')) return [compile(given, `**/${trimmed(given)}`, true).matches]
    const path = absolutePattern(given, home, resolve(root))
    // What lies outside of the root can't be met inside of it.
    if (base > 1 && !path.startsWith(`${home}/`)) return []
    return [compile(given, path.slice(base), true).matches]
  })

  return {
    base: inside ? resolve(root) : '/',
    includes(path) {
      let included = false
      for (const pattern of patterns) {
        if ((included && pattern.matched) || !pattern.matches(path)) continue
        included = true
        pattern.matched = true
      }
      return included
    },
    excludes: path => exclusions.some(matches => matches(path)),
    mayHold: folder => patterns.some(pattern => pattern.mayHold(folder)),
    spells: path => patterns.some(({ literal }) => path.split('/').every((part, index) => part === literal[index])),
    unmatched: () => patterns.filter(pattern => !pattern.matched).map(pattern => pattern.given),
  }
}

function compile(given: string, path: string, dot = false): Pattern {
  const parts = path === '' ? [] : path.split('/')
  const matchesGlob = picomatch(path === '' ? '**' : path, { dot: dot || path === '' })
  const wild = parts.findIndex(part => isWild(part))
  const literal = (wild < 0 ? parts : parts.slice(0, wild)).map(unescaped)
  return {
    given,
    parts,
    literal,
    matched: false,
    // A name may hold what a glob would read as wildcards.
    matches: name => matchesGlob(name) || name === path,
    mayHold: folderMatcher(parts, literal),
  }
}

/** Folders that a pattern leads through are walked, others are not even looked into. */
function folderMatcher(parts: readonly string[], literal: readonly string[]): (folder: string) => boolean {
  // Braces and parentheses may hold slashes, so such a pattern's parts say nothing.
  const opaque = parts.some(part => /[{(]/.test(part))
  const matchers = parts.map(part => (part === '**' || opaque ? undefined : picomatch(part)))
  const namesDots = parts.some(part => part.startsWith('.') || part.startsWith('\\.'))
  return folder => {
    const names = folder.split('/')
    for (const [index, name] of names.entries()) {
      if (opaque) {
        if (index >= literal.length) return true
        if (literal[index] !== name) return false
        continue
      }
      const part = parts[index]
      if (part === undefined) return false
      if (part === '**') return namesDots || names.slice(index).every(below => !below.startsWith('.'))
      if (!matchers[index]?.(name) && name !== part) return false
    }
    return names.length < parts.length || opaque
  }
}

function absolutePattern(given: string, home: string, root: string): string {
  const pattern = trimmed(given)
  if (pattern === '' || pattern.includes('\0')) {
    throw new ComebackError('usage', `${JSON.stringify(given)} is no pattern for files.`)
  }
  if (pattern.startsWith('!')) {
    throw new ComebackError('usage', `The pattern ${given} begins with an exclamation mark.`, {
      hint: 'Patterns say what to take; name what to leave out with --exclude.',
    })
  }
  if (!isAbsolute(pattern)) return join(home, pattern)
  const path = join(pattern)
  // Somebody who writes the root out doesn't escape its brackets.
  return path === root || path.startsWith(`${root}/`) ? home + path.slice(root.length) : path
}

function trimmed(pattern: string): string {
  return pattern.length > 1 ? pattern.replace(/\/+$/, '') || '/' : pattern
}

function isWild(part: string): boolean {
  return /[*?[\]{}()!+@|]/.test(part.replace(/\\./g, ''))
}

function escaped(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|]/g, '\\$&')
}

function unescaped(part: string): string {
  return part.replace(/\\(.)/g, '$1')
}
