/** The files by which a step talks to its runner: `NAME=value`, or `NAME<<END`, lines, `END`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const KINDS = ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY'] as const
export type CommandFiles = { readonly [Kind in (typeof KINDS)[number]]: string }

/** Empty files for one step; the name of the variable that leads to one is `GITHUB_` and its kind. */
export function createCommandFiles(folder: string, step: number): CommandFiles {
  const files = KINDS.map(kind => [kind, join(folder, `${kind.toLowerCase()}-${step}`)] as const)
  for (const [, file] of files) writeFileSync(file, '')
  return Object.fromEntries(files) as CommandFiles
}

export function variablesFor(files: CommandFiles): Record<string, string> {
  return Object.fromEntries(KINDS.map(kind => [`GITHUB_${kind}`, files[kind]]))
}

/** Throws where the runner would fail the step: on a line that is no pair, and on a value that does not end. */
export function readPairs(file: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  const lines = readFileSync(file, 'utf8').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const [, heredoc, end] = /^([^=]+?)<<(.+)$/.exec(line) ?? []
    const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? []
    if (heredoc !== undefined && end !== undefined) {
      const last = lines.indexOf(end, at + 1)
      if (last < 0) throw new Error(`${file}: ${heredoc} does not end`)
      pairs[heredoc] = lines.slice(at + 1, last).join('\n')
      at = last
    } else if (name !== undefined && value !== undefined) pairs[name] = value
    else throw new Error(`${file}: no pair: ${line}`)
  }
  return pairs
}
