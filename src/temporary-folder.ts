/**
 * A folder for what a run needs for a while and nobody else may see: rows, files, a password. It bears the mark of its run, so
 * that the next run of the kind can remove what one that was killed has left, and nothing else.
 */
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasEnded, runMark } from './run-mark.ts'

const MARK = '.comeback-run.json'
/** Bytes; a mark has some two hundred. */
const MARK_LIMIT = 4_000

const PURPOSES = ['proof', 'old', 'upload', 'dump'] as const
export type Purpose = (typeof PURPOSES)[number]

/** Removes what is given to it, all of it. */
export type Remove = (path: string) => Promise<unknown>

/** Throws what the system says. Whoever asked for it removes it. */
export async function temporaryFolder(parent: string, purpose: Purpose, remove: Remove = removeAll): Promise<string> {
  await removeAbandoned(parent, purpose, remove)
  const folder = await mkdtemp(join(parent, `comeback-${purpose}-`))
  await writeFile(join(folder, MARK), JSON.stringify(await runMark()), { mode: 0o600, flag: 'wx' })
  return folder
}

/** Folders in `parent` that runs of this user have left, which have ended for certain. Of all purposes, unless one is named. */
export async function abandonedFolders(parent: string, purpose: Purpose | undefined): Promise<readonly string[]> {
  const pattern = new RegExp(`^comeback-${purpose ?? `(?:${PURPOSES.join('|')})`}-[A-Za-z0-9]{6}$`)
  const names = await readdir(parent).catch(() => [])
  const found: string[] = []
  for (const name of names.filter(name => pattern.test(name))) {
    const folder = join(parent, name)
    if (await isAbandoned(folder).catch(() => false)) found.push(folder)
  }
  return found
}

/** What cannot be removed stays, and keeps nobody from working. */
async function removeAbandoned(parent: string, purpose: Purpose, remove: Remove): Promise<void> {
  for (const folder of await abandonedFolders(parent, purpose)) await remove(folder).catch(() => undefined)
}

async function isAbandoned(folder: string): Promise<boolean> {
  const stats = await lstat(folder)
  if (!stats.isDirectory() || stats.uid !== (process.geteuid?.() ?? stats.uid)) return false
  const mark = await lstat(join(folder, MARK))
  if (!mark.isFile() || mark.size > MARK_LIMIT) return false
  return await hasEnded(JSON.parse(await readFile(join(folder, MARK), 'utf8')))
}

function removeAll(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true })
}
