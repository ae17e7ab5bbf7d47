/** What a restore says of the files that it wrote, and of the links that it did not make. */
import type { Problem } from '../engine/ports.ts'
import type { Unpacked } from './unpack.ts'

/** In problems; the rest is counted. */
const LISTED = 20

export function summarize({ files, folders, links, bytes }: Unpacked): string {
  const parts = [`${count(files, 'file')} (${count(bytes, 'byte')})`, count(folders, 'folder')]
  return [...parts, ...(links > 0 ? [count(links, 'link')] : [])].join(', ')
}

export function leftOutProblems({ leftOut }: Pick<Unpacked, 'leftOut'>, planned = false): readonly Problem[] {
  const problems = leftOut.slice(0, LISTED).map(({ path, target }) => ({
    severity: 'partial' as const,
    message: `The link ${JSON.stringify(path)} to ${JSON.stringify(target)} leads out of the folder and ${planned ? 'is' : 'was'} not made.`,
    hint: 'Make it by hand if it is wanted: ln -s TARGET LINK.',
  }))
  if (leftOut.length <= LISTED) return problems
  const message = `${leftOut.length - LISTED} more links lead out of the folder and ${planned ? 'are' : 'were'} not made.`
  return [...problems, { severity: 'partial', message }]
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
