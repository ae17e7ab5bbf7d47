/**
 * Where a restore works before anything shows in the target: a folder for its user alone, on the target's own file system,
 * since only there a rename is one step.
 *
 *     uploads/                                          the target
 *     .uploads.restoring-20261123T020000Z-7f3a91/       beside it: the whole folder is being made
 *     uploads.before-20261123T020000Z-7f3a91/           what it was, kept until it is discarded
 *     uploads/.comeback-restoring-20261123T020000Z-…/   in it: single files are being made
 *     uploads/.comeback-before-20261123T020000Z-…/      the files that they replaced, kept likewise
 *
 * Whatever ends a restore, the names that it leaves say what is to be done about them, and the next restore does it. What is
 * to be done is believed only of a folder that a restore made: its record holds what no archive can bring along and no other
 * account can move, the numbers and the times of birth that the file system gave to the folder and to the one around it.
 */
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { isAlive, startOf } from '../run-mark.ts'
import { holding } from './held-folder.ts'
import { ownName } from './own-name.ts'
import { isOwnFolder, presence } from './presence.ts'
import { removeTree } from './remove-tree.ts'
import { isGone } from './walk.ts'
import { systemCode, writing } from './write-error.ts'

const RECORD = 'restore.json'

export interface Workplace {
  readonly path: string
  readonly id: string
  /** What is to become the target, or to go into it. */
  readonly content: string
  /** Where what stands in the target now is kept. */
  readonly kept: string
}

/** What an interrupted restore left. */
export interface Leftover extends Workplace {
  readonly target: string
  readonly where: 'beside' | 'inside'
  /** The folder that was about to be moved away, by its number on the file system. */
  readonly former: number | undefined
  /** The process that works in it, if it still runs. */
  readonly process: number | undefined
}

export interface Surroundings {
  readonly leftovers: readonly Leftover[]
  /** Paths of folders of this user. */
  readonly strange: readonly string[]
}

