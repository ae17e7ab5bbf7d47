/**
 * What a restore may do without. Rows come back or the restore fails; of everything else, what the server will not take is left out,
 * or made in a second way, and listed with the server's words and the statement that makes it later.
 */
import type { Unmade } from '../../engine/ports.ts'
import { databaseErrorIn, quotedWords, safeMessage } from '../connection/safe-message.ts'
import { FunctionPaths } from './function-paths.ts'
import type { Obstacle } from './obstacles.ts'
import { LeftOut } from './optional-entries.ts'
import type { RestoreMode } from './restore-mode.ts'
import { entryName, type PlannedEntry, type RestorePlan } from './restore-plan.ts'
import type { SecondWay } from './second-ways.ts'
import type { Choice } from './selection.ts'

/** Without these there are no rows, no values of sequences, or rights that nobody had given. */
const NEEDED: ReadonlySet<string> = new Set(['TABLE', 'SEQUENCE', 'SEQUENCE SET', 'ROW SECURITY'])
/** Their statements may hold passwords. */
const SECRET: ReadonlySet<string> = new Set(['USER MAPPING', 'SUBSCRIPTION', 'SERVER', 'FOREIGN SERVER'])
const SECRET_HINT = 'Its statement may hold a password and is not shown: comeback export writes the files that hold it.'
const BROKEN = 'The rows break it, at the source too. Correct them; then it can be made.'
const UNFILLED = 'It is there without rows. Refresh it when what it reads can be read.'

type Told = Pick<Unmade, 'outcome' | 'later' | 'hint'>

/**
 * What is named does not exist here: a type, a function, a schema, a table, a library. It is the server's state alone that says so,
 * since a right that the role lacks, say, would befall the next table, too.
 */
const NOT_THERE = /^(?:42704|42883|3F000|42P01|58P01|0A000)$/

export function isNeeded({ entry }: PlannedEntry): boolean {
  return NEEDED.has(entry.type)
}

/** A table that names what the target does not have: one of a type that is an extension's, say. */
export function isTableWithoutType({ entry }: PlannedEntry, error: unknown): boolean {
  return entry.type === 'TABLE' && NOT_THERE.test(databaseErrorIn(error)?.code ?? '')
}

export interface Tolerating {
  /** As it was asked for. */
  readonly tolerate?: boolean | undefined
}

/** Where nothing is lost by it, and wherever it is asked for. */
export function tolerates(mode: RestoreMode, { isPart }: Pick<Choice, 'isPart'>, { tolerate }: Tolerating): boolean {
  return tolerate === true || (mode !== 'atomic' && !isPart)
}

export class Tolerance {
  readonly paths: FunctionPaths
  /** Whether a table that names what is not there may be left out: rows are all there or the restore fails, unless that was asked for. */
  readonly leavesTables: boolean
  /** Whether any was. */
  lacksTables = false
  /** What was taken away for the loading, to be put back, and why. */
  readonly aside: { readonly obstacle: Obstacle; readonly refused: unknown }[] = []
  readonly #plan: RestorePlan
  readonly #left = new LeftOut()
  readonly #unmade = new Map<unknown, Unmade>()

  constructor(plan: RestorePlan, leaves: boolean) {
    this.#plan = plan
    this.leavesTables = leaves
    this.paths = new FunctionPaths(plan.detail.searchPath)
  }

  /** Leaves out what is about something that was left out. Returns whether it is. */
  follows(planned: PlannedEntry, statements: readonly string[]): boolean {
    const reason = this.#left.reasonFor(planned)
    if (reason === undefined) return false
    this.#note(planned, planned.entry, { outcome: 'left-out', reason, sqlState: '', later: statements })
    return true
  }

  leaveOut(planned: PlannedEntry, statements: readonly string[], error: unknown): void {
    const isData = planned.entry.type === 'MATERIALIZED VIEW DATA'
    if (!isData) this.#left.add(planned)
    if (planned.entry.type === 'TABLE') this.lacksTables = true
    this.#note(planned, planned.entry, {
      outcome: isData ? 'not-filled' : 'left-out',
      ...this.#said(error),
      later: statements,
      ...(isData ? { hint: UNFILLED } : databaseErrorIn(error)?.code?.startsWith('23') ? { hint: BROKEN } : {}),
    })
  }

  madeOtherwise(planned: PlannedEntry, { outcome, later, hint }: SecondWay, error: unknown): void {
    this.#note(planned, planned.entry, { outcome, ...this.#said(error), later, hint })
  }

  /** What no entry of its own stands for: a check inside of a table, rows. */
  tell(name: string, told: Told, error: unknown): void {
    this.#note(name, undefined, { ...told, ...this.#said(error) }, name)
  }

  unmade(): readonly Unmade[] {
    return [...this.#unmade.values(), ...this.paths.helped()]
  }

  #note(
    key: unknown,
    entry: PlannedEntry['entry'] | undefined,
    told: Omit<Unmade, 'entry'>,
    name = entry === undefined ? '' : entryName(entry),
  ): void {
    const before = this.#unmade.get(key)
    const isSecret = entry !== undefined && SECRET.has(entry.type)
    const later = isSecret ? [] : [...(before?.later ?? []), ...told.later]
    const first = before ?? { ...told, entry: name }
    this.#unmade.set(key, { ...first, later, ...(isSecret ? { hint: SECRET_HINT } : {}) })
  }

  #said(error: unknown): Pick<Unmade, 'reason' | 'sqlState'> {
    const said = databaseErrorIn(error)
    if (said === undefined) return { reason: error instanceof Error ? error.message : String(error), sqlState: '' }
    // Words of the schema are nobody's data.
    const names = new Set(quotedWords(said).filter(word => this.#knows(word)))
    return { reason: `${safeMessage(said, names)} [${said.code ?? ''}]`, sqlState: said.code ?? '' }
  }

  #knows(word: string): boolean {
    const { preData, postData, permissions, last } = this.#plan
    return [preData, postData, permissions, last].some(entries =>
      entries.some(({ statements }) => statements.some(sql => sql.includes(word))),
    )
  }
}
