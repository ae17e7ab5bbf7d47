/**
 * The second half of a proof, for a process that has neither the key nor the store: whatever code it runs finds the disposable
 * database, and nothing that would open another one.
 */
import type { Continuation } from '../engine/migration.ts'
import type { SinkProgress } from '../engine/ports.ts'
import type { LeftDatabase } from '../engine/proof.ts'
import { asComebackError, ComebackError } from '../errors.ts'
import { inDatabase } from './connection/connection-url.ts'
import { type Assertion, runAssertions } from './proof/assertions.ts'
import { type Consent, dropProofDatabase, refuseUnmarked } from './proof/disposable.ts'
import { type Migrate, migrated } from './proof/migrated.ts'

/** What `createProofDatabase` calls its databases: no other one is ever dropped here. */
const OF_A_PROOF = /^comeback_proof_[0-9a-f]+$/

export interface ContinueOptions extends Consent {
  /** Of the disposable server, as the first half had it. */
  readonly url: string | undefined
  /** Milliseconds. */
  readonly connectTimeout: number
  readonly assertions: readonly Assertion[]
  readonly migrate?: Migrate
  readonly progress: SinkProgress
  readonly signal: AbortSignal
}

/** The database is dropped whatever comes of it. Throws `usage`, `cancelled`, and what keeps the assertions from being asked. */
export async function continueProof(left: LeftDatabase, options: ContinueOptions): Promise<Continuation> {
  const { url = '', connectTimeout, assertions, migrate, progress, signal } = options
  const { backup, database, schemaOnly } = left
  if (url === '') {
    throw new ComebackError('usage', 'No disposable server was named.', {
      hint: 'It is the one that the first half had: --target-url, with --disposable.',
    })
  }
  if (!OF_A_PROOF.test(database)) throw new ComebackError('usage', `${database} is no database of a proof.`)
  await refuseUnmarked(url, options)
  const target = { url: inDatabase(url, database), connectTimeout, signal }
  const ask = () => runAssertions(assertions, target, left.assertions)
  try {
    const { check, outcomes, findings } = await ask()
    const run = { schemaOnly, url: target.url, backup, connect: target, assertions: ask }
    const { migration, findings: more } = await migrated(run, migrate, progress, signal)
    return {
      command: 'continuation',
      schema: 1,
      backup,
      check,
      assertions: outcomes,
      findings: [...findings, ...more],
      ...(migration === undefined ? {} : { migration }),
    }
  } finally {
    // What it holds ends with the server, at the latest.
    await dropProofDatabase({ url, connectTimeout }, { name: database, url: target.url }, left.roles).catch(
      (error: unknown) => progress.phase(`${database} could not be dropped: ${asComebackError(error).message}`),
    )
  }
}
