/** What must never be committed: made sure of by asking git itself, since which of many rules holds is for git to say. */
import { execFile } from 'node:child_process'
import { appendFile, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ComebackError } from './errors.ts'

/** Milliseconds. */
const PATIENCE = 30_000
/** Of git: nothing that a repository's own settings name is run. */
const HARMLESS = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null']

/**
 * Before a secret is written to that file, or used from there: git ignores it, by a new line in the .gitignore of its folder if
 * need be, which is told by true. Does nothing outside of a repository. Throws `usage` if git tracks the file, or would take it all
 * the same.
 */
export async function keepOutOfGit(file: string): Promise<boolean> {
  await refuseTracked(file)
  if ((await repositoryAround(dirname(file))) === undefined) return false
  const before = await isIgnored(file)
  if (before === true) return false
  const line = `/${basename(file).replace(/[\\*?[\]!# ]/g, '\\$&')}`
  const rules = join(dirname(file), '.gitignore')
  const present = await readFile(rules, 'utf8').catch(() => '')
  // Without git there is nobody to ask: the line that would do is there, or comes.
  if (before === undefined && present.split('\n').some(rule => rule === line || `/${rule}` === line)) return false
  await appendFile(rules, `${present === '' || present.endsWith('\n') ? '' : '\n'}${line}\n`)
  if ((await isIgnored(file)) === false) {
    throw new ComebackError('usage', `git would take ${file} into the repository: a rule overrules .gitignore.`, {
      hint: 'Name a file outside of the repository with --key-file. Nothing was done with the key.',
    })
  }
  return true
}

/** Throws `usage` for a secret in a file that git tracks: whoever has the repository has it. */
export async function refuseTracked(file: string): Promise<void> {
  if ((await git(file, ['ls-files', '--error-unmatch', '--', basename(file)])) !== 0) return
  throw new ComebackError('usage', `git tracks ${file}: whoever has the repository has the key.`, {
    hint: `Take it out with \`git rm --cached\` and, if it was ever pushed, make a new key. Backups that were made with it stay readable for whoever has the old one.`,
  })
}

/** Undefined if there is no git to ask. */
async function isIgnored(file: string): Promise<boolean | undefined> {
  const status = await git(file, ['check-ignore', '--quiet', '--', basename(file)])
  return status === 0 ? true : status === 1 ? false : undefined
}

async function git(file: string, args: readonly string[]): Promise<number | undefined> {
  return new Promise(resolve => {
    execFile('git', [...HARMLESS, ...args], { cwd: dirname(file), timeout: PATIENCE }, error => {
      resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : undefined)
    })
  })
}

/** The nearest folder that is a repository's: this one, or one above it. */
export async function repositoryAround(folder: string): Promise<string | undefined> {
  const here = await stat(join(folder, '.git')).then(
    () => true,
    () => false,
  )
  if (here) return folder
  return dirname(folder) === folder ? undefined : repositoryAround(dirname(folder))
}
