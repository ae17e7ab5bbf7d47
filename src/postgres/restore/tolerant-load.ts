/**
 * Rows that their table does not take: what is in their way is set aside for the loading, and put back once all rows are there. Text
 * that the server cannot read as text is the one thing of the rows that may come back otherwise, and never without a word.
 */
import type { Connection } from '../connection/connection.ts'
import { databaseErrorIn } from '../connection/safe-message.ts'
import { displayName, qualified } from '../sql-text.ts'
import { borne } from './borne.ts'
import { type LoadContext, uncounted } from './load.ts'
import { type Obstacle, obstaclesFor } from './obstacles.ts'
import type { TableLoad } from './restore-plan.ts'
import { notValid } from './second-ways.ts'
import { isTolerable } from './tolerable.ts'
import type { Tolerance } from './tolerance.ts'

/** character_not_in_repertoire, untranslatable_character */
const BAD_TEXT: readonly string[] = ['22021', '22P05']
/** How often something new may be found in the way of one table. */
const ATTEMPTS = 50

export interface Tolerating {
  readonly tolerance: Tolerance
  /** True inside a transaction of the caller's. */
  readonly atomic: boolean
}

/** `work` loads all rows of the table, in a transaction of its own unless `atomic`. */
export async function loadTolerantly(
  connection: Connection,
  table: TableLoad,
  load: LoadContext,
  { tolerance, atomic }: Tolerating,
  work: (load: LoadContext) => Promise<void>,
): Promise<void> {
  const attempt = (one: LoadContext) => borne(connection, atomic, isTolerable, () => work(one))
  const again = uncounted(load)
  const tried = new Set<string>()
  const repaired = { rows: 0 }
  let context = load
  let refused = await attempt(load)
  let bad: unknown
  for (let attempts = 1; refused !== undefined; attempts++) {
    if (attempts === ATTEMPTS) throw refused
    const said = databaseErrorIn(refused)
    if (BAD_TEXT.includes(said?.code ?? '')) {
      if (bad !== undefined) throw refused
      bad = refused
    } else if (!(await tolerance.paths.help(connection, refused, tried))) {
      await setAside(connection, table, refused, { tolerance, atomic })
    }
    repaired.rows = 0
    context = bad === undefined ? again : { ...again, repaired }
    refused = await attempt(context)
  }
  if (bad !== undefined) tellRepaired(table, repaired.rows, bad, tolerance)
}

async function setAside(
  connection: Connection,
  table: TableLoad,
  refused: unknown,
  { tolerance, atomic }: Tolerating,
): Promise<void> {
  const said = databaseErrorIn(refused)
  const obstacles = said === undefined ? [] : await obstaclesFor(connection, table.into, said)
  if (obstacles.length === 0) throw refused
  for (const obstacle of obstacles) {
    const inTheWay = await borne(connection, atomic, isTolerable, async () => {
      await connection.query(obstacle.away)
    })
    if (inTheWay !== undefined) throw refused
    tolerance.aside.push({ obstacle, refused })
  }
}

/** When all rows are there. */
export async function putBack(connection: Connection, { tolerance, atomic }: Tolerating): Promise<void> {
  // The last one first: a child's check must be there when its parent's is added.
  for (const { obstacle, refused } of tolerance.aside.splice(0).reverse()) {
    await restore(connection, obstacle, refused, { tolerance, atomic })
  }
}

async function restore(
  connection: Connection,
  { name, back, outcome, later, hint }: Obstacle,
  refused: unknown,
  { tolerance, atomic }: Tolerating,
): Promise<void> {
  const [first, ...rest] = back
  if (first === undefined) return tolerance.tell(name, { outcome, later, hint }, refused)
  const run = (statements: readonly string[]) =>
    borne(connection, atomic, isTolerable, async () => {
      for (const sql of statements) await connection.query(sql)
    })
  // What the rows were refused for may have been that others were not there yet.
  const still = await run(back)
  if (still === undefined) return
  const way = notValid(first)
  if (way !== undefined && (await run([way.statement, ...rest])) === undefined) {
    const { outcome: made, later: valid, hint: how } = way
    return tolerance.tell(name, { outcome: made, later: valid, hint: how }, still)
  }
  tolerance.tell(name, later.length > 0 ? { outcome, later, hint } : { outcome: 'left-out', later: back }, still)
}

function tellRepaired(table: TableLoad, rows: number, error: unknown, tolerance: Tolerance): void {
  const name = displayName(table.into)
  tolerance.tell(
    `${rows.toLocaleString('en')} ${rows === 1 ? 'ROW' : 'ROWS'} of ${name}`,
    {
      outcome: 'changed',
      later: [],
      hint: `They hold bytes that are no text in UTF-8; in the place of each stands U+FFFD (\uFFFD). The backup has the bytes as they were: comeback export, or a restore into a database with ENCODING SQL_ASCII. To find the rows: SELECT * FROM ${qualified(table.into)} AS t WHERE t::text LIKE '%\uFFFD%'`,
    },
    error,
  )
}
