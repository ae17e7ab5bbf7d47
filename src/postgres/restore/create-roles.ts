/** Roles belong to the server, not to a database: a backup names them, and holds nothing else of them. */
import pg from 'pg'
import type { Problem } from '../../engine/ports.ts'
import { ComebackError } from '../../errors.ts'
import type { Connection } from '../connection/connection.ts'
import { serverError } from '../connection/server-error.ts'
import { createEntryFilter } from './entry-filter.ts'
import type { RestorePlan } from './restore-plan.ts'
import { allEntries, listed } from './selection.ts'
import type { TargetFacts } from './target-facts.ts'

/** Those that the plan's entries name and the target lacks. Only the server itself can make names that begin with `pg_`. */
export function missingRoles(plan: RestorePlan, facts: TargetFacts): string[] {
  const missing = new Set<string>()
  // A statement that names two of them tells of the second only when the first is there.
  for (;;) {
    const filter = createEntryFilter(withRoles(facts, [...missing]))
    for (const one of allEntries(plan)) filter.adapt(one)
    const more = filter.missingRoles().filter(name => !name.startsWith('pg_') && !missing.has(name))
    if (more.length === 0) return [...missing].sort()
    for (const name of more) missing.add(name)
  }
}

/** As the target will be when they are there. */
export function withRoles(facts: TargetFacts, names: readonly string[]): TargetFacts {
  return { ...facts, roles: new Map([...facts.roles, ...names.map(name => [name, true] as const)]) }
}

/** Throws `permission` before anything is tried. */
export function refuseRoles(names: readonly string[], { superuser, createRole, currentUser }: TargetFacts): void {
  if (names.length === 0 || superuser || createRole) return
  throw new ComebackError(
    'permission',
    `${currentUser} may not create the roles that the target lacks: ${listed(names)}.`,
    {
      hint: `Nothing was changed. Give it the right (ALTER ROLE … CREATEROLE), create the roles yourself, or leave out --create-roles: what is theirs will then belong to ${currentUser}.`,
    },
  )
}

export async function createRoles(connection: Connection, names: readonly string[], facts: TargetFacts): Promise<void> {
  refuseRoles(names, facts)
  for (const name of names) {
    const role = pg.escapeIdentifier(name)
    try {
      await connection.query(`CREATE ROLE ${role} NOLOGIN`)
      // Only a member may give an object to the role.
      if (!facts.superuser) await connection.query(`GRANT ${role} TO CURRENT_USER`)
    } catch (error) {
      throw serverError(error, `Creating the role ${name}`)
    }
  }
}

export function roleProblems(names: readonly string[]): Problem[] {
  if (names.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `Roles that the target lacked are created without login: ${listed(names)}.`,
      hint: 'A backup of one database holds neither passwords nor memberships of roles. Give them what they need: ALTER ROLE … LOGIN PASSWORD …',
      entries: names.map(name => `ROLE ${name}`),
    },
  ]
}
