/** What the restore itself says that it left out or made otherwise, as findings; and what of the comparison that explains. */
import type { SinkResult } from '../../engine/ports.ts'
import { PROOF_CODES, type ProofCheck, type ProofFinding } from '../../engine/proof.ts'
import type { DatabaseDetail } from '../detail.ts'
import { ABSENT_ROWS, ABSENT_VALUE } from '../restore/absent-relations.ts'
import { withoutRows } from '../restore/compatibility.ts'
import { unmadeFindings } from './unmade.ts'

/** Entries that are told one by one. */
const TOLD = 20
/** How `create-roles.ts` lists those that it made; the proof drops them again. */
const ROLE = 'ROLE '
/** `CHECK CONSTRAINT public.child child_i_check` */
const CHECK = /^(?:CHECK CONSTRAINT|NOT NULL) (.+) \S+$/
const HINT = 'A superuser of the disposable server may make anything that the server knows.'

export interface LeftOut {
  /** Roles that were made for this restore. */
  readonly roles: readonly string[]
  readonly findings: readonly ProofFinding[]
  /** Entries as the comparison names them. */
  readonly entries: ReadonlySet<string>
  /** Tables and sequences that are not there, as the extension is not that brings them: by display name. */
  readonly absent: ReadonlySet<string>
}

export function leftOut({ problems, unmade = [] }: SinkResult, detail: DatabaseDetail): LeftOut {
  const roles: string[] = []
  const ofBackup = withoutRows(detail, 'all').map(({ message }) => message)
  const skipped = new Map<string, string>()
  const findings: ProofFinding[] = []
  for (const { message, hint, code, entries = [] } of problems) {
    // Found by the comparison itself, which does not rely on what the restore says.
    if (code === 'columns-moved') continue
    if (ofBackup.includes(message)) findings.push({ code: 'partial-backup', subject: 'rows', message, hint })
    else if (entries.length === 0) findings.push({ code: 'target-differs', subject: 'restore', message, hint })
    for (const entry of entries) {
      if (entry.startsWith(ROLE)) roles.push(entry.slice(ROLE.length))
      // Some say what of the entry it is: `owner: TABLE public.users`.
      else skipped.set(entry.replace(/^[a-z ]+: /, ''), message)
    }
  }
  const ofUnmade = unmadeFindings(unmade)
  // Their checks stand in them: that one is not valid now is told already, and has failed the proof.
  const changed = ofUnmade
    .filter(({ code }) => code === 'restore-failed')
    .flatMap(({ subject }) => CHECK.exec(subject)?.[1] ?? [])
    .flatMap(name => ['TABLE', 'FOREIGN TABLE', 'DOMAIN'].map(type => `${type} ${name}`))
  return {
    roles,
    findings: [...ofUnmade, ...skippedFindings(skipped), ...findings],
    entries: new Set([...skipped.keys(), ...unmade.map(({ entry }) => entry), ...changed]),
    absent: new Set(
      unmade.flatMap(({ entry }) =>
        [ABSENT_ROWS, ABSENT_VALUE].filter(kind => entry.startsWith(kind)).map(kind => entry.slice(kind.length)),
      ),
    ),
  }
}

/** Without what says of the same entry, less exactly, that it is not as it was. */
export function unexplained(
  findings: readonly ProofFinding[],
  explained: ReadonlySet<string>,
): readonly ProofFinding[] {
  return findings.filter(
    ({ code, subject }) => code !== 'entry-skipped' && (!code.startsWith('schema-') || !explained.has(subject)),
  )
}

const SCHEMA_CODES: readonly ProofFinding['code'][] = [
  'schema-differs',
  'schema-missing',
  'schema-extra',
  'schema-not-comparable',
  'entry-skipped',
]

/** Judged by the findings that are left: what the server could not take says nothing against the backup. */
export function schemaCheck(check: ProofCheck, findings: readonly ProofFinding[]): ProofCheck {
  const own = findings.filter(({ code }) => SCHEMA_CODES.includes(code))
  const wrong = own.filter(({ code }) => PROOF_CODES[code] === 'failed').length
  if (wrong > 0) {
    const detail = `${wrong.toLocaleString('en')} ${wrong === 1 ? 'entry is' : 'entries are'} not as backed up`
    return { ...check, result: 'failed', detail }
  }
  const [unknown] = own
  if (unknown !== undefined) return { ...check, result: 'not-run', detail: unknown.message }
  return { ...check, result: 'passed' }
}

function skippedFindings(skipped: ReadonlyMap<string, string>): readonly ProofFinding[] {
  const all = [...skipped].map(
    ([subject, message]): ProofFinding => ({ code: 'entry-skipped', subject, message, hint: HINT }),
  )
  const more = all.length - TOLD
  if (more <= 0) return all
  const message = `${more.toLocaleString('en')} more entries were left out.`
  return [...all.slice(0, TOLD), { code: 'entry-skipped', subject: 'schema', message, hint: HINT }]
}
