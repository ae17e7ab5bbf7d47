/**
 * Who may create in which schema. An ordinary role gives an object only to a role that may create in its schema, and pg_dump
 * grants that long after it gives the object away. So the right is granted for the moment, and taken back.
 */
import pg from 'pg'
import { NAME, unquoted } from '../schema/sql-name.ts'
import type { Omissions } from './omissions.ts'
import type { TargetFacts } from './target-facts.ts'

const CREATED = new RegExp(`^CREATE SCHEMA ${NAME}$`)
const GIVEN = new RegExp(`^ALTER SCHEMA ${NAME} OWNER TO ${NAME}$`)

export class SchemaCreators {
  readonly #facts: TargetFacts
  /** Of schemas that the restore itself made. */
  readonly #owners = new Map<string, string>()

  constructor(facts: TargetFacts) {
    this.#facts = facts
  }

  watch(sql: string): void {
    const created = CREATED.exec(sql)?.[1]
    if (created !== undefined) this.#owners.set(unquoted(created), this.#facts.currentUser)
    const [, given, owner] = GIVEN.exec(sql) ?? []
    if (given !== undefined && owner !== undefined) this.#owners.set(unquoted(given), unquoted(owner))
  }

  /** The statement that gives an object to `owner`, with what that needs; nothing if it can't be. */
  allowing(sql: string, owner: string, schema: string, omissions: Omissions): string[] {
    const { superuser, currentUser, creators, schemas } = this.#facts
    const made = this.#owners.get(schema)
    if (superuser || owner === currentUser || owner === made || creators.get(schema)?.has(owner)) return [sql]
    if (made === undefined && schemas.get(schema)?.ours !== true) {
      omissions.note(
        `Role ${owner} may not create in schema ${schema}: objects there that it owned belong to ${currentUser}.`,
      )
      return []
    }
    const [to, where] = [pg.escapeIdentifier(owner), pg.escapeIdentifier(schema)]
    return [`GRANT CREATE ON SCHEMA ${where} TO ${to}`, sql, `REVOKE CREATE ON SCHEMA ${where} FROM ${to}`]
  }
}
