/** The end of what a restore kept of the former state, when it is not needed any more. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { existingFiles } from './existing-files.ts'
import { type OwnName, ownName } from './own-name.ts'
import { presence } from './presence.ts'
import { removeTree } from './remove-tree.ts'
import { repairLeftover } from './repair.ts'
import { isGone, systemReason } from './walk.ts'
import { readLeftover } from './workplace.ts'
import { writing } from './write-error.ts'

/**
 * Removes a folder that a restore has kept, or puts right what an interrupted one left. Takes only names that restores give.
 * `confirm` has to be the folder's name. Returns lines for people. Throws `usage` for any other path or name, `not-found`.
 */
export async function discardKept(
  path: string,
  confirm: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const name = basename(path)
  const own = ownName(name)
  if (own === undefined) {
    throw new ComebackError('usage', `${path} is nothing that a restore of files has kept.`, {
      hint: 'Such a folder is called NAME.before-TIME-ID or .comeback-before-TIME-ID; the restore named it.',
    })
  }
  const folder = join(await parentOf(path), name)
  const stats = await presence(folder)
  if (stats === undefined) throw new ComebackError('not-found', `There is no ${folder}.`)
  if (!stats.isDirectory()) {
    throw new ComebackError('usage', `${folder} is no folder, so no restore has kept it.`, {
      hint: 'Look at it yourself.',
    })
  }
  if (own.kind === 'restoring') return [await putRight(folder, own)]
  const { files, more } = await existingFiles(folder, signal)
  const holds = `${files.toLocaleString('en-US')}${more ? ' or more' : ''} file${files === 1 ? '' : 's'}`
  if (confirm !== name) {
    const message =
      confirm === undefined
        ? `${folder} holds ${holds}, which would be gone for good.`
        : `--confirm names ${JSON.stringify(confirm)}, but what would be removed is ${name}.`
    throw new ComebackError('usage', message, { hint: `To remove it, add --confirm ${name}.` })
  }
  await writing(folder, () => removeTree(folder))
  return [`${folder} was removed, with ${holds}`]
}

async function putRight(folder: string, { where, target, id }: OwnName): Promise<string> {
  const parent = dirname(folder)
  const leftover = await readLeftover(where === 'inside' ? parent : join(parent, target), where, id)
  if (leftover !== undefined) return repairLeftover(leftover)
  throw new ComebackError('permission', `${folder} was made in that place by no restore of this user.`, {
    hint: 'Let the user discard it whose restore it is. If it was copied or moved there, look at it and remove it by hand.',
  })
}

async function parentOf(path: string): Promise<string> {
  const parent = dirname(path)
  try {
    return await realpath(parent)
  } catch (error) {
    const code = isGone(error) ? 'not-found' : 'permission'
    throw new ComebackError(code, `Could not look into ${parent}: ${systemReason(error)}.`, { cause: error })
  }
}
