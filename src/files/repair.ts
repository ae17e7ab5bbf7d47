/** What an interrupted restore left around a target: put right before the next one, or told of by whoever only looks. */
import type { Problem } from '../engine/ports.ts'
import { repairInside } from './merge-repair.ts'
import { withoutLinks } from './restore-place.ts'
import { repairBeside } from './whole-folder.ts'
import { findLeftovers, type Leftover } from './workplace.ts'

/** Throws `failed` if another restore is under way there. */
export async function repairAround(directory: string): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const leftover of await findLeftovers(await withoutLinks(directory))) {
    problems.push({ severity: 'warning', message: await repairLeftover(leftover) })
  }
  return problems
}

export async function repairLeftover(leftover: Leftover): Promise<string> {
  return leftover.where === 'beside' ? repairBeside(leftover) : repairInside(leftover)
}

/** Changes nothing. */
export async function willRepair(directory: string): Promise<readonly Problem[]> {
  return (await findLeftovers(await withoutLinks(directory))).map(({ path, target }) => ({
    severity: 'warning',
    message: `An earlier restore into ${target} was interrupted, or is under way, in ${path}.`,
    hint: 'The restore itself, without --dry-run, first puts right what it left. This plan shows what is there now.',
  }))
}
