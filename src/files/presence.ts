/** What stands at a path, or nothing. */
import type { Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { onDisk } from './file-name.ts'
import { isGone } from './walk.ts'

/** Of a link, the link itself; undefined if nothing is there. */
export async function presence(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(onDisk(path))
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Whether it is a folder proper, and of the user that runs this: nobody else can have put it there. */
export function isOwnFolder(stats: Stats | undefined): boolean {
  return stats?.isDirectory() === true && (process.geteuid === undefined || stats.uid === process.geteuid())
}
