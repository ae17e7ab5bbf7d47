/** What all ways to restore work with. */
import type { Problem } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { LoadContext } from './load.ts'
import type { LostOwners } from './lost-owners.ts'
import type { RestorePlan } from './restore-plan.ts'
import type { RestoreSessions, TargetOptions } from './restore-sessions.ts'
import type { Choice } from './selection.ts'
import type { TargetFacts } from './target-facts.ts'
import type { Tolerance } from './tolerance.ts'

export interface RestoreContext {
  readonly target: TargetOptions
  readonly sessions: RestoreSessions
  /** The first connection. */
  readonly connection: Connection
  readonly plan: RestorePlan
  /** As they were before anything was done. */
  readonly facts: TargetFacts
  readonly load: LoadContext
  readonly lanes: number
  /** What `plan` is a part of, if not all of the backup was asked for. */
  readonly choice?: Choice
  /** Absent where everything must be made, or nothing. */
  readonly tolerance?: Tolerance
  readonly lost: LostOwners
  /** Roles to create before anything that names them; rows may add some. Absent where none may be created. */
  readonly roles?: string[]
}

export interface RestoreOutcome {
  /** The connections that worked. */
  readonly lanes: readonly Connection[]
  readonly problems: readonly Problem[]
  /** What of the plan was carried out, where that is not all of it. */
  readonly plan?: RestorePlan
}
