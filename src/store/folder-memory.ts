/**
 * A memory in a folder, a file for each object, that keeps itself small: it forgets what the store no longer holds, and of each
 * component all indexes but the newest, which is the one that the next backup builds on.
 */
import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MiB } from '../format/sizes.ts'
import { makeFolder } from '../make-folder.ts'
import { checkObjectName } from './object-name.ts'
import type { Memory } from './remembering.ts'

/** Bytes. Larger than any object that is remembered. */
const FILE_LIMIT = 64 * MiB
/** Takes the place of the slash; no object's name has it. */
const SLASH = '~'
const INDEX = /^([^/]+)\/[^/]+\/index\./

/** The folder is made when it is needed. A failure rejects; the caller takes it for forgetfulness. */
export function folderMemory(folder: string): Memory {
  return {
    async read(name) {
      const file = pathOf(folder, name)
      // The folder comes from elsewhere: a pipe in it would be waited for without end, a huge file would fill the memory.
      const stats = await missing(lstat(file))
      return stats?.isFile() && stats.size <= FILE_LIMIT ? await readFile(file) : undefined
    },

    async write(name, bytes) {
      const file = pathOf(folder, name)
      await makeFolder(folder, 0o700)
      // Never through a link that lies there. A file that is cut short is found out by its seal.
      await rm(file, { recursive: true, force: true })
      await writeFile(file, bytes, { mode: 0o600, flag: 'wx' })
      if (INDEX.test(name)) await forget(folder, olderIndexes(await namesIn(folder)))
    },

    async listed(prefix, names) {
      const known = await namesIn(folder)
      const gone = known.filter(name => name.startsWith(prefix) && !names.has(name))
      await forget(folder, [...gone, ...olderIndexes(known.filter(name => !gone.includes(name)))])
    },
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const files = await missing(readdir(folder))
  return files?.map(file => file.replaceAll(SLASH, '/')) ?? []
}

async function missing<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Ids begin with their time, so that names of one component are in the order of time. */
function olderIndexes(names: readonly string[]): readonly string[] {
  const byComponent = Map.groupBy(
    names.filter(name => INDEX.test(name)),
    name => INDEX.exec(name)?.[1],
  )
  return [...byComponent.values()].flatMap(indexes => indexes.toSorted().slice(0, -1))
}

async function forget(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name.replaceAll('/', SLASH)), { recursive: true, force: true })
}

function pathOf(folder: string, name: string): string {
  checkObjectName(name)
  return join(folder, name.replaceAll('/', SLASH))
}
