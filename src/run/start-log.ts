/** Begins the log of a run with what was asked for. */
import { resolve } from 'node:path'
import type { Command } from '../job-context.ts'
import { OPTIONS, type Options } from '../options.ts'
import type { Scrub } from '../report/scrub.ts'
import { VERSION } from '../version.ts'
import { openLog, optionsText, type RunLog } from './log.ts'

interface LogSurroundings {
  readonly cwd: string
  readonly now: () => Date
  readonly scrub: Scrub
  /** Called once if the log can't be written; the run goes on. */
  readonly warn: (message: string) => void
}

/** None for verbs that only look. Never throws. */
export function startLog(command: Command, options: Options, { cwd, ...how }: LogSurroundings): RunLog | undefined {
  const { verb } = command
  if (!OPTIONS.logDir.verbs.includes(verb)) return undefined
  const log = openLog({ directory: resolve(cwd, options.logDir), verb, ...how })
  log.line(`comeback ${VERSION}, node ${process.versions.node}, ${process.platform} ${process.arch}`)
  log.line(Object.values(command).flat().join(' '))
  log.line(`options: ${optionsText(verb, options)}`)
  return log
}
