/** What an interrupted restore left around a target: put right before the next one, or told of by whoever only looks. */
import type { Problem } from '../engine/ports.ts'
import { repairInside } from './merge-repair.ts'
import { withoutLinks } from './restore-place.ts'
import { repairBeside } from './whole-folder.ts'
import { type Leftover, lookAround } from './workplace.ts'

/** Throws `failed` if another restore is under way there. */
export async function repairAround(directory: string): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const { leftovers, strange } = await lookAround(await withoutLinks(directory))
  for (const leftover of leftovers) {
    problems.push({ severity: 'warning', message: await repairLeftover(leftover) })
  }
  return [...problems, ...strange.map(notOurs)]
}

export async function repairLeftover(leftover: Leftover): Promise<string> {
  return leftover.where === 'beside' ? repairBeside(leftover) : repairInside(leftover)
}

/** Changes nothing. */
export async function willRepair(directory: string): Promise<readonly Problem[]> {
  const { leftovers, strange } = await lookAround(await withoutLinks(directory))
  const problems = leftovers.map(({ path, target }) => ({
    severity: 'warning' as const,
    message: `An earlier restore into ${target} was interrupted, or is under way, in ${path}.`,
    hint: 'The restore itself, without --dry-run, first puts right what it left. This plan shows what is there now.',
  }))
  return [...problems, ...strange.map(notOurs)]
}

function notOurs(path: string): Problem {
  return {
    severity: 'warning',
    message: `${path} looks like the work of an interrupted restore, but none of this user made it in that place: it stays as it is.`,
    hint: 'It was copied or moved there, belongs to another user, or somebody wants it to be taken for one. Look at it, and remove it by hand.',
  }
}
