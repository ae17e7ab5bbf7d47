/**
 * A folder made whole beside its place and switched in by rename: whoever looks sees the old state or the new one, never a
 * part of either. Where something stands there already it takes two renames, as no system call that Node.js has exchanges
 * two folders; between them, for some microseconds, there is no folder at all. A process that is killed just then leaves what
 * it was under its kept name, and the next restore moves it back.
 */
import type { Stats } from 'node:fs'
import { chmod, chown, mkdir, rename, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { flush, makeDurable } from './durable.ts'
import { presence } from './presence.ts'
import {
  findLeftovers,
  type Leftover,
  makeWorkplace,
  removeWorkplace,
  stillRunning,
  type Workplace,
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
  const madeParent = await writing(target, () => mkdir(dirname(target), { recursive: true }))
  let place: Workplace | undefined
  try {
    place = await makeWorkplace(target, 'beside', way === 'replace' ? stats?.ino : undefined)
    const { content } = place
    await writing(content, () => mkdir(content, modes === 'private' ? 0o700 : 0o777))
    const result = await make(content)
    await likeFormer(content, stats, modes)
    if (!fleeting) await makeDurable(content, signal)
    signal.throwIfAborted()
    await switchIn(place, target, way)
    if (stats !== undefined && modes === 'kept') await writing(target, () => chmod(target, stats.mode & 0o7777))
    await removeWorkplace(place)
    return { result, kept: way === 'replace' ? place.kept : undefined }
  } catch (error) {
    if (place !== undefined) await removeWorkplace(place)
    if (madeParent !== undefined) await removeEmpty(dirname(target), madeParent)
    throw error
  }
}

async function switchIn({ content, kept }: Workplace, target: string, way: WholeFolder['way']): Promise<void> {
  // Should somebody have made something of that name, which is drawn at random: a folder goes over nothing but an empty one.
  if (way === 'replace') await writing(target, () => rename(target, kept))
  try {
    await writing(target, () => rename(content, target))
  } catch (error) {
    if (way === 'replace') await writing(target, () => rename(kept, target))
    throw error
  }
  await flush(dirname(target))
}

/** After an interrupted restore: the target is what it was before it. Returns what was done, for people. */
export async function repairBeside(leftover: Leftover): Promise<string> {
  const { target, path, kept, content, process, former } = leftover
  if (process !== undefined) throw stillRunning(leftover)
  const [there, before] = [await presence(target), await presence(kept)]
  const isFormer = before?.isDirectory() === true && before.ino === former
  if (there === undefined && isFormer && (await presence(content)) !== undefined) {
    await writing(target, () => rename(kept, target))
    await removeWorkplace(leftover)
    return `An earlier restore was interrupted as it replaced ${target}: what was there is there again.`
  }
  await removeWorkplace(leftover)
  return `An earlier restore was interrupted; what it left in ${path} was removed.`
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
