/**
 * pg_dump's SQL text as entries, cut along the comments with which pg_dump heads each of them:
 *
 *   --
 *   -- Name: users; Type: TABLE; Schema: public; Owner: shop
 *   --
 *
 * Only comments between statements count, so that no text inside a function or a string can pass for one. Between entries
 * pg_dump changes two settings, which hold until it changes them again; they go to each entry that they concern.
 */
import { ComebackError } from '../../errors.ts'
import type { SchemaEntry } from '../detail.ts'
import { withoutReservedOptions } from './dialect.ts'
import { type Piece, pieces, splitStatements } from './sql-lexer.ts'

/** The type of the first entry: the settings with which every dump begins. It has no name, schema or owner. */
export const PREAMBLE = 'PREAMBLE'

const RULE = Buffer.from('--')

/**
 * The name stands first and greedily, since a name may hold anything, `; Type: ` too; pg_dump has turned its line breaks into
 * spaces. A dash stands for no schema or no owner.
 */
const HEADER = /^-- (?:Data for )?Name: (.*); Type: ([A-Z][A-Z ]*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: .*)?$/

/** What pg_dump switches between entries, with the value that needs no mention. */
const STATE = /^SET (default_tablespace|default_table_access_method) = (.+)$/
const DEFAULTS: Readonly<Record<string, string>> = { default_tablespace: '', default_table_access_method: 'heap' }
/** Bytes: a name has 63, each of which may be doubled. */
const STATE_LIMIT = 200

const NEWLINE = 0x0a

/** Contiguous entries that cover the text from its first byte to its last. The first is the preamble. Throws `damaged`. */
export function cutEntries(text: Buffer): SchemaEntry[] {
  const entries: SchemaEntry[] = []
  const state = new Map<string, string>()
  let open: Omit<SchemaEntry, 'length'> = {
    type: PREAMBLE,
    schema: null,
    name: '',
    owner: null,
    offset: 0,
    settings: {},
  }
  /** Where what precedes the next header begins: the switches, or else the rule above it. */
  let switches = -1
  let rule = -1
  for (const { type, start, end } of pieces(text)) {
    if (type === 'statement') {
      const change = stateChange(text, start, end)
      if (change === undefined) switches = -1
      else {
        if (switches < 0) switches = start
        state.set(...change)
      }
    } else if (type === 'line-comment') {
      const header = rule < 0 ? null : HEADER.exec(text.toString('utf8', start, end))
      if (header !== null) {
        const offset = switches < 0 ? rule : switches
        entries.push({ ...open, length: offset - open.offset })
        open = { ...identify(header), offset, settings: unusual(state) }
        switches = -1
      }
      rule = text.subarray(start, end).equals(RULE) ? start : -1
    }
  }
  entries.push({ ...open, length: text.length - open.offset })
  return entries
}

/** What such a comment says; undefined if it is another one. Line breaks in names have become spaces. */
export function headerOf(comment: string): Pick<SchemaEntry, 'type' | 'schema' | 'name' | 'owner'> | undefined {
  const header = HEADER.exec(comment)
  return header === null ? undefined : identify(header)
}

/**
 * An entry's statements in order, each without its closing semicolon and without comments around it. What a server keeps for
 * itself among the options of a column is none of them.
 */
export function statementsOf(text: Buffer, entry: SchemaEntry): string[] {
  return statementPlaces(text, entry).flatMap(
    ({ start, end }) => withoutReservedOptions(text.toString('utf8', start, end)) ?? [],
  )
}

/** Where in the text they stand, as they are. */
export function statementPlaces(text: Buffer, { offset, length }: SchemaEntry): readonly Piece[] {
  const sql = text.subarray(offset, offset + length)
  return splitStatements(sql)
    .filter(({ start, end }) => stateChange(sql, start, end) === undefined)
    .map(({ next, ...piece }) => ({
      ...piece,
      start: piece.start + offset,
      end: piece.end + offset,
      ...(next === undefined ? {} : { next: next + offset }),
    }))
}

/**
 * The text without the `\restrict KEY` and `\unrestrict KEY` by which psql guards itself against a hostile server's dump:
 * psql before the summer of 2025 does not know them, and their key makes equal dumps differ. Found by the lexer: such a line in a
 * function's body stays. Throws `damaged` on any other psql command, of which a schema has none.
 */
export function withoutRestrict(text: Buffer): Buffer {
  const kept: Buffer[] = []
  let from = 0
  for (const { type, start, end } of pieces(text)) {
    if (type !== 'command') continue
    if (!/^\\(un)?restrict [A-Za-z0-9]+$/.test(text.toString('latin1', start, end))) {
      throw new ComebackError('damaged', 'The schema as dumped holds a psql command.')
    }
    kept.push(text.subarray(from, start))
    // With the line break and the empty line that follow it.
    from = end
    while (from < end + 2 && text[from] === NEWLINE) from++
  }
  kept.push(text.subarray(from))
  return Buffer.concat(kept)
}

function identify([, name = '', type = '', schema = '-', owner = '-']: RegExpExecArray) {
  return { type, name, schema: schema === '-' ? null : schema, owner: owner === '-' || owner === '' ? null : owner }
}

function unusual(state: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...state].filter(([name, value]) => value !== DEFAULTS[name]))
}

function stateChange(text: Buffer, start: number, end: number): [string, string] | undefined {
  if (end - start > STATE_LIMIT) return undefined
  const [, name, value] = STATE.exec(text.toString('utf8', start, end)) ?? []
  return name === undefined || value === undefined ? undefined : [name, unquote(value)]
}

function unquote(value: string): string {
  const quote = value[0]
  if (quote !== '"' && quote !== "'") return value
  return value.slice(1, -1).replaceAll(quote + quote, quote)
}
