/** A page as a file, there whole or not at all: a web server may serve it while it is written. */
import { resolve } from 'node:path'
import { asComebackError, ComebackError } from '../errors.ts'
import { writeWhole } from './whole-file.ts'

/** `file` as the option has it, from `cwd`. Its folder is made. Throws what keeps it from being written. */
export function writePage(text: string, file: string, cwd: string): void {
  const place = resolve(cwd, file)
  try {
    writeWhole(place, text)
  } catch (error) {
    throw new ComebackError('failed', `The page could not be written to ${file}: ${asComebackError(error).message}`, {
      hint: 'Name a file in a folder that can be written to with --html.',
      cause: error,
    })
  }
}
