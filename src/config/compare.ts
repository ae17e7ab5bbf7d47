/** One restored file against what stands in its place now. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readFile, readlink, stat } from 'node:fs/promises'
import { createTwoFilesPatch } from 'diff'
import { MiB } from '../format/sizes.ts'

/** Texts up to this size are shown line by line. */
const SHOWN = 1 * MiB
/** Milliseconds for one file. */
const DIFF_TIME = 2000

export interface Comparison {
  /** `missing`: nothing stands there now. */
  readonly difference: 'same' | 'changed' | 'missing'
  /** A unified diff from what stands there now to what the backup holds; empty if they are the same. */
  readonly patch: string
}

/** Text where it can be shown, otherwise something that is equal only for equal things. */
type Content = { readonly text: string } | { readonly digest: string }

/** `name` is the path to show, such that `patch -p1` finds the file. */
export async function compareFile(
  name: string,
  restored: string,
  now: string,
  signal: AbortSignal,
): Promise<Comparison> {
  const isLink = (await lstat(restored)).isSymbolicLink()
  const after = await contentOf(restored, isLink, signal)
  const before = await contentOf(now, isLink, signal)
  if (before === undefined) return { difference: 'missing', patch: patchOf(name, undefined, after) }
  if (JSON.stringify(before) === JSON.stringify(after)) return { difference: 'same', patch: '' }
  return { difference: 'changed', patch: patchOf(name, before, after) }
}

/** From text to text; `before` is undefined where nothing was. */
export function patchOfTexts(name: string, before: string | undefined, after: string): string {
  return patchOf(name, before === undefined ? undefined : { text: before }, { text: after })
}

function patchOf(name: string, before: Content | undefined, after: Content | undefined): string {
  const [from, to] = [before === undefined ? '/dev/null' : `a/${name}`, `b/${name}`]
  const differ = `Files ${from} and ${to} differ\n`
  if (before !== undefined && !('text' in before)) return differ
  if (after === undefined || !('text' in after)) return differ
  const options = { timeout: DIFF_TIME }
  return createTwoFilesPatch(from, to, before?.text ?? '', after.text, 'now', 'backup', options) ?? differ
}

/** Undefined if nothing is there. `isLink`: whether a link itself is meant, or the file that it leads to. */
async function contentOf(path: string, isLink: boolean, signal: AbortSignal): Promise<Content | undefined> {
  try {
    const stats = await (isLink ? lstat : stat)(path)
    if (stats.isSymbolicLink()) return { text: `link to ${await readlink(path)}\n` }
    // Opening a pipe would wait for ever.
    if (!stats.isFile()) return { digest: 'no file' }
    if (stats.size <= SHOWN) {
      const bytes = await readFile(path, { signal })
      if (isUtf8(bytes) && !bytes.includes(0)) return { text: bytes.toString() }
    }
    const hash = createHash('sha256')
    for await (const piece of createReadStream(path, { signal })) hash.update(piece)
    return { digest: hash.digest('hex') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    if (code === 'EACCES' || code === 'EPERM') return { digest: `unreadable ${path}` }
    throw error
  }
}
