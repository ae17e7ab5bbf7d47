/**
 * A folder made whole beside its place and switched in by rename: whoever looks sees the old state or the new one, never a
 * part of either. Where something stands there already it takes two renames, as no system call that Node.js has exchanges
 * two folders; between them, for some microseconds, there is no folder at all. A process that is killed just then leaves what
 * it was under its kept name, and the next restore moves it back.
 */
import type { Stats } from 'node:fs'
import { chmod, chown, mkdir, rename, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { flush, makeDurable } from './durable.ts'
import { holding } from './held-folder.ts'
import { presence } from './presence.ts'
import {
  findLeftovers,
  type HeldWorkplace,
  holdingWorkplace,
  inNewWorkplace,
  type Leftover,
  removeWorkplace,
  stillRunning,
} from './workplace.ts'
import { writing } from './write-error.ts'

export interface WholeFolder {
  readonly target: string
  /** What stands there now, if anything. */
  readonly stats: Stats | undefined
  /** `replace` keeps what stands there; `fill` finds at most an empty folder. */
  readonly way: 'fill' | 'replace'
  readonly modes: 'kept' | 'private'
  /** Need not outlive a power failure. */
  readonly fleeting: boolean
}

/** `make` fills the folder whose path it gets. If anything fails, the target is as it was. Returns where the former one is kept. */
export async function switchInWhole<Result>(
  { target, stats, way, modes, fleeting }: WholeFolder,
  make: (content: string) => Promise<Result>,
  signal: AbortSignal,
): Promise<{ readonly result: Result; readonly kept: string | undefined }> {
  const madeParent = await writing(target, () => makeFolder(dirname(target)))
  try {
    const former = way === 'replace' ? stats?.ino : undefined
    return await inNewWorkplace(target, 'beside', former, async place => {
      try {
        await writing(place.content, () => mkdir(place.content, modes === 'private' ? 0o700 : 0o777))
        const result = await make(place.content)
        await likeFormer(place.content, stats, modes)
        if (!fleeting) await makeDurable(place.content, signal)
        signal.throwIfAborted()
        await switchIn(place, basename(target), way, modes === 'kept' ? stats : undefined)
        return { result, kept: way === 'replace' ? place.kept : undefined }
      } finally {
        await removeWorkplace(place)
      }
    })
  } catch (error) {
    if (madeParent !== undefined) await removeEmpty(dirname(target), madeParent)
    throw error
  }
}

async function switchIn(
  { content, kept, around }: HeldWorkplace,
  name: string,
  way: WholeFolder['way'],
  like: Stats | undefined,
): Promise<void> {
  const [target, former] = [join(around, name), join(around, basename(kept))]
  // Should somebody have made something of that name, which is drawn at random: a folder goes over nothing but an empty one.
  if (way === 'replace') await writing(target, () => rename(target, former))
  try {
    await writing(target, () => rename(content, target))
  } catch (error) {
    if (way === 'replace') await writing(target, () => rename(former, target))
    throw error
  }
  await flush(around)
  if (like !== undefined) await writing(target, () => holding(target, held => chmod(held, like.mode & 0o7777)))
}

/** After an interrupted restore: the target is what it was before it. Returns what was done, for people. */
export async function repairBeside(leftover: Leftover): Promise<string> {
  const { target, path, kept, process, former } = leftover
  if (process !== undefined) throw stillRunning(leftover)
  return holdingWorkplace(leftover, async place => {
    const [now, was] = [target, kept].map(path => join(place.around, basename(path))) as [string, string]
    const [there, before] = [await presence(now), await presence(was)]
    const isFormer = before?.isDirectory() === true && before.ino === former
    const isLost = there === undefined && isFormer && (await presence(place.content)) !== undefined
    if (isLost) await writing(target, () => rename(was, now))
    await removeWorkplace(place)
    return isLost
      ? `An earlier restore was interrupted as it replaced ${target}: what was there is there again.`
      : `An earlier restore was interrupted; what it left in ${path} was removed.`
  })
}

export async function leftoversBeside(target: string): Promise<readonly Leftover[]> {
  return (await findLeftovers(target)).filter(({ where }) => where === 'beside')
}

/** As the folder that it takes the place of: whoever works in it must still be able to. */
async function likeFormer(content: string, stats: Stats | undefined, modes: WholeFolder['modes']): Promise<void> {
  if (stats === undefined) return
  await writing(content, async () => {
    const now = await presence(content)
    if (now !== undefined && (now.uid !== stats.uid || now.gid !== stats.gid))
      await chown(content, stats.uid, stats.gid)
    // A folder that its owner may not write to can't be moved into another one.
    if (modes === 'kept') await chmod(content, (stats.mode & 0o7777) | 0o200)
  })
}

/** The folders that were made on the way to the target, as far as they are still empty. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  for (let next = folder; next.startsWith(first); next = dirname(next)) {
    const gone = await rmdir(next).then(
      () => true,
      () => false,
    )
    if (!gone) return
  }
}
