/** What a restore left out, gathered, so that a role with a thousand grants makes one line. */
import pg from 'pg'
import type { Problem } from '../../engine/ports.ts'
import { type SkippedEntry, skippedProblems } from './skipped.ts'

/** Names that a line lists of each kind; the problem's entries have them all. */
const NAMED = 3

export class Omissions {
  /** By role, then by what: the entries. */
  readonly #missing = new Map<string, Map<string, string[]>>()
  readonly #foreign = new Map<string, Map<string, string[]>>()
  readonly #skipped: SkippedEntry[] = []
  readonly #notes = new Set<string>()
  #currentUser = ''
  /** The entry whose statements are looked at, for the names: `TABLE public.users`. */
  current = ''

  /** `what` in the singular: `grant`. */
  missingRole(role: string, what: string): void {
    add(this.#missing, role, what, this.current)
  }

  foreignRole(role: string, what: string, currentUser: string): void {
    this.#currentUser = currentUser
    add(this.#foreign, role, what, this.current)
  }

  skip(entry: SkippedEntry): void {
    this.#skipped.push(entry)
  }

  note(message: string): void {
    this.#notes.add(message)
  }

  get missingRoles(): readonly string[] {
    return [...this.#missing.keys()]
  }

  problems(): readonly Problem[] {
    return [
      ...[...this.#missing].map(([role, left]) => ({
        severity: 'warning' as const,
        message: `Role ${role} does not exist on the target. Left out: ${list(left)}.`,
        hint: `Restore with --create-roles, or create the role (CREATE ROLE "${role.replaceAll('"', '""')}") before, if it is needed.`,
        entries: all(left),
      })),
      ...[...this.#foreign].map(([role, left]) => ({
        severity: 'warning' as const,
        message: `${this.#currentUser} may not act as role ${role}. Left out: ${list(left)}.`,
        hint: `Restore as a superuser, or make the restoring role a member first: GRANT ${pg.escapeIdentifier(role)} TO ${pg.escapeIdentifier(this.#currentUser)}`,
        entries: all(left),
      })),
      ...skippedProblems(this.#skipped),
      ...[...this.#notes].map(message => ({ severity: 'warning' as const, message })),
    ]
  }
}

function add(roles: Map<string, Map<string, string[]>>, role: string, what: string, entry: string): void {
  const ofRole = roles.get(role) ?? new Map<string, string[]>()
  ofRole.set(what, [...(ofRole.get(what) ?? []), entry])
  roles.set(role, ofRole)
}

function list(left: ReadonlyMap<string, readonly string[]>): string {
  return [...left]
    .map(([what, entries]) => {
      const names = [...new Set(entries)]
      const shown = `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ', …' : ''}`
      return `${entries.length} ${entries.length === 1 ? what : plural(what)} (${shown})`
    })
    .join(', ')
}

function all(left: ReadonlyMap<string, readonly string[]>): string[] {
  return [...left].flatMap(([what, entries]) => entries.map(entry => `${what}: ${entry}`))
}

function plural(what: string): string {
  return what === 'policy' ? 'policies' : `${what}s`
}
