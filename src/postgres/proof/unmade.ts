/** What the proof's own restore could not make as it was, as findings. A restore with anything of that kind is never a verified one. */
import type { Unmade } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'

/** Findings that are told one by one. */
const TOLD = 20
const EXTENSION = 'EXTENSION '
const SCHEDULER =
  'EXTENSION pg_cron can be made in one database of a server alone, which cron.database_name names, and the proof has one of its own.'
const SCHEDULER_HINT =
  'Its jobs would run on the disposable server, too, so a proof never makes it; all else was looked at. To see that the jobs come back, restore into the database that cron.database_name names, with --target-url, and compare cron.job.'
/** Characters of statements that a hint repeats. */
const QUOTED = 400
/** What is not there, as the extension or the table is not that would have brought it. */
const OF_EXTENSION = /^(?:3F000|42P01|42883|42703)$/
/**
 * What lies with the disposable server and not with the backup: a right, a file, something unsupported, another server, and names of
 * roles, locales and types that are nowhere.
 */
const OF_SERVER = /^(?:42501|42704|58P01|0A000|22023|HV...|08...|2F003|)$/

export function unmadeFindings(unmade: readonly Unmade[]): readonly ProofFinding[] {
  const more = unmade.length - TOLD
  const lacks = unmade.some(({ entry, outcome }) => entry.startsWith(EXTENSION) && outcome === 'left-out')
  // A table is never refused for its own sake, and what refers to it goes with it: the server lacks something else, or the backup does.
  const wants = unmade.some(one => !isTable(one) && one.sqlState !== '' && one.outcome !== 'helped' && !isOfBackup(one))
  const excused = lacks || (wants && unmade.some(isTable))
  const isFault = (one: Unmade) =>
    isTable(one) ? !wants : isOfBackup(one) && !(excused && OF_EXTENSION.test(one.sqlState))
  return [
    ...unmade.slice(0, TOLD).map(one => finding(one, isFault(one) ? 'restore-failed' : 'entry-skipped')),
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

function isTable({ entry, outcome }: Unmade): boolean {
  return entry.startsWith('TABLE ') && outcome === 'left-out'
}

/** Whether it would befall every server. */
function isOfBackup({ entry, outcome, sqlState }: Unmade): boolean {
  return outcome !== 'helped' && !entry.startsWith(EXTENSION) && !OF_SERVER.test(sqlState)
}

function finding({ entry, reason, later, hint }: Unmade, code: 'restore-failed' | 'entry-skipped'): ProofFinding {
  if (entry === `${EXTENSION}pg_cron`) return { code, subject: entry, message: SCHEDULER, hint: SCHEDULER_HINT }
  const statements = later.join('; ')
  const shown = statements.length <= QUOTED ? statements : `${statements.slice(0, QUOTED)}…`
  const cure = [...(hint === undefined ? [] : [hint]), ...(shown === '' ? [] : [`To make it as it was: ${shown}`])]
  return {
    code,
    subject: entry,
    message: `${entry} could not be made as it was: ${reason}.`,
    hint: cure.length === 0 ? undefined : cure.join(' '),
  }
}
