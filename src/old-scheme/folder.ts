/** The folder that the old scripts wrote to: `database/*.sql.gz.enc`, `files/*.tar.gz.enc`, `config/*.tar.gz.enc`. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ComebackError } from '../errors.ts'
import { COMPONENTS, type Component } from '../format/manifest.ts'
import { type OldTime, oldTime } from './file-name.ts'

export interface OldFile extends OldTime {
  readonly component: Component
  readonly name: string
  readonly path: string
  /** Bytes. */
  readonly size: number
}

export interface OldFolder {
  /** Oldest first. */
  readonly files: readonly OldFile[]
  /** Other files there, relative to it. */
  readonly foreign: readonly string[]
}

const ENDINGS: Readonly<Record<Component, string>> = {
  database: '.sql.gz.enc',
  files: '.tar.gz.enc',
  config: '.tar.gz.enc',
}

/** Throws `not-found` if the folder, or each of its three, is not there, `permission` if one can't be read. */
export async function listOldBackups(folder: string, components: readonly Component[]): Promise<OldFolder> {
  const files: OldFile[] = []
  const foreign: string[] = []
  let missing = 0
  for (const component of COMPONENTS) {
    const entries = await entriesOf(join(folder, component))
    if (entries === undefined) missing++
    if (!components.includes(component)) continue
    for (const entry of entries ?? []) {
      const path = join(folder, component, entry.name)
      // A link is another name for a file that is listed anyway.
      if (!entry.isFile() || !entry.name.endsWith(ENDINGS[component])) {
        foreign.push(`${component}/${entry.name}`)
        continue
      }
      const { size, mtime } = await stat(path)
      files.push({ component, name: entry.name, path, size, ...oldTime(entry.name, mtime) })
    }
  }
  if (missing === COMPONENTS.length) {
    throw new ComebackError('not-found', `${folder} holds no backups of the old scripts.`, {
      hint: `Name the folder in which ${COMPONENTS.join(', ')} lie, ./tmp/backups for example.`,
    })
  }
  files.sort((a, b) => a.time.getTime() - b.time.getTime() || (a.name < b.name ? -1 : 1))
  return { files, foreign }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ComebackError('permission', `The folder ${folder} could not be read.`, {
      hint: 'Check its owner and mode.',
      cause: error,
    })
  }
}
