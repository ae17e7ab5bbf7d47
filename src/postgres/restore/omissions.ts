/** What a restore left out, counted, so that a role with a thousand grants makes one line. */
import type { Problem } from '../../engine/ports.ts'

export class Omissions {
  readonly #missing = new Map<string, Map<string, number>>()
  readonly #foreign = new Map<string, Map<string, number>>()
  readonly #notes = new Set<string>()
  #currentUser = ''

  /** `what` in the singular: `grant`. */
  missingRole(role: string, what: string): void {
    count(this.#missing, role, what)
  }

  foreignRole(role: string, what: string, currentUser: string): void {
    this.#currentUser = currentUser
    count(this.#foreign, role, what)
  }

  note(message: string): void {
    this.#notes.add(message)
  }

  problems(): readonly Problem[] {
    return [
      ...[...this.#missing].map(([role, counts]) => ({
        severity: 'warning' as const,
        message: `Role ${role} does not exist on the target. Left out: ${list(counts)}.`,
        hint: `Create the role (CREATE ROLE "${role.replaceAll('"', '""')}") before you restore, if it is needed.`,
      })),
      ...[...this.#foreign].map(([role, counts]) => ({
        severity: 'warning' as const,
        message: `${this.#currentUser} may not act as role ${role}. Left out: ${list(counts)}.`,
        hint: `Restore as a superuser, or as a member of ${role}.`,
      })),
      ...[...this.#notes].map(message => ({ severity: 'warning' as const, message })),
    ]
  }
}

function count(counts: Map<string, Map<string, number>>, role: string, what: string): void {
  const ofRole = counts.get(role) ?? new Map<string, number>()
  ofRole.set(what, (ofRole.get(what) ?? 0) + 1)
  counts.set(role, ofRole)
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, number]) => `${number} ${number === 1 ? what : plural(what)}`).join(', ')
}

function plural(what: string): string {
  return what === 'policy' ? 'policies' : `${what}s`
}
