/**
 * What of a backup's statements can't apply on the target, for lack of a role or of a right that is known beforehand, is left
 * out or adapted here, and listed. pg_dump's statements have few shapes; they are recognised by their beginning and end, since
 * between them may stand anything.
 */
import type { Problem } from '../../engine/ports.ts'
import { inDialectOf } from '../schema/dialect.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import type { LostOwners } from './lost-owners.ts'
import { Omissions } from './omissions.ts'
import { LeftOut, skippedEntry } from './optional-entries.ts'
import { entryName, type PlannedEntry } from './restore-plan.ts'
import { SchemaCreators } from './schema-creators.ts'
import type { TargetFacts } from './target-facts.ts'

const OWNER = new RegExp(String.raw`^ALTER\s.*\sOWNER TO ${NAME}$`, 's')
const PRIVILEGE = new RegExp(String.raw`^(?:GRANT|REVOKE)\s.*\s(?:TO|FROM) ${NAME}(?: WITH GRANT OPTION)?$`, 's')
const DEFAULT_PRIVILEGE = new RegExp(
  String.raw`^ALTER DEFAULT PRIVILEGES FOR ROLE ${NAME} .*\s(?:TO|FROM) ${NAME}(?: WITH GRANT OPTION)?$`,
  's',
)
const USER_MAPPING = new RegExp(`^(?:CREATE|ALTER) USER MAPPING FOR ${NAME} `)
const POLICY = new RegExp(
  `^(CREATE POLICY ${NAME} ON ${QUALIFIED_NAME}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO )(${NAME}(?:, ${NAME})*)`,
)
const AUTHORIZATION = new RegExp(`^SET SESSION AUTHORIZATION ${NAME}$`)
const CREATE_SCHEMA = new RegExp(`^CREATE SCHEMA ${NAME}$`)
const ON_SCHEMA = new RegExp(
  `^(?:ALTER SCHEMA|COMMENT ON SCHEMA|GRANT [A-Z, ]+ ON SCHEMA|REVOKE [A-Z, ]+ ON SCHEMA) ${NAME} `,
)
const EXTENSION_COMMENT = new RegExp(`^COMMENT ON EXTENSION ${NAME} IS`)

export interface EntryFilter {
  /** The statements to run for an entry, none of them perhaps. */
  adapt(planned: PlannedEntry): readonly string[]
  /** A single statement of a script. */
  adaptStatement(sql: string): string | undefined
  /** The tablespace to use where the backup names this one. */
  adaptTablespace(name: string): string
  /** The server has refused it, and it is no more than a pity. */
  leaveOut(planned: PlannedEntry, reason: string): void
  /** Roles that the target lacks and the statements so far have named. */
  missingRoles(): readonly string[]
  /** What was left out so far, each role once. */
  problems(): readonly Problem[]
}

/** `lost` hears of every object whose owner is not given back. */
export function createEntryFilter(facts: TargetFacts, lost?: LostOwners): EntryFilter {
  const omissions = new Omissions()
  const left = new LeftOut()
  const creators = new SchemaCreators(facts)
  const adaptOne = (sql: string) => adaptStatement(sql, facts, omissions)
  return {
    adapt(planned) {
      const { entry, statements } = planned
      if (entry.type === 'SUBSCRIPTION' && facts.subscriptions.has(entry.name)) {
        omissions.note(`The target has a subscription ${entry.name}, which stays as it is.`)
        return []
      }
      const reason = left.reasonFor(planned)
      if (reason !== undefined) {
        omissions.skip(skippedEntry(entry, reason))
        return []
      }
      omissions.current = entryName(entry)
      const given = (sql: string): readonly string[] => {
        const adapted = adaptOne(sql)
        if (adapted === undefined) return []
        creators.watch(adapted)
        const owner = entry.schema === null ? undefined : nameIn(OWNER.exec(adapted))
        return owner === undefined ? [adapted] : creators.allowing(adapted, owner, entry.schema ?? '', omissions)
      }
      return withoutForeignGrantors(inDialectOf(facts.version, entry.type, statements), facts, omissions).flatMap(
        sql => {
          const run = given(sql)
          const isLost = run.length === 0 && OWNER.test(sql)
          return isLost ? (lost?.instead(planned, sql, facts.currentUser) ?? []) : run
        },
      )
    },
    adaptStatement(sql) {
      omissions.current = sql.replace(/^(?:ALTER|GRANT .* ON|REVOKE .* ON) (LARGE OBJECT \d+).*$/s, '$1')
      return adaptOne(sql)
    },
    leaveOut(planned, reason) {
      left.add(planned, reason)
      omissions.skip(skippedEntry(planned.entry, reason))
    },
    missingRoles: () => omissions.missingRoles,
    adaptTablespace(name) {
      if (name === '' || facts.tablespaces.has(name)) return name
      omissions.note(`Tablespace ${name} does not exist on the target: its tables lie in the default one.`)
      return ''
    },
    problems: () => omissions.problems(),
  }
}

