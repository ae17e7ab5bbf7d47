/** What the proof's own restore could not make as it was, as findings. A restore with anything of that kind is never a verified one. */
import type { Unmade } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'

/** Findings that are told one by one. */
const TOLD = 20
/** Characters of statements that a hint repeats. */
const QUOTED = 400
/**
 * What lies with the disposable server and not with the backup: a right, a file, something unsupported, another server, and names of
 * roles, locales and types that are nowhere.
 */
const OF_SERVER = /^(?:42501|42704|58P01|0A000|22023|HV...|08...|2F003|)$/

export function unmadeFindings(unmade: readonly Unmade[]): readonly ProofFinding[] {
  const more = unmade.length - TOLD
  return [
    ...unmade.slice(0, TOLD).map(finding),
    ...(more <= 0
      ? []
      : [
          {
            code: unmade.slice(TOLD).some(isFault) ? 'restore-failed' : 'entry-skipped',
            subject: 'restore',
            message: `${more.toLocaleString('en')} more objects could not be made as they were.`,
          } as const,
        ]),
  ]
}

/** Whether it would befall every server. */
function isFault({ entry, outcome, sqlState }: Unmade): boolean {
  return outcome !== 'helped' && !entry.startsWith('EXTENSION ') && !OF_SERVER.test(sqlState)
}

function finding(one: Unmade): ProofFinding {
  const { entry, reason, later, hint } = one
  const statements = later.join('; ')
  const shown = statements.length <= QUOTED ? statements : `${statements.slice(0, QUOTED)}…`
  const cure = [...(hint === undefined ? [] : [hint]), ...(shown === '' ? [] : [`To make it as it was: ${shown}`])]
  return {
    code: isFault(one) ? 'restore-failed' : 'entry-skipped',
    subject: entry,
    message: `${entry} could not be made as it was: ${reason}.`,
    hint: cure.length === 0 ? undefined : cure.join(' '),
  }
}
