/** What a restore of a chosen part would meet: what it would take away, and what would keep it from doing so. */
import type { Problem, RestorePreview } from '../../engine/ports.ts'
import type { Connection } from '../connection/connection.ts'
import type { Relation } from '../detail.ts'
import { displayName } from '../sql-text.ts'
import { collisions, refuseDependents } from './reset-choice.ts'
import { rowProblems } from './restore-rows.ts'
import { findRowTargets } from './row-targets.ts'
import type { Choice } from './selection.ts'
import { inspectTarget } from './target.ts'
import { type Theirs, withoutTheirs } from './theirs.ts'

/** Names that a loss is told with. */
const EXAMPLES = 5

export interface ChoicePreview {
  readonly losses: RestorePreview['losses']
  readonly problems: readonly Problem[]
}

/** Throws what the restore would be refused for. */
export async function previewChoice(connection: Connection, choice: Choice, theirs: Theirs): Promise<ChoicePreview> {
  if (choice.what === 'data') {
    const mine = withoutTheirs(choice, theirs)
    const targets = await findRowTargets(connection, mine)
    return {
      losses: loss('the rows of', 'table', targets.emptied),
      problems: rowProblems(targets, mine),
    }
  }
  await refuseDependents(connection, choice)
  const colliding = (await collisions(connection, choice)).filter(({ schema }) => !choice.schemas.includes(schema))
  const inside = choice.schemas.length === 0 ? undefined : await inspectTarget(connection, choice.schemas)
  return {
    losses: [
      ...loss(
        '',
        'table or view',
        colliding.filter(({ relkind }) => relkind !== 'S'),
      ),
      ...loss(
        '',
        'sequence',
        colliding.filter(({ relkind }) => relkind === 'S'),
      ),
      ...Object.entries(inside?.counts ?? {})
        .filter(([kind]) => kind !== 'large object')
        .map(([kind, number]) => ({
          what: `${number} ${kind}${number === 1 ? '' : 's'} in chosen schemas`,
          names: inside?.namesOf[kind] ?? [],
        })),
    ],
    problems: [],
  }
}

function loss(before: string, noun: string, found: readonly Relation[]): RestorePreview['losses'] {
  if (found.length === 0) return []
  const plural = found.length === 1 ? noun : noun.replace(/(\w+)/g, word => (word === 'or' ? word : `${word}s`))
  return [
    {
      what: `${before} ${found.length.toLocaleString('en')} ${plural}`.trim(),
      names: found.slice(0, EXAMPLES).map(displayName),
    },
  ]
}
