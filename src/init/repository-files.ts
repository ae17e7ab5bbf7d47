/** The files of a repository that init touches. Everything is looked at before the first one is written. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ComebackError } from '../errors.ts'
import type { ChangedFile } from '../report/init-report.ts'
import type { TextFile } from './workflow-files.ts'

const IGNORED = ['.backup_key', 'backups/', 'logs/', 'config-review/', '.comeback-*/'] as const
const REMOTE = /^\s*url\s*=\s*\S*github\.com[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\s*$/m

/** What is to be done with a file. */
export interface PlannedFile extends TextFile {
  readonly change: ChangedFile['change']
}

/** `already-exists`, with the names of all of them, if files have another text and may not be replaced. */
export async function planFiles(
  root: string,
  files: readonly TextFile[],
  overwrite: boolean,
): Promise<readonly PlannedFile[]> {
  const planned = await Promise.all(files.map(async file => ({ ...file, change: await changeOf(root, file) })))
  const inTheWay = planned.filter(({ change }) => change === 'replaced').map(({ path }) => path)
  if (overwrite || inTheWay.length === 0) return planned
  throw new ComebackError(
    'already-exists',
    `init would write something else than there is in: ${inTheWay.join(', ')}.`,
    {
      hint: 'Move what is there away, or let it be replaced with --overwrite.',
    },
  )
}

async function changeOf(root: string, { path, text }: TextFile): Promise<ChangedFile['change']> {
  const present = await readText(resolve(root, path))
  if (present === undefined) return 'written'
  return present === text ? 'unchanged' : 'replaced'
}

/** All of the file or nothing of it. */
export async function writePlanned(root: string, { path, text, change }: PlannedFile): Promise<void> {
  if (change === 'unchanged') return
  const target = resolve(root, path)
  const draft = `${target}.comeback-new`
  try {
    await mkdir(dirname(target), { recursive: true })
    await writeFile(draft, text)
    await rename(draft, target)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new ComebackError('permission', `${path} could not be written.`, {
      hint: 'Check the owner and mode of its folder.',
      cause,
    })
  }
}

/** What .gitignore lacks so that neither the key nor a backup is ever committed. A folder may become a repository later. */
export async function planGitignore(root: string, keyFile: string): Promise<PlannedFile & { added: string[] }> {
  const present = (await readText(join(root, '.gitignore'))) ?? ''
  const lines = new Set(present.split('\n').map(bare))
  const wanted = [...IGNORED, ...(IGNORED.some(line => bare(line) === bare(keyFile)) ? [] : [keyFile])]
  const added = wanted.filter(line => !lines.has(bare(line)))
  const gap = present === '' || present.endsWith('\n') ? '' : '\n'
  return {
    path: '.gitignore',
    text: `${present}${gap}${added.map(line => `${line}\n`).join('')}`,
    change: added.length === 0 ? 'unchanged' : present === '' ? 'written' : 'replaced',
    added,
  }
}

/** `owner/name` of the repository on GitHub that the folder is a clone of, if its configuration says so. */
export async function repositoryOf(root: string): Promise<string | undefined> {
  // In a worktree `.git` is a file; then it is not known.
  const configuration = await readText(join(root, '.git', 'config')).catch(() => undefined)
  return REMOTE.exec(configuration ?? '')?.[1]
}

/** `/logs/`, `logs/` and `logs` ignore the same folder. */
function bare(line: string): string {
  return line
    .trim()
    .replace(/^\.?\//, '')
    .replace(/\/$/, '')
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined
    throw new ComebackError('permission', `${file} could not be read.`, { hint: 'Check its owner and mode.', cause })
  }
}
