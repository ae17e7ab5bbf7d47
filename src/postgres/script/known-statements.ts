/**
 * What pg_dump writes between the rows of a plain script, as a closed list of statements. Whoever could write the file could have
 * written anything: a restore runs it with all the rights of its role, and `psql` would run it with those of the operator's account.
 * So what is not on the list is refused by name: DO, CALL, a SELECT that calls anything, roles, settings of the server.
 *
 * What a database is made of may call its functions as it is made: an index on one, a check, a view that is filled. That is
 * so with every dump, of pg_dump too: a restore trusts the database that it restores.
 */
import { ComebackError } from '../../errors.ts'
import { type Token, tokens } from '../schema/sql-lexer.ts'
import { NAME, QUALIFIED_NAME } from '../schema/sql-name.ts'
import type { ScriptPiece } from './script-reader.ts'

const OBJECT = [
  ...['ACCESS METHOD', 'AGGREGATE', 'COLLATION', 'CONVERSION', 'DOMAIN', 'EVENT TRIGGER', 'FOREIGN DATA WRAPPER'],
  ...['FOREIGN TABLE', 'FUNCTION', 'INDEX', 'LANGUAGE', 'LARGE OBJECT', 'MATERIALIZED VIEW', 'OPERATOR', 'POLICY'],
  ...['PROCEDURAL LANGUAGE', 'PROCEDURE', 'PROPERTY GRAPH', 'PUBLICATION', 'RULE', 'SCHEMA', 'SEQUENCE', 'SERVER'],
  ...['STATISTICS', 'TABLE', 'TEXT SEARCH', 'TRIGGER', 'TYPE', 'USER MAPPING', 'VIEW'],
].join('|')
const CREATED = [
  ...['ACCESS METHOD', 'AGGREGATE', 'CAST', 'COLLATION', '(?:DEFAULT )?CONVERSION', 'DOMAIN', 'EVENT TRIGGER'],
  ...['FOREIGN DATA WRAPPER', 'FOREIGN TABLE', 'FUNCTION', '(?:UNIQUE )?INDEX', '(?:CONSTRAINT )?TRIGGER'],
  ...['(?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE', 'OPERATOR', 'POLICY', 'PROCEDURE', 'PROPERTY GRAPH'],
  ...['PUBLICATION', 'RULE', '(?:UNLOGGED )?SEQUENCE', 'SERVER', 'STATISTICS', 'TEXT SEARCH', 'TRANSFORM', 'TYPE'],
  ...['USER MAPPING', '(?:OR REPLACE )?VIEW'],
].join('|')
const ON = ['LANGUAGE', 'LARGE OBJECT', 'SCHEMA', 'TYPE', 'FOREIGN DATA WRAPPER', 'FOREIGN SERVER', 'SEQUENCE'].join(
  '|',
)
const PRIVILEGES = String.raw`[A-Z]+(?:\([^;]*?\))?(?:,\s*[A-Z]+(?:\([^;]*?\))?)*(?: PRIVILEGES)?`
const STRING = String.raw`E?'(?:[^'\\]|''|\\.)*'`

