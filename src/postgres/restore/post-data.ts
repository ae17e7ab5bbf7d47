/**
 * Post-data entries as stages. Inside a stage of indexes and keys, or of foreign keys, the order is free, and lanes work side by
 * side; from stage to stage pg_dump's order holds, since it knows what depends on what.
 */
import type { SchemaEntry } from '../detail.ts'
import { NAME, QUALIFIED_NAME, unquoted } from '../schema/sql-name.ts'
import type { PlannedEntry } from './restore-plan.ts'

export type PostDataStage =
  /** `after`: index attachments and comments, cheap, one after the other. */
  | {
      readonly kind: 'indexes' | 'foreign-keys'
      readonly parallel: readonly PlannedEntry[]
      readonly after: readonly PlannedEntry[]
    }
  | { readonly kind: 'serial'; readonly after: readonly PlannedEntry[] }

export function postDataStages(planned: readonly PlannedEntry[]): PostDataStage[] {
  const stages: { kind: PostDataStage['kind']; parallel: PlannedEntry[]; after: PlannedEntry[] }[] = []
  for (const one of planned) {
    const kind = kindOf(one.entry)
    let stage = stages.at(-1)
    if (stage === undefined || (kind !== 'any' && !belongs(kind, stage.kind))) {
      stage = { kind: kind === 'any' || kind === 'attachment' ? 'serial' : kind, parallel: [], after: [] }
      stages.push(stage)
    }
    const isParallel = kind === stage.kind && kind !== 'serial'
    if (isParallel) stage.parallel.push(one)
    else stage.after.push(one)
  }
  return stages
}

const ON_INDEX = new RegExp(`^CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?${NAME} ON (?:ONLY )?${QUALIFIED_NAME} USING`)
const ALTERED = new RegExp(String.raw`^ALTER (?:FOREIGN )?TABLE (?:IF EXISTS )?(?:ONLY )?${QUALIFIED_NAME}\s`)
const REFERENCED = new RegExp(String.raw`\sREFERENCES ${QUALIFIED_NAME}\s*\(`)

/**
 * The tables that an index or constraint concerns, as `schema.name` without quotes: the one it is on, then the one it refers to.
 * Undefined if the statement has another shape.
 */
export function tablesOf({ entry, statements }: PlannedEntry): string[] | undefined {
  const [first = ''] = statements
  if (entry.type === 'INDEX') return table(ON_INDEX.exec(first), 2)
  const altered = table(ALTERED.exec(first), 1)
  if (altered === undefined || entry.type !== 'FK CONSTRAINT') return altered
  const referenced = table(REFERENCED.exec(first), 1)
  return referenced === undefined ? undefined : [...altered, ...referenced]
}

/** How `tablesOf` names a table. */
export function tableKey(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}

function kindOf({ type }: SchemaEntry): 'indexes' | 'foreign-keys' | 'serial' | 'attachment' | 'any' {
  if (type === 'INDEX' || type === 'CONSTRAINT' || type === 'CHECK CONSTRAINT') return 'indexes'
  if (type === 'FK CONSTRAINT') return 'foreign-keys'
  if (type === 'INDEX ATTACH') return 'attachment'
  return type === 'COMMENT' ? 'any' : 'serial'
}

function belongs(kind: string, stage: PostDataStage['kind']): boolean {
  return kind === stage || (kind === 'attachment' && stage === 'indexes')
}

function table(match: RegExpExecArray | null, first: number): string[] | undefined {
  const name = match?.[first + 1]
  if (name === undefined) return undefined
  return [tableKey(unquoted(match?.[first] ?? ''), unquoted(name))]
}
