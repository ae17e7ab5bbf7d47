/** Which of pg_dump's entries are not in the restored database as they are in the backup. */
import type { ProofFinding } from '../../engine/proof.ts'
import { isMoved } from '../column-order.ts'
import type { Relation, SchemaEntry } from '../detail.ts'
import { entryName } from '../restore/restore-plan.ts'
import { inDialectOf } from '../schema/dialect.ts'
import { PREAMBLE, statementsOf } from '../schema/entries.ts'
import { columnsOf } from './moved-columns.ts'

/** A section of a schema, as it was dumped. */
export interface SchemaText {
  readonly text: Buffer
  readonly entries: readonly SchemaEntry[]
}

export interface SchemaDifference {
  readonly finding: ProofFinding
  /** Both have the entry, of the same owner and with the same settings: it is the statements that differ. */
  readonly wording: boolean
  /** The table whose columns both have, in another order. */
  readonly moved?: Relation
}

export interface DiagnosedServer {
  readonly tablespaces: ReadonlySet<string>
  /** `server_version_num` */
  readonly version: number
}

interface Entry {
  readonly title: string
  readonly owner: string | null
  readonly settings: string
  readonly relation: Relation
  readonly columns: readonly string[]
  /** Owner, settings and statements: all that makes the object. */
  readonly content: string
  readonly statements: readonly string[]
}

/**
 * Order is no difference: pg_dump sorts by dependencies, and ties by numbers that a restore deals anew. Nor is a tablespace that
 * the server does not have, `tablespaces` being those that it has: where rows lie is no part of what they are. Nor is the dialect,
 * in which an older backup may hold other words than the restored server's, whose `version` that is.
 */
export function diagnoseSchema(
  stored: SchemaText,
  restored: SchemaText,
  server: DiagnosedServer,
): readonly SchemaDifference[] {
  const [before, after] = [entriesOf(stored, server), entriesOf(restored, server)]
  const findings: SchemaDifference[] = []
  for (const [title, old] of before) {
    const now = after.get(title) ?? []
    // Overloaded functions, say: those that are the same are none of ours.
    const lost = without(old, now)
    const found = without(now, old)
    for (const [index, entry] of lost.entries()) {
      const other = found[index]
      if (other === undefined) findings.push(missing(title))
      else findings.push(differs(title, entry, other))
    }
    for (const _ of found.slice(lost.length)) findings.push(extra(title))
  }
  for (const [title, now] of after) if (!before.has(title)) for (const _ of now) findings.push(extra(title))
  return findings
}

function missing(subject: string): SchemaDifference {
  return { wording: false, finding: { code: 'schema-missing', subject, message: `${subject} did not come back.` } }
}

function extra(subject: string): SchemaDifference {
  const message = `${subject} is in the restored database and was not backed up.`
  return { wording: false, finding: { code: 'schema-extra', subject, message } }
}

/** Says where, not what: defaults and bodies of functions may be nobody's business. */
function differs(subject: string, old: Entry, now: Entry): SchemaDifference {
  const at = old.statements.findIndex((statement, index) => statement !== now.statements[index])
  const number = at < 0 ? old.statements.length : at
  const lines = [old.statements[number] ?? '', now.statements[number] ?? ''].map(text => text.split('\n'))
  const line = (lines[0] ?? []).findIndex((text, index) => text !== lines[1]?.[index])
  const isSame = old.statements.length === now.statements.length && at < 0
  const where =
    old.owner !== now.owner
      ? 'its owner'
      : isSame
        ? 'its settings'
        : `statement ${number + 1}, line ${Math.max(line, 0) + 1} of it`
  return {
    wording: old.owner === now.owner && old.settings === now.settings,
    ...(isMoved(old.columns, now.columns) ? { moved: old.relation } : {}),
    finding: { code: 'schema-differs', subject, message: `${subject} is not as it was backed up: ${where}.` },
  }
}

function without(some: readonly Entry[], others: readonly Entry[]): readonly Entry[] {
  const left = others.map(({ content }) => content)
  return some.filter(({ content }) => {
    const at = left.indexOf(content)
    if (at < 0) return true
    left.splice(at, 1)
    return false
  })
}

function entriesOf(
  { text, entries }: SchemaText,
  { tablespaces, version }: DiagnosedServer,
): ReadonlyMap<string, readonly Entry[]> {
  const found = entries
    .filter(({ type }) => type !== PREAMBLE)
    .map(entry => {
      const { owner } = entry
      const settings = JSON.stringify(
        Object.entries(entry.settings).filter(
          ([name, value]) => name !== 'default_tablespace' || tablespaces.has(value),
        ),
      )
      const statements = inDialectOf(version, entry.type, statementsOf(text, entry))
      const title = entryName(entry)
      const relation = { schema: entry.schema ?? '', name: entry.name }
      const columns = columnsOf(entry, statements)
      return {
        title,
        owner,
        settings,
        statements,
        relation,
        columns,
        content: JSON.stringify([owner, settings, statements]),
      }
    })
  return Map.groupBy(found, ({ title }) => title)
}
