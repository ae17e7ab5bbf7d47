/** Rows that the source holds and that no server would take again, seen while they pass by. */
import type { Problem } from '../../engine/ports.ts'
import { displayName } from '../sql-text.ts'
import { TextWatch } from '../utf8.ts'
import type { Piece } from './plan.ts'

const HINT =
  'No server takes them as they are. Correct them at the source; until then a restore of the whole backup, or with --tolerate, puts U+FFFD in the place of each.'

/** A server with another encoding converts what it gives out, and one without any takes everything. */
export class BadText {
  readonly #watches = new Map<Piece, TextWatch>()
  readonly #isNeeded: boolean

  constructor(encoding: string) {
    this.#isNeeded = encoding === 'UTF8'
  }

  watch(piece: Piece): TextWatch | undefined {
    if (!this.#isNeeded) return undefined
    const watch = new TextWatch()
    this.#watches.set(piece, watch)
    return watch
  }

  problems(): readonly Problem[] {
    const tables = new Map<string, number>()
    for (const [{ table }, { rows }] of this.#watches) {
      const name = displayName(table)
      if (rows > 0) tables.set(name, (tables.get(name) ?? 0) + rows)
    }
    return [...tables].map(([name, rows]) => ({
      severity: 'warning',
      message: `${name} has ${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'} with bytes that are no text in UTF-8.`,
      hint: HINT,
    }))
  }
}
