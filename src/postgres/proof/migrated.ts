/** Migrations beside a proof: that they could not be run is a finding, and no reason to lose what was found before them. */
import type { Migration } from '../../engine/migration.ts'
import type { SinkProgress } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import { hasCode } from '../../errors.ts'
import type { ConnectOptions } from '../connection/connection.ts'
import type { AssertionResults } from './assertions.ts'
import { otherFinding } from './outcome.ts'

export interface MigrationTarget {
  /** The backup holds no rows. */
  readonly schemaOnly: boolean
  readonly url: string
  readonly backup: string
  readonly connect: ConnectOptions
  readonly assertions: () => Promise<AssertionResults>
}

export type Migrate = (target: MigrationTarget, progress: SinkProgress, signal: AbortSignal) => Promise<Migration>

/** Throws if the proof was cancelled. */
export async function migrated(
  target: MigrationTarget,
  migrate: Migrate | undefined,
  progress: SinkProgress,
  signal: AbortSignal,
): Promise<{ readonly migration?: Migration; readonly findings: readonly ProofFinding[] }> {
  if (migrate === undefined) return { findings: [] }
  try {
    return { migration: await migrate(target, progress, signal), findings: [] }
  } catch (error) {
    const { message, hint } = endOf(error, signal)
    return { findings: [{ code: 'migration-not-run', subject: 'migration', message, hint }] }
  }
}

/** That the time is up is a finding like another, as something is known already. Throws if the proof was cancelled. */
export function endOf(error: unknown, { aborted, reason }: AbortSignal): ProofFinding {
  if (!aborted) return otherFinding(error)
  if (!hasCode(reason, 'timeout')) throw error
  const { message, hint } = reason
  return { code: 'interrupted', subject: 'proof', message, hint }
}
