/**
 * When a backup last came back, for a README: as shields.io's endpoint wants it, and as a picture of our own. It names a date and no
 * age, as nobody draws it anew while it grows old.
 */
import type { Verdict } from '../engine/proof.ts'
import { badgeSvg, type Colour } from './badge-svg.ts'
import type { Proof } from './proof.ts'
import { wasNeverProved } from './proof-words.ts'
import type { VerifyReport } from './verify-report.ts'

const LABEL = 'restore'
/** Seconds that shields.io may show it without asking again. */
const CACHE_SECONDS = 3600
/** Of shields.io, for our own colours. */
const SHIELDS_COLOURS: Readonly<Record<Colour, string>> = {
  green: 'brightgreen',
  red: 'red',
  amber: 'orange',
  grey: 'lightgrey',
}

export interface Badge {
  /** Each ends in a line break. */
  readonly json: string
  readonly svg: string
}

/** Of the proofs alone: a migration that fails says nothing of the backups. */
export function badgeOf({ proofs }: Pick<VerifyReport, 'proofs'>): Badge {
  const { message, colour, wrong } = saying(proofs)
  const shield = {
    schemaVersion: 1,
    label: LABEL,
    message,
    color: SHIELDS_COLOURS[colour],
    // With it nobody's link can paint a failure green.
    ...(wrong ? { isError: true } : {}),
    cacheSeconds: CACHE_SECONDS,
  }
  return { json: `${JSON.stringify(shield, null, 2)}\n`, svg: badgeSvg(LABEL, message, colour) }
}

interface Saying {
  readonly message: string
  readonly colour: Colour
  readonly wrong: boolean
}

function saying(proofs: readonly Proof[]): Saying {
  const proved = proofs.filter(proof => !wasNeverProved(proof))
  const [oldest] = proved.map(({ provedAt }) => provedAt.slice(0, 10)).sort()
  if (oldest === undefined || proved.length < proofs.length) {
    return { message: 'never verified', colour: 'grey', wrong: true }
  }
  const verdicts = new Set<Verdict>(proofs.map(({ verdict }) => verdict))
  if (verdicts.has('failed')) return { message: `failed ${oldest}`, colour: 'red', wrong: true }
  if (verdicts.has('could-not-verify')) {
    return { message: `could not be verified ${oldest}`, colour: 'amber', wrong: true }
  }
  // Whoever can write to the store could have made such a record.
  if (proofs.some(({ authenticated }) => !authenticated)) {
    return { message: `verified ${oldest}, record unchecked`, colour: 'grey', wrong: false }
  }
  return { message: `verified ${oldest}`, colour: 'green', wrong: false }
}