function adaptStatement(sql: string, facts: TargetFacts, omissions: Omissions): string | undefined {
  const schema = nameIn(ON_SCHEMA.exec(sql))
  if (schema !== undefined && facts.schemas.get(schema)?.ours === false) {
    omissions.note(
      `Schema ${schema} belongs to ${facts.schemas.get(schema)?.owner}: its owner, grants and comment stay.`,
    )
    return undefined
  }
  const owner = nameIn(OWNER.exec(sql))
  if (owner !== undefined) return canAssume(owner, facts, omissions, 'owner') ? sql : undefined
  const grantee = nameIn(PRIVILEGE.exec(sql))
  if (grantee !== undefined) return exists(grantee, facts, omissions, 'grant') ? sql : undefined
  const defaults = DEFAULT_PRIVILEGE.exec(sql)
  if (defaults !== null) {
    const [, granter = '', receiver = ''] = defaults
    const applies =
      canAssume(unquoted(granter), facts, omissions, 'default privilege') &&
      exists(unquoted(receiver), facts, omissions, 'default privilege')
    return applies ? sql : undefined
  }
  const mapped = nameIn(USER_MAPPING.exec(sql))
  if (mapped !== undefined) return exists(mapped, facts, omissions, 'user mapping') ? sql : undefined
  if (sql.startsWith('CREATE POLICY')) return adaptPolicy(sql, facts, omissions)
  const created = nameIn(CREATE_SCHEMA.exec(sql))
  if (created !== undefined && facts.schemas.has(created)) return undefined
  const commented = nameIn(EXTENSION_COMMENT.exec(sql))
  if (commented !== undefined && facts.extensions.get(commented)?.ours === false) {
    omissions.note(`The comment on extension ${commented} was left out: another role owns the extension.`)
    return undefined
  }
  return sql
}

/** Without the roles that don't exist the policy means the same to those that do; a policy for nobody else is left out. */
function adaptPolicy(sql: string, facts: TargetFacts, omissions: Omissions): string | undefined {
  const match = POLICY.exec(sql)
  if (match === null) return sql
  const [all, head = '', , , , list = ''] = match
  const roles = list.match(new RegExp(NAME, 'g')) ?? []
  const kept = roles.filter(role => exists(unquoted(role), facts, omissions, 'policy'))
  if (kept.length === 0) return undefined
  return `${head}${kept.join(', ')}${sql.slice(all.length)}`
}

/**
 * pg_dump makes a grant under the name of the role that made it. Where the restoring role can't be that one, it makes the
 * grant itself, or none if the grantor doesn't exist.
 */
function withoutForeignGrantors(statements: readonly string[], facts: TargetFacts, omissions: Omissions): string[] {
  let granting: 'as is' | 'ourselves' | 'not' = 'as is'
  return statements.flatMap(sql => {
    const grantor = nameIn(AUTHORIZATION.exec(sql))
    if (grantor !== undefined) {
      granting = grantor === 'DEFAULT' || facts.superuser ? 'as is' : 'ourselves'
      if (!exists(grantor, facts, omissions, 'grant')) granting = 'not'
      if (granting === 'ourselves')
        omissions.note(`Grants made by ${grantor} were made by ${facts.currentUser} instead.`)
      return granting === 'as is' ? [sql] : []
    }
    if (sql === 'RESET SESSION AUTHORIZATION') {
      const before = granting
      granting = 'as is'
      return before === 'as is' ? [sql] : []
    }
    return granting === 'not' ? [] : [sql]
  })
}

function canAssume(role: string, facts: TargetFacts, omissions: Omissions, what: string): boolean {
  const assumable = facts.roles.get(role)
  if (assumable === true) return true
  if (assumable === undefined) omissions.missingRole(role, what)
  else omissions.foreignRole(role, what, facts.currentUser)
  return false
}

function exists(role: string, facts: TargetFacts, omissions: Omissions, what: string): boolean {
  if (role.toUpperCase() === 'PUBLIC' || facts.roles.has(role)) return true
  omissions.missingRole(role, what)
  return false
}

function nameIn(match: RegExpExecArray | null): string | undefined {
  const name = match?.[1]
  return name === undefined ? undefined : unquoted(name)
}