/** Upper case and single blanks, as pg_dump has them. */
const KNOWN: readonly RegExp[] = [
  // Not from a query, which would run here.
  new RegExp(String.raw`^CREATE (?:UNLOGGED )?TABLE ${QUALIFIED_NAME} (?:\(|OF )`),
  /^CREATE MATERIALIZED VIEW .*\sWITH NO DATA$/s,
  new RegExp(`^CREATE SCHEMA ${NAME}$`),
  new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${NAME} WITH SCHEMA ${NAME}$`),
  // Otherwise it would call another server at once.
  /^CREATE SUBSCRIPTION .* WITH \(connect = false[,)]/s,
  new RegExp(`^ALTER SUBSCRIPTION ${NAME} OWNER TO ${NAME}$`),
  new RegExp(String.raw`^CREATE (?:${CREATED})\s`),
  new RegExp(String.raw`^ALTER (?:${OBJECT})\s`),
  /^ALTER DEFAULT PRIVILEGES FOR ROLE /,
  /^COMMENT ON /,
  /^SECURITY LABEL FOR /,
  // On objects: a role granted to a role has no ON, and a parameter or the database is no part of a dump.
  new RegExp(
    String.raw`^(?:GRANT|REVOKE)(?: GRANT OPTION FOR)? ${PRIVILEGES}\s+ON (?:${ON}|FUNCTION|PROCEDURE|TABLE|PROPERTY GRAPH)\s`,
  ),
  /^SET default_(?:tablespace|table_access_method|with_oids) = (?:'(?:[^'\\]|'')*'|"(?:[^"]|"")*"|\w+)$/,
  new RegExp(`^REFRESH MATERIALIZED VIEW ${QUALIFIED_NAME}$`),
  new RegExp(String.raw`^SELECT pg_catalog\.setval\(${STRING}, -?\d+, (?:true|false)\)$`, 's'),
  /^SELECT pg_catalog\.lo_create\('\d+'\)$/,
  // Of planner statistics, literals alone.
  new RegExp(
    String.raw`^SELECT \* FROM pg_catalog\.pg_restore_(?:relation|attribute|extended)_stats\(\s*(?:'\w+', ${STRING}(?:::[\w "\[\]]+)?,?\s*)+\)$`,
    's',
  ),
]

/** Around a grant that another role than the owner made. */
const AS_GRANTOR = new RegExp(`^(?:SET SESSION AUTHORIZATION ${NAME}|RESET SESSION AUTHORIZATION)$`)
const OF_DATABASE = /^(?:CREATE|ALTER|DROP|COMMENT ON) DATABASE /

const BACKSLASH = 0x5c
/** Directly before a string; any other word or number there is read in one way by one version and in another by the next. */
const PREFIX = /^[bxn]$/i

/** `type` is that of its entry. Throws `unsafe-archive` for a statement that pg_dump does not write, or that `psql` would not read as we do. */
export function checkStatement({ text, raw, line }: ScriptPiece, type: string): void {
  if (OF_DATABASE.test(text)) {
    throw new ComebackError('unsupported', `Line ${line} of the dump is about a database of its own choice.`, {
      hint: 'It was made with pg_dump --create. Decrypt it with openssl and gunzip, and restore it with psql.',
    })
  }
  if (!KNOWN.some(pattern => pattern.test(text)) && !(type === 'ACL' && AS_GRANTOR.test(text))) {
    const words = /^\w+(?: \w+)?/.exec(text)?.[0] ?? text.slice(0, 20)
    throw unknown(`Line ${line} of the dump is a statement that pg_dump does not write: ${JSON.stringify(words)}.`)
  }
  checkText(raw, line)
}

/** Throws `unsafe-archive` where a command of psql stands, which psql takes anywhere outside of quotes, or may be taken for one. */
export function checkText(raw: Buffer, line: number): void {
  let before: Token | undefined
  for (const token of tokens(raw)) {
    if (token.type === 'mark' && raw[token.start] === BACKSLASH) {
      throw unknown(`The statement in line ${line} of the dump holds a command of psql.`)
    }
    if (isAmbiguous(raw, token, before)) {
      throw unknown(`The statement in line ${line} of the dump has a number or a name that runs into a string.`)
    }
    before = token
  }
}

function isAmbiguous(sql: Buffer, { type, start, end }: Token, before: Token | undefined): boolean {
  if (type === 'number') return sql.subarray(start, end).includes('$')
  if (type !== 'string' || (before?.type !== 'word' && before?.type !== 'number')) return false
  return !PREFIX.test(sql.toString('latin1', before.start, before.end))
}

function unknown(message: string): ComebackError {
  return new ComebackError('unsafe-archive', message, {
    hint: 'Find out who changed it; use another backup. If pg_dump wrote it after all, decrypt it with openssl and gunzip, look through it, and restore it with psql.',
  })
}
