/** What a server tells of an error, as far as it matters: as it said it, or as it may be told. */

export interface SaidFields {
  readonly code?: string | undefined
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly where?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly dataType?: string | undefined
  readonly constraint?: string | undefined
  /** The server's function that reported it. */
  readonly routine?: string | undefined
  /** The source file of it. */
  readonly file?: string | undefined
  /** The place in the statement, in characters from 1. */
  readonly position?: string | undefined
  /** A statement inside of a function, and the place in it. */
  readonly internalQuery?: string | undefined
  readonly internalPosition?: string | undefined
}

const KEPT = new WeakMap<object, SaidFields>()

/** Keeps what was said beside an error that no longer tells it. */
export function keepSaid(error: object, said: SaidFields): void {
  KEPT.set(error, said)
}

/** Word by word, never for a report. */
export function saidBy(fields: SaidFields): SaidFields {
  return KEPT.get(fields) ?? fields
}
