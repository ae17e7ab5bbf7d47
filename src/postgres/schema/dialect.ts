/**
 * pg_dump's words in the dialect of one major of the server. pg_dump writes for servers as new as it is itself, and means what
 * its own server would understand: to an older one it says too much in one place and too little in another. Each difference
 * stands here once. It is made up for when a schema is read, when a backup is restored (an older one may hold the words as they
 * were), and when two texts are compared, which perhaps two pg_dumps wrote.
 *
 * Where both wordings mean the same to every server, the newer one is chosen, so that the text does not tell who wrote it.
 */
import { tokens } from './sql-lexer.ts'
import { NAME, QUALIFIED_NAME } from './sql-name.ts'

const MAJOR = 10_000
const is = (version: number) => ({
  before: (major: number) => version < major * MAJOR,
  since: (major: number) => version >= major * MAJOR,
})

const COLUMN_OPTIONS = new RegExp(
  String.raw`^(ALTER (?:FOREIGN )?TABLE (?:ONLY )?${QUALIFIED_NAME} ALTER COLUMN ${NAME} SET \()(.*)\)$`,
  's',
)
/** Entries that the server itself keeps among a column's options: `pg_attver=35404112` since the minors of November 2026. */
const RESERVED_OPTION = /^pg_\w+\s*=/

