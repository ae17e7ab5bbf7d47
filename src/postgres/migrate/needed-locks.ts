/**
 * Locks that a statement must take, by what it is: a short one outside of a transaction is over between two samples, and on a busy
 * server it waits for its lock all the same, with everybody else behind it. From the documentation of each command; what cannot be
 * told from the statement alone is not.
 */
import type { HeldLock } from '../../engine/migration.ts'
import { NAME, unquoted } from '../schema/sql-name.ts'
import { displayName, displayPart } from '../sql-text.ts'

/** `table` as it stands in the statement. */
export interface NeededLock {
  readonly schema: string | undefined
  readonly table: string
  readonly mode: string
  readonly blocks: HeldLock['blocks']
}

const PLACE = String.raw`(?:${NAME}\s*\.\s*)?${NAME}`
const IF = String.raw`(?:IF\s+EXISTS\s+)?`
const ONLY = String.raw`(?:ONLY\s+)?`
const ALTER = new RegExp(String.raw`^ALTER\s+(?:FOREIGN\s+)?TABLE\s+${IF}${ONLY}${PLACE}\s*\*?\s+(.*)$`, 'is')
const DROP = new RegExp(String.raw`^(?:DROP\s+TABLE\s+${IF}|TRUNCATE\s+(?:TABLE\s+)?${ONLY})${PLACE}`, 'is')
const INDEX = new RegExp(
  String.raw`^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(CONCURRENTLY\s+)?(?:(?:IF\s+NOT\s+EXISTS\s+)?${NAME}\s+)?ON\s+${ONLY}${PLACE}`,
  'is',
)
const TRIGGER = new RegExp(
  String.raw`^CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s+.*?\sON\s+${PLACE}`,
  'is',
)
const ON_TABLE = new RegExp(String.raw`^(?:CREATE|DROP|ALTER)\s+POLICY\s+.*?\sON\s+${PLACE}`, 'is')
/** Clauses of `ALTER TABLE` that let others read and write, or read. */
const MILD =
  /^(?:VALIDATE\s+CONSTRAINT|ALTER\s+(?:COLUMN\s+)?\S+\s+SET\s+STATISTICS|ATTACH\s+PARTITION|CLUSTER\s+ON|SET\s+WITHOUT\s+CLUSTER|SET\s*\(|DETACH\s+PARTITION\s+\S+\s+CONCURRENTLY)/i
const READABLE =
  /^(?:ADD\s+(?:CONSTRAINT\s+\S+\s+)?FOREIGN\s+KEY|(?:ENABLE|DISABLE)\s+(?:REPLICA\s+|ALWAYS\s+)?TRIGGER)\b/i
const PARENTHESES = /\([^()]*\)/g

/** `sql`: one statement, without comments and literals. */
export function neededLock(sql: string): NeededLock | undefined {
  const text = sql.trimStart()
  const altered = ALTER.exec(text)
  if (altered !== null) {
    const [, schema, table, clause = ''] = altered
    const isMild = MILD.test(clause)
    if (isSeveral(clause)) return isMild ? undefined : needed(schema, table, 'AccessExclusiveLock')
    if (isMild) return needed(schema, table, 'ShareUpdateExclusiveLock')
    return needed(schema, table, READABLE.test(clause) ? 'ShareRowExclusiveLock' : 'AccessExclusiveLock')
  }
  const index = INDEX.exec(text)
  if (index !== null) {
    const [, concurrently, , schema, table] = index
    return needed(schema, table, concurrently === undefined ? 'ShareLock' : 'ShareUpdateExclusiveLock')
  }
  const dropped = DROP.exec(text) ?? ON_TABLE.exec(text)
  if (dropped !== null) return needed(dropped[1], dropped[2], 'AccessExclusiveLock')
  const triggered = TRIGGER.exec(text)
  return triggered === null ? undefined : needed(triggered[1], triggered[2], 'ShareRowExclusiveLock')
}

/** Several clauses take the strongest lock that any of them takes. */
function isSeveral(clause: string): boolean {
  let flat = clause
  for (let before = ''; before !== flat; ) {
    before = flat
    flat = flat.replace(PARENTHESES, '')
  }
  return flat.includes(',')
}

/** The tables of these locks, so far as they were there before: of names that no schema qualifies, those that can mean but one. */
export function lockedTables(
  locks: readonly NeededLock[],
  relations: Iterable<string>,
): readonly Pick<HeldLock, 'table' | 'mode' | 'blocks'>[] {
  const names = [...relations]
  const found = new Map<string, Pick<HeldLock, 'table' | 'mode' | 'blocks'>>()
  for (const { schema, table, mode, blocks } of locks) {
    const part = displayPart(table)
    const isMeant = (name: string) =>
      schema === undefined ? name.endsWith(`.${part}`) : name === displayName({ schema, name: table })
    const meant = names.filter(isMeant)
    const name = meant.find(one => one === `public.${part}`) ?? (meant.length === 1 ? meant[0] : undefined)
    if (name !== undefined) found.set(`${mode} ${name}`, { table: name, mode, blocks })
  }
  return [...found.values()]
}

const BLOCKS = {
  AccessExclusiveLock: 'reads and writes',
  ShareRowExclusiveLock: 'writes',
  ShareLock: 'writes',
  ShareUpdateExclusiveLock: 'schema changes',
} as const

function needed(
  schema: string | undefined,
  table: string | undefined,
  mode: keyof typeof BLOCKS,
): NeededLock | undefined {
  if (table === undefined) return undefined
  const name = (quoted: string) => (quoted.startsWith('"') ? unquoted(quoted) : quoted.toLowerCase())
  return { schema: schema === undefined ? undefined : name(schema), table: name(table), mode, blocks: BLOCKS[mode] }
}
