/** Whether the restore may do what it would do to the target: which mode, and whether somebody has said so. */
import { ComebackError } from '../../errors.ts'
import type { RestoreMode } from './restore-mode.ts'
import { describeContents, type TargetContents } from './target.ts'

export interface Consent {
  /** Undefined: `parallel` into an empty target, `atomic` over any other. */
  readonly mode: RestoreMode | undefined
  /** The name of the database that may be replaced, as somebody typed it. */
  readonly confirm: string | undefined
}

export interface ConsentTarget {
  /** `host:port/database`. */
  readonly description: string
  /** What the server calls the database, whatever a pooler calls it. */
  readonly database: string
  /** Undefined if it is empty. */
  readonly contents: TargetContents | undefined
  /** A sentence on the restore that has not filled it to the end. */
  readonly half?: string | undefined
}

/** Throws `not-empty` for a target that the mode cannot take. */
export function chooseMode({ mode }: Consent, { description, contents, half }: ConsentTarget): RestoreMode {
  if (contents === undefined) return mode ?? 'parallel'
  if (mode !== 'parallel') return mode ?? 'atomic'
  throw new ComebackError(
    'not-empty',
    `${description} is not empty: it holds ${describeContents(contents)}.${after(half)}`,
    {
      hint: 'Use --mode atomic and --confirm NAME, with the name of the database, to replace all of it in one transaction, --mode swap to put a new database in its place and keep this one, or restore into an empty database.',
    },
  )
}

/**
 * Throws `usage` for another name than the target's, be the target empty or not: whoever typed it meant another database.
 */
export function refuseOtherName({ confirm }: Consent, { description, database }: ConsentTarget): void {
  if (confirm === undefined || confirm === database) return
  throw new ComebackError(
    'usage',
    `The restore would go into the database ${JSON.stringify(database)} (${description}), and ${JSON.stringify(confirm)} was confirmed.`,
    {
      hint: 'Nothing was changed. Correct the URL of the target, or give the name of this database to --confirm NAME.',
    },
  )
}

export function needsConfirmation({ contents }: ConsentTarget): boolean {
  return contents !== undefined
}

/** Throws `not-empty` where something would be replaced that nobody has named. */
export function refuseUnconfirmed({ confirm }: Consent, target: ConsentTarget): void {
  if (confirm !== undefined || !needsConfirmation(target) || target.contents === undefined) return
  throw new ComebackError(
    'not-empty',
    `${target.description} holds ${describeContents(target.contents)}, which the restore would replace.${after(target.half)}`,
    {
      hint: `Nothing was changed. Confirm the database by its name, ${JSON.stringify(target.database)}, with --confirm NAME. --dry-run shows what would be lost.`,
    },
  )
}

function after(sentence: string | undefined): string {
  return sentence === undefined ? '' : ` ${sentence}`
}
