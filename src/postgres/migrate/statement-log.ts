/** What all connections of a migration did, in bounded memory and without literals. */
import type { SlowStatement } from '../../engine/migration.ts'
import type { SaidFields } from '../connection/said-fields.ts'
import { type NeededLock, neededLock } from './needed-locks.ts'
import { statementTexts, withoutLiterals } from './statement-text.ts'

/** Milliseconds from which on a statement is told. */
const SLOW = 1_000
/** Statements that are told, the longest ones. */
const SLOW_LIMIT = 100
/** Locks that are remembered, and bytes of a text that is looked through for them. */
const NEEDED_LIMIT = 1_000
const SCRIPT_LIMIT = 256 * 1024
const DEFINES = /\b(?:alter|create|drop|truncate)\s/i
/** A transaction that has failed refuses all that follows; that is no cause of anything. */
const IN_FAILED_TRANSACTION = '25P02'

/** An error and what it was about. The fields hold what the server quoted: not for reports. */
export interface RefusedStatement {
  readonly fields: SaidFields
  readonly sql?: Buffer
}

export interface StatementLog {
  /** `sql` is asked only for what is told, or may take a lock: by `raw`, the text that it is a part of. */
  done(sql: () => Buffer, milliseconds: number, statements: number, raw?: Buffer): void
  refused(statement: RefusedStatement): void
  readonly count: number
  readonly errors: number
  readonly lastError: RefusedStatement | undefined
  /** What statements that were carried out must have locked, by their kind. */
  needed(): readonly NeededLock[]
  /** The longest first. */
  slow(): readonly SlowStatement[]
}

export function createStatementLog(): StatementLog {
  let slow: SlowStatement[] = []
  let count = 0
  let errors = 0
  let lastError: RefusedStatement | undefined
  const needed = new Map<string, NeededLock>()
  const longestFirst = () => slow.sort((a, b) => b.seconds - a.seconds).slice(0, SLOW_LIMIT)
  return {
    done(sql, milliseconds, statements, raw) {
      count += statements
      if (raw !== undefined && mayLock(raw) && needed.size < NEEDED_LIMIT) {
        for (const text of statementTexts(sql())) {
          const lock = neededLock(text)
          if (lock !== undefined) needed.set(JSON.stringify(lock), lock)
        }
      }
      if (milliseconds < SLOW) return
      slow.push({ statement: withoutLiterals(sql()), seconds: Math.round(milliseconds) / 1000 })
      if (slow.length > 2 * SLOW_LIMIT) slow = longestFirst()
    },
    refused(statement) {
      if (statement.fields.code === IN_FAILED_TRANSACTION && lastError !== undefined) return
      errors++
      if (statement.sql !== undefined) count++
      lastError = statement
    },
    get count() {
      return count
    },
    get errors() {
      return errors
    },
    get lastError() {
      return lastError
    },
    needed: () => [...needed.values()],
    slow: longestFirst,
  }
}

/** Bulk loads are not looked through. */
function mayLock(raw: Buffer): boolean {
  return raw.length <= SCRIPT_LIMIT && DEFINES.test(raw.toString('latin1'))
}
