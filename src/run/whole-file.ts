/** A file that is there whole or not at all: others may read it while it is written. */
import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeFolderSync } from '../make-folder.ts'

/** Its folder is made. The draft beside it is created exclusively: nothing that somebody put there is followed. */
export function writeWhole(place: string, text: string): void {
  const draft = join(dirname(place), `.${basename(place)}.${randomBytes(8).toString('hex')}`)
  makeFolderSync(dirname(place))
  try {
    writeFileSync(draft, text, { flag: 'wx' })
    renameSync(draft, place)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
