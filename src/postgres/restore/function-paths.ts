/**
 * Functions that name things without their schemas work only with the search path of the database that they were written in. A
 * restore has none, as anybody might have put something in its way. Where such a function fails, it is given the source's path for
 * as long as the restore lasts.
 */
import pg from 'pg'
import type { Unmade } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn } from '../connection/safe-message.ts'
import { saidBy } from '../connection/said-fields.ts'

/** Of a server that nobody has told another one. */
const DEFAULT_PATH = '"$user", public'
/** Something that a function names is not there: a function, a relation, an object, a schema. */
const NOT_FOUND: ReadonlySet<string> = new Set(['42883', '42P01', '42704', '3F000'])

/** Those that may be given a path, of which the error's context tells one. In which words it does so depends on the server's language. */
const MENTIONED = `
  SELECT p.oid::pg_catalog.regprocedure::text AS name, p.proname::text AS word,
         CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p', 'w') AND l.lanname NOT IN ('c', 'internal')
     AND pg_catalog.strpos($1, p.proname) > 0
     AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) c WHERE c LIKE 'search_path=%')
     AND pg_catalog.pg_has_role(p.proowner, 'USAGE')
   ORDER BY p.oid`

interface Mentioned {
  /** As SQL has it, with its arguments; and alone. */
  readonly name: string
  readonly word: string
  readonly kind: string
}

const HINT =
  'It was given the search path of the source while the restore lasted. Give it one for good, at the source too: psql, and since 17 the server itself, fail for it.'

export class FunctionPaths {
  readonly #path: string
  readonly #given = new Map<string, Mentioned & { readonly sqlState: string }>()
  /** One after the other: two lanes must not change one function at the same time. */
  #busy: Promise<unknown> = Promise.resolve()

  constructor(path: string | undefined) {
    this.#path = path === undefined || path === '' ? DEFAULT_PATH : path
  }

  /**
   * Whether something was done about the error since the last attempt: what failed may be tried again. `tried` holds the functions
   * that did not help it, and is added to.
   */
  async help(connection: Connection, error: unknown, tried: Set<string>): Promise<boolean> {
    const known = databaseErrorIn(error)
    const { where, code = '' } = known === undefined ? {} : saidBy(known)
    if (where === undefined || !NOT_FOUND.has(code)) return false
    const work = this.#busy.then(() => this.#give(connection, where, code))
    this.#busy = work.catch(() => {})
    await work
    // Perhaps given by another lane.
    const fresh = [...this.#given.values()].filter(one => mentions(where, one) && !tried.has(one.name))
    for (const { name } of fresh) tried.add(name)
    return fresh.length > 0
  }

  /** Takes back what was given. */
  async end(connection: Connection): Promise<void> {
    for (const { name, kind } of this.#given.values()) await connection.query(`ALTER ${kind} ${name} RESET search_path`)
  }

  helped(): readonly Unmade[] {
    return [...this.#given.values()].map(({ name, kind, sqlState }) => ({
      entry: `${kind} ${name}`,
      outcome: 'helped',
      reason: 'it names things without their schemas, and a restore has no search path',
      sqlState,
      later: [`ALTER ${kind} ${name} SET search_path = ${this.#path}`],
      hint: HINT,
    }))
  }

  async #give(connection: Connection, where: string, sqlState: string): Promise<void> {
    const mentioned = await connection.query<Mentioned>(MENTIONED, [where])
    for (const one of mentioned.filter(each => mentions(where, each))) {
      await connection.query(
        `SELECT pg_catalog.set_config('search_path', ${pg.escapeLiteral(this.#path)}, false);
         ALTER ${one.kind} ${one.name} SET search_path FROM CURRENT;
         SELECT pg_catalog.set_config('search_path', '', false)`,
      )
      this.#given.set(one.name, { ...one, sqlState })
    }
  }
}

/** As a word of its own. */
function mentions(where: string, { word }: Mentioned): boolean {
  return where.split(word).some((before, place, parts) => {
    const after = parts[place + 1]
    return after !== undefined && !/[\p{L}\p{N}_$]$/u.test(before) && !/^[\p{L}\p{N}_$]/u.test(after)
  })
}
