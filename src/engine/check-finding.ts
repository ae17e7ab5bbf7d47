/** What is said of each kind of damage, and what to do about it. */
import type { Component } from '../format/manifest.ts'
import type { CheckFinding, FindingCode } from '../report/check-report.ts'

const BRING_BACK =
  'Bring it back from a copy of the store. Without one, run a backup with --full, which leans on nothing.'
/** The hash that the authentic manifest names is right: a copy would hold the same. */
const AS_WRITTEN =
  'The object is as it was written, so a copy of the store does not help. Run a backup with --full, and report this as a bug.'

const HINTS: Readonly<Record<FindingCode, string>> = {
  missing: BRING_BACK,
  'leans-on-missing': BRING_BACK,
  'wrong-size': BRING_BACK,
  altered: BRING_BACK,
  unreadable: 'Look at the store, then check again.',
  undecryptable: AS_WRITTEN,
  'bad-manifest': 'Do not trust this backup. Bring the manifest back from a copy of the store, or use another backup.',
  'newer-format': 'Check with the version of Comeback that made the backup, or a newer one.',
  'wrong-key': 'Check again with the key that they were made with: set COMEBACK_KEY or --key-file to it.',
  'bad-index': AS_WRITTEN,
  'bad-chunk': AS_WRITTEN,
}

export interface Damage {
  readonly code: FindingCode
  readonly component: Component
  readonly object: string
  /** What is wrong with it, to follow its name: `is missing from the store.` */
  readonly what: string
  readonly hint?: string | undefined
  readonly hurts: Iterable<string>
}

export function finding({ code, component, object, what, hint, hurts }: Damage): CheckFinding {
  return {
    code,
    component,
    object,
    message: `${object} ${what}`,
    hint: hint ?? HINTS[code],
    // Ids begin with their time.
    hurts: [...new Set(hurts)].sort().reverse(),
  }
}
