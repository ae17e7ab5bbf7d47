/**
 * Who made an artifact. Pull requests from forks run in the repository that they are meant for and may upload artifacts of
 * any name there, so a name proves nothing. What GitHub itself says of the run does: the repository of its code, and its id,
 * which an artifact of ours has in its name. Where GitHub doesn't say it, nothing tells a backup from a fork's forgery, so
 * such an artifact doesn't count either.
 */
import * as v from 'valibot'

const id = v.nullish(v.pipe(v.number(), v.integer()))

/** `workflow_run` of an artifact's record; old servers leave it out. */
export const WORKFLOW_RUN = v.nullish(
  v.object({ id, repository_id: id, head_repository_id: id, head_branch: v.nullish(v.string()) }),
)

/**
 * `ours`: of a run of this repository's own code, the one in its name. `other-branch`: so it is, and of another branch than the one
 * whose runs are to count. `unknown`: GitHub doesn't say.
 */
export type Origin = 'ours' | 'other-branch' | 'foreign' | 'unknown'

/** `run` is the id in the artifact's name, `branch` the one whose runs alone count, if that is asked for. */
export function originOf(made: v.InferOutput<typeof WORKFLOW_RUN>, run: string, branch?: string): Origin {
  if (made?.id == null || made.repository_id == null) return 'unknown'
  // A fork that was deleted has no id any more.
  if (made.head_repository_id === undefined) return 'unknown'
  if (made.head_repository_id !== made.repository_id || String(made.id) !== run) return 'foreign'
  return branch === undefined || made.head_branch === branch ? 'ours' : 'other-branch'
}