/** Where `target` is to be made beside it or, for single files, in it. `run` has to leave nothing of it. */
export async function inNewWorkplace<T>(
  target: string,
  where: 'beside' | 'inside',
  former: number | undefined,
  run: (place: HeldWorkplace) => Promise<T>,
): Promise<T> {
  const id = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
  const place = workplaceOf(target, where, id)
  return holding(dirname(place.path), async around => {
    const path = join(around, basename(place.path))
    await writing(place.path, () => mkdir(path, { mode: 0o700 }))
    return holdingIn(around, place, async held => {
      const birth = await birthOf(path)
      const record = { process: process.pid, born: await startOf(process.pid), host: hostname(), former, birth }
      const file = join(held.held, RECORD)
      await writing(place.path, () => writeFile(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' }))
      return run(held)
    })
  })
}

/** Folders of that form that no restore of this user made are somebody else's affair. */
export async function findLeftovers(target: string): Promise<readonly Leftover[]> {
  return (await lookAround(target)).leftovers
}

/** Those, and what only bears such a name. */
export async function lookAround(target: string): Promise<Surroundings> {
  const leftovers: Leftover[] = []
  const strange: string[] = []
  for (const [folder, where] of [
    [dirname(target), 'beside'],
    [target, 'inside'],
  ] as const) {
    for (const name of await namesIn(folder)) {
      const own = ownName(name)
      if (own?.kind !== 'restoring' || own.where !== where) continue
      if (where === 'beside' && own.target !== basename(target)) continue
      const leftover = await readLeftover(target, where, own.id)
      if (leftover !== undefined) leftovers.push(leftover)
      else if (isOwnFolder(await presence(join(folder, name)))) strange.push(join(folder, name))
    }
  }
  return { leftovers, strange }
}

/** Undefined if it is no folder that a restore of this user made. */
export async function readLeftover(
  target: string,
  where: 'beside' | 'inside',
  id: string,
): Promise<Leftover | undefined> {
  const place = workplaceOf(target, where, id)
  if (!isOwnFolder(await presence(place.path))) return undefined
  const record = await readRecord(place.path)
  // One that died before it could say anything has done nothing yet.
  const begun = (await namesIn(place.path)).some(name => name !== RECORD)
  if (begun && (record.birth === undefined || record.birth !== (await birthOf(place.path)))) return undefined
  return { ...place, target, where, former: record.former, process: record.process }
}

/** The folder that others cannot enter is emptied from inside; then its name goes, whatever may bear it now. */
export async function removeWorkplace({ path, held, around }: HeldWorkplace): Promise<void> {
  await writing(path, async () => {
    for (const name of await readdir(held)) await removeTree(join(held, name))
    await rmdir(join(around, basename(path)))
  })
}

/** A workplace and the folder that it lies in, both held, so that whoever else may write to that folder can't exchange them. */
export interface HeldWorkplace extends Workplace {
  readonly held: string
  readonly around: string
}

/** Throws `permission` if it is not this user's any more. */
export async function holdingWorkplace<T>(place: Workplace, run: (place: HeldWorkplace) => Promise<T>): Promise<T> {
  return holding(dirname(place.path), around => holdingIn(around, place, run))
}

async function holdingIn<T>(around: string, place: Workplace, run: (place: HeldWorkplace) => Promise<T>): Promise<T> {
  return holding(join(around, basename(place.path)), async held => {
    if (!isOwnFolder(await stat(held))) {
      throw new ComebackError('permission', `${place.path} was exchanged for a folder of another user.`, {
        hint: 'Find out who works there. Restore into a folder that nobody else can write to.',
      })
    }
    return run({ ...place, held, content: join(held, 'content'), around })
  })
}

/** What is kept of the former state, and what a restore works in, are no part of what stands in a folder. */
export async function isEmptyFolder(folder: string): Promise<boolean> {
  return (await namesIn(folder)).every(name => ownName(name)?.where === 'inside')
}

export function stillRunning({ target, path, process }: Leftover): ComebackError {
  return new ComebackError('failed', `Another restore into ${target} seems to be under way (process ${process}).`, {
    hint: `Wait for it, or end it. It works in ${path}.`,
  })
}

function workplaceOf(target: string, where: 'beside' | 'inside', id: string): Workplace {
  const [folder, prefix] = where === 'beside' ? [dirname(target), basename(target)] : [target, '.comeback']
  const path = join(folder, where === 'beside' ? `.${prefix}.restoring-${id}` : `${prefix}-restoring-${id}`)
  const kept = join(folder, where === 'beside' ? `${prefix}.before-${id}` : `${prefix}-before-${id}`)
  return { path, id, content: join(path, 'content'), kept }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isGone(error) || systemCode(error) === 'EACCES') return []
    throw error
  }
}

/** A record that was cut short by the end of its process is that of a process that has ended. */
async function readRecord(folder: string): Promise<Pick<Leftover, 'former' | 'process'> & { readonly birth: unknown }> {
  const nothing = { former: undefined, process: undefined, birth: undefined }
  let record: unknown
  try {
    record = JSON.parse(await readFile(join(folder, RECORD), 'utf8'))
  } catch (error) {
    if (isGone(error) || error instanceof SyntaxError) return nothing
    throw error
  }
  if (typeof record !== 'object' || record === null) return nothing
  const { host, process: pid, born, former, birth } = record as Readonly<Record<string, unknown>>
  return {
    birth,
    former: typeof former === 'number' ? former : undefined,
    // Of another machine's processes nothing is known; a container that was killed is another machine afterwards.
    process:
      host === hostname() && typeof pid === 'number' && pid !== process.pid && (await isAlive(pid, born))
        ? pid
        : undefined,
  }
}

/** What the file system alone decides, of a folder and of the one that it lies in, in nanoseconds. */
async function birthOf(folder: string): Promise<string> {
  const both = await Promise.all([lstat(folder, { bigint: true }), stat(dirname(folder), { bigint: true })])
  return both.map(({ ino, birthtimeNs }) => `${ino}@${birthtimeNs}`).join(' ')
}
