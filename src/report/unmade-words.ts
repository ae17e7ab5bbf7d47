/** What a restore could not make, in words: those with one reason in one sentence, and the statements that make them later. */
import type { Unmade } from '../engine/ports.ts'
import { countText } from './quantities.ts'

/** Groups, names of one group, and statements that are shown; `--json` has them all. */
const GROUPS = 20
const NAMES = 5
const STATEMENTS = 100

const OUTCOMES: Readonly<Record<Unmade['outcome'], string>> = {
  'left-out': 'Left out',
  'not-valid': 'Holds for new rows alone',
  'not-filled': 'Left without rows',
  changed: 'Made otherwise',
  helped: 'Made with help',
}

export interface UnmadeText {
  /** `partial`: the target lacks it, or has something else. */
  readonly severity: 'partial' | 'warning'
  /** `Left out: INDEX public.a: could not create unique index "a" [23505].` */
  readonly message: string
  readonly hint: string | undefined
}

/** Whether the target lacks something that the backup has. */
export function isShort(unmade: readonly Unmade[] = []): boolean {
  return unmade.some(({ outcome }) => outcome !== 'helped')
}

/** `all but 3 objects`; empty where nothing is missing. */
export function shortText(unmade: readonly Unmade[] = []): string {
  const count = unmade.filter(({ outcome }) => outcome !== 'helped').length
  return count === 0 ? '' : `all but ${countText(count, 'object')}`
}

export function unmadeTexts(unmade: readonly Unmade[]): readonly UnmadeText[] {
  const groups = [...Map.groupBy(unmade, one => JSON.stringify([one.outcome, one.reason, one.hint])).values()]
  const texts = groups.slice(0, GROUPS).flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    const names = group.slice(0, NAMES).map(({ entry }) => entry)
    const more = group.length > NAMES ? ` and ${group.length - NAMES} more` : ''
    const severity: UnmadeText['severity'] = first.outcome === 'helped' ? 'warning' : 'partial'
    return [
      {
        severity,
        message: `${OUTCOMES[first.outcome]}: ${names.join(', ')}${more}: ${first.reason}.`,
        hint: first.hint,
      },
    ]
  })
  const more = groups.length - GROUPS
  return more <= 0
    ? texts
    : [...texts, { severity: 'partial', message: `… and ${more} more reasons; --json has them all.`, hint: undefined }]
}

/** Ready to be run, in the order in which they work; each may have several lines. */
export function laterStatements(unmade: readonly Unmade[]): readonly string[] {
  const all = unmade.flatMap(({ later }) => later).map(sql => (sql.trimEnd().endsWith(';') ? sql : `${sql};`))
  const more = all.length - STATEMENTS
  return more <= 0 ? all : [...all.slice(0, STATEMENTS), `-- … and ${more} more statements; --json has them all.`]
}