const CREATES_TABLE = new RegExp(String.raw`^CREATE (?:UNLOGGED )?(FOREIGN )?TABLE (${QUALIFIED_NAME}) \(`)
const OWN_NOT_NULL = new RegExp(`^(?:CONSTRAINT ${NAME} )?NOT NULL (${NAME})(?: NO INHERIT)?$`)
const MAY_HAVE_OWN_NOT_NULL = /\n {4}(?:CONSTRAINT .*)?NOT NULL /s
const SETS_NOT_NULL = new RegExp(`^ALTER (?:FOREIGN )?TABLE ONLY ${QUALIFIED_NAME} ALTER COLUMN ${NAME} SET NOT NULL$`)
const UNLOGGED_ROOT = /^CREATE UNLOGGED (TABLE .*\)\nPARTITION BY (?:RANGE|LIST|HASH) \(.*)$/s
const IDENTITY = /^(ALTER TABLE .* ADD GENERATED (?:ALWAYS|BY DEFAULT) AS IDENTITY \(\n.*?)\n {4}(?:UN)?LOGGED(\n.*)$/s
const SUBSCRIBES = / WITH \(connect = false, slot_name = (?:'[^']*'|NONE)(?:, binary = true)?(?=[,)])/g

/** Of tables, before 17 brought MAINTAIN. */
const ALL_ON_TABLES = 'SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE'

/** What `ALTER … OWNER TO` calls an entry's object. pg_dump before 16 says TABLE to all of them. */
const OWNED: Readonly<Record<string, string>> = {
  VIEW: 'VIEW',
  SEQUENCE: 'SEQUENCE',
  'MATERIALIZED VIEW': 'MATERIALIZED VIEW',
}

/** Undefined where nothing is left of the statement. Whoever cuts a text into statements drops what it drops. */
export function withoutReservedOptions(sql: string): string | undefined {
  if (!sql.startsWith('ALTER ') || !sql.includes('pg_')) return sql
  const [, head, , , , list] = COLUMN_OPTIONS.exec(sql) ?? []
  if (head === undefined || list === undefined) return sql
  const options = elementsOf(list)
  const kept = options.filter(option => !RESERVED_OPTION.test(option))
  if (kept.length === options.length) return sql
  return kept.length === 0 ? undefined : `${head}${kept.join(', ')})`
}

/** One entry's statements as a server of that version (`server_version_num`) understands them. `type` is the entry's. */
export function inDialectOf(version: number, type: string, statements: readonly string[]): readonly string[] {
  const kept = statements.flatMap(sql => withoutReservedOptions(sql) ?? [])
  switch (type) {
    case 'TABLE':
    case 'FOREIGN TABLE':
      return tableIn(version, kept)
    case 'SEQUENCE':
      return kept.map(sql => ownerOf(type, is(version).before(15) ? sql.replace(IDENTITY, '$1$2') : sql))
    case 'VIEW':
    case 'MATERIALIZED VIEW':
      return kept.map(sql => ownerOf(type, sql))
    case 'ACL':
    case 'DEFAULT ACL':
      return kept.map(sql => privilegesIn(version, sql))
    case 'SUBSCRIPTION':
      return kept.map(sql => subscriptionIn(version, sql))
    default:
      return kept
  }
}

function tableIn(version: number, statements: readonly string[]): readonly string[] {
  const [first = '', ...others] = statements
  const created = is(version).before(18) ? withoutOwnNotNulls(first) : [first.replace(UNLOGGED_ROOT, 'CREATE $1')]
  const altered = others.map(sql =>
    sql.replace(/^(ALTER FOREIGN TABLE )(?!ONLY )(.* ALTER COLUMN .* OPTIONS \()/s, '$1ONLY $2'),
  )
  const setting = altered.filter(sql => SETS_NOT_NULL.test(sql))
  return [...created, ...setting, ...altered.filter(sql => !setting.includes(sql))]
}

/**
 * Since 18 a NOT NULL that is a child's own, on a column that it inherits, is a constraint in the list of columns. Before, it
 * was an attribute of the column, to be set when the table is there.
 */
function withoutOwnNotNulls(sql: string): readonly string[] {
  const created = MAY_HAVE_OWN_NOT_NULL.test(sql) ? CREATES_TABLE.exec(sql) : null
  if (created === null) return [sql]
  const [head, foreign = '', table] = created
  const end = closing(sql, head.length)
  const elements = elementsOf(sql.slice(head.length, end))
  const columns = elements.flatMap(element => OWN_NOT_NULL.exec(element)?.[2] ?? [])
  if (columns.length === 0) return [sql]
  const kept = elements.filter(element => !OWN_NOT_NULL.test(element))
  const list = kept.map(element => `\n    ${element}`).join(',')
  return [
    `${head}${list}\n${sql.slice(end)}`,
    ...columns.map(column => `ALTER ${foreign}TABLE ONLY ${table} ALTER COLUMN ${column} SET NOT NULL`),
  ]
}

function ownerOf(type: string, sql: string): string {
  return sql.replace(/^ALTER TABLE (?=.* OWNER TO )/s, `ALTER ${OWNED[type]} `)
}

function privilegesIn(version: number, sql: string): string {
  const spaced = sql.replace(/^(ALTER DEFAULT PRIVILEGES .* ON [A-Z ]+?) {2}(?=(?:TO|FROM) )/s, '$1 ')
  if (is(version).since(17)) return spaced
  return spaced
    .replace(/^((?:GRANT|REVOKE)(?: GRANT OPTION FOR)?) ALL (?=ON TABLE )/, `$1 ${ALL_ON_TABLES} `)
    .replace(
      /^(ALTER DEFAULT PRIVILEGES .* (?:GRANT|REVOKE)(?: GRANT OPTION FOR)?) ALL (?=ON TABLES )/s,
      `$1 ${ALL_ON_TABLES} `,
    )
}

/** Since 18 streaming is on unless it is told off; before 16 a subscription ran as its owner, and could not be told to. */
function subscriptionIn(version: number, sql: string): string {
  const told = is(version).before(16) ? sql.replace(/, run_as_owner = true(?=[^']*\)$)/, '') : sql
  const options = [...told.matchAll(SUBSCRIBES)].at(-1)
  if (is(version).since(18) || options === undefined) return told
  const at = options.index + options[0].length
  return told.startsWith(', streaming = ', at) ? told : `${told.slice(0, at)}, streaming = off${told.slice(at)}`
}

/** What stands between the commas of a list, those inside parentheses, strings and names left alone. */
function elementsOf(list: string): readonly string[] {
  const elements: string[] = []
  let start = 0
  for (const { at, mark } of marks(list)) {
    if (mark !== ',') continue
    elements.push(list.slice(start, at).trim())
    start = at + 1
  }
  return [...elements, list.slice(start).trim()]
}

/** Where the parenthesis that is open at `from` closes. */
function closing(sql: string, from: number): number {
  for (const { at, mark } of marks(sql.slice(from))) if (mark === ')') return from + at
  return sql.length
}

/** The marks of the list itself, and the parenthesis that ends it. */
function* marks(text: string): Generator<{ readonly at: number; readonly mark: string }> {
  // The lexer counts bytes. What is not ASCII never matters to it, so one byte stands for each unit of the string.
  const sql = Buffer.from(text.replace(/[^\0-\x7f]/g, '\x80'), 'latin1')
  let depth = 0
  for (const { type, start } of tokens(sql)) {
    const mark = text[start] ?? ''
    if (type !== 'mark') continue
    if (mark === '(') depth++
    if (depth === 0) yield { at: start, mark }
    if (mark === ')') depth--
  }
}
