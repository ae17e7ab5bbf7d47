/**
 * Which members of an archive are wanted. Patterns are globs on the paths in the archive, as `--files` has them on those of
 * the disk: what a pattern names is taken whole, a folder with everything below it, and a wildcard passes names by that begin
 * with a dot unless the pattern writes that dot.
 *
 * Folders that a wanted member lies in come with it. Their own entries stand before it, so they are known only to whoever reads
 * the archive a second time with the same filter.
 */
import picomatch from 'picomatch'
import { ComebackError } from '../errors.ts'
import { memberParts } from './member.ts'
import type { TarEntry } from './tar-reader.ts'

export interface MemberFilter {
  /** Throws `unsupported` for a wanted hard link to a file that is not. */
  takes(parts: readonly string[], entry: Pick<TarEntry, 'kind' | 'target'>): boolean
  /** Whether a wanted member that was seen so far lies in this folder. */
  needs(folder: string): boolean
  /** Patterns as given that have named nothing so far. */
  unmatched(): readonly string[]
}

/** Throws `usage` for patterns that can't be meant. */
export function filterMembers(include: readonly string[]): MemberFilter {
  const patterns = include.map(given => ({ given, matches: compile(given), matched: false }))
  const needed = new Set<string>()
  const takes = (parts: readonly string[]): boolean => {
    let taken = false
    for (const pattern of patterns) {
      if (taken && pattern.matched) continue
      const names = parts.some((_, index) => pattern.matches(parts.slice(0, index + 1).join('/')))
      if (names) pattern.matched = true
      taken ||= names
    }
    return taken
  }
  return {
    takes(parts, { kind, target }) {
      if (!takes(parts)) return kind === 'folder' && needed.has(parts.join('/'))
      if (kind === 'hard-link' && !takes(memberParts(target))) {
        throw new ComebackError(
          'unsupported',
          `${parts.join('/')} is a hard link to ${target}, which is not included.`,
          {
            hint: 'Include that file, too.',
          },
        )
      }
      for (let depth = parts.length - 1; depth > 0; depth--) {
        const folder = parts.slice(0, depth).join('/')
        if (needed.has(folder)) break
        needed.add(folder)
      }
      return true
    },
    needs: folder => needed.has(folder),
    unmatched: () => patterns.filter(({ matched }) => !matched).map(({ given }) => given),
  }
}

function compile(given: string): (path: string) => boolean {
  const pattern = given.replace(/^(\.\/+)+/, '').replace(/\/+$/, '')
  if (pattern === '' || pattern.startsWith('/') || pattern.startsWith('!') || pattern.includes('\0')) {
    throw new ComebackError('usage', `${JSON.stringify(given)} is no pattern for files of a backup.`, {
      hint: "Patterns are relative and say what to take: 'uploads/2026' or 'uploads/**/*.jpg'.",
    })
  }
  const matches = picomatch(pattern)
  // A name may hold what a glob would read as wildcards.
  return path => path === pattern || matches(path)
}
