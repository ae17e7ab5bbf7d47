/** What a restore says of the files that it wrote, and of the links that it did not make. */
import type { Problem } from '../engine/ports.ts'
import type { LeftOut } from './member.ts'
import type { Unpacked } from './unpack.ts'

/** In problems; the rest is counted. */
const LISTED = 20

export function summarize({ files, folders, links, bytes }: Unpacked): string {
  const parts = [`${count(files, 'file')} (${count(bytes, 'byte')})`, count(folders, 'folder')]
  return [...parts, ...(links > 0 ? [count(links, 'link')] : [])].join(', ')
}

export function leftOutProblems({ leftOut }: Pick<Unpacked, 'leftOut'>, planned = false): readonly Problem[] {
  const reserved = leftOut.filter(({ target }) => target === undefined)
  const links = leftOut.filter(({ target }) => target !== undefined)
  return [
    ...listed(reserved, ({ path }) => ({
      message: `${JSON.stringify(path)} bears a name that restores give to folders of their own, and ${planned ? 'is' : 'was'} left out.`,
      hint: 'A backup holds it only if it was made of what a restore kept, or if somebody means harm: find out who put it there.',
    })),
    ...listed(links, ({ path, target }) => ({
      message: `The link ${JSON.stringify(path)} to ${JSON.stringify(target)} leads out of the folder and ${planned ? 'is' : 'was'} not made.`,
      hint: 'Make it by hand if it is wanted: ln -s TARGET LINK.',
    })),
  ]

  function listed(all: readonly LeftOut[], say: (one: LeftOut) => Omit<Problem, 'severity'>): readonly Problem[] {
    const problems = all.slice(0, LISTED).map(one => ({ severity: 'partial' as const, ...say(one) }))
    if (all.length <= LISTED) return problems
    const message = `${all.length - LISTED} more like the last one ${planned ? 'are' : 'were'} left out.`
    return [...problems, { severity: 'partial', message }]
  }
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
