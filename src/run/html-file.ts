/** A page as a file, there whole or not at all: a web server may serve it while it is written. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { asComebackError, ComebackError } from '../errors.ts'

/** `file` as the option has it, from `cwd`. Its folder is made. Throws what keeps it from being written. */
export function writePage(text: string, file: string, cwd: string): void {
  const place = resolve(cwd, file)
  const unfinished = join(dirname(place), `.${basename(place)}.${process.pid}`)
  try {
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(unfinished, text)
    renameSync(unfinished, place)
  } catch (error) {
    throw new ComebackError('failed', `The page could not be written to ${file}: ${asComebackError(error).message}`, {
      hint: 'Name a file in a folder that can be written to with --html.',
      cause: error,
    })
  } finally {
    rmSync(unfinished, { force: true })
  }
}
