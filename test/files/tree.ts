/** Real folders for tests of files: made from a description, described again for comparison. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** By path: content of a file; `null` for a folder; `{ link }` for a symbolic link. */
export type Tree = Readonly<Record<string, string | Buffer | null | { readonly link: string }>>

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'comeback-files-'))
  onTestFinished(async () => {
    await run('chmod', ['-R', 'u+rwx', folder])
    // Not by Node.js, which knows no names but UTF-8 and no path that is too long.
    await run('rm', ['-rf', folder])
  })
  return folder
}

export async function plant(root: string, tree: Tree): Promise<void> {
  for (const [path, what] of Object.entries(tree)) {
    const absolute = join(root, path)
    await mkdir(what === null ? absolute : dirname(absolute), { recursive: true })
    if (what === null) continue
    if (typeof what === 'object' && 'link' in what) await symlink(what.link, absolute)
    else await writeFile(absolute, what)
  }
}

export interface Described {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly mode: number
  /** Whole seconds. */
  readonly mtime: number
  readonly content: string
}

/** Everything below a folder, comparable: kind, mode, time and content, by path. */
export async function describeTree(root: string): Promise<Readonly<Record<string, Described>>> {
  const found: Record<string, Described> = {}
  for (const path of (await readdir(root, { recursive: true })).sort()) {
    const absolute = join(root, path)
    const stats = await lstat(absolute)
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other'
    const content =
      kind === 'file' ? (await readFile(absolute)).toString('base64') : kind === 'link' ? await readlink(absolute) : ''
    found[path] = { kind, mode: stats.mode & 0o7777, mtime: Math.floor(stats.mtimeMs / 1000), content }
  }
  return found
}

export async function paths(root: string): Promise<readonly string[]> {
  return Object.keys(await describeTree(root))
}

export async function setMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode)
}

export async function setTime(path: string, seconds: number): Promise<void> {
  await lutimes(path, seconds, seconds)
}

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export async function run(command: string, args: readonly string[], input?: Buffer): Promise<Ran> {
  const child = execFile(command, args, { maxBuffer: 1 << 28 })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', text => {
    stdout += text
  })
  child.stderr?.on('data', text => {
    stderr += text
  })
  child.stdin?.end(input)
  const [status] = await once(child, 'close')
  return { status: Number(status), stdout, stderr }
}
