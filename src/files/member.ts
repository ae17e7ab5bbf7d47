/**
 * What an archive may ask for. An archive is data from elsewhere, even if it was signed: an entry named `/etc/passwd` or
 * `../x`, or one below a link that an earlier entry made, would write outside of the target; a device would give access to
 * a disk. None of that is ever in a backup that Comeback made, so an archive that holds it is refused as a whole.
 */
import { ComebackError } from '../errors.ts'
import { looksOwn } from './own-name.ts'
import type { TarEntry } from './tar-reader.ts'

/** The parts of an entry's path; none for the target itself (`./`). Throws `unsafe-archive`. */
export function memberParts(path: string): readonly string[] {
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  if (path === '') throw unsafe('an entry without a name')
  if (path.startsWith('/')) throw unsafe(`${shown(path)}, an absolute path`)
  if (parts.includes('..')) throw unsafe(`${shown(path)}, a path that leads out of the target`)
  if (path.includes('\0')) throw unsafe(`${shown(path)}, a name with a zero byte`)
  // On Windows these separate folders and drives.
  if (process.platform === 'win32' && /[\\:]/.test(path)) throw unsafe(`${shown(path)}, no name on this system`)
  return parts
}

/**
 * Whether a link can lead nowhere but into the target. `..` is counted only where it comes first: there it starts at the
 * entry's own folder; behind a name it would start wherever that name, a link perhaps, leads.
 */
export function staysInside(parts: readonly string[], target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false
  const steps = target.split('/').filter(step => step !== '' && step !== '.')
  const down = steps.findIndex(step => step !== '..')
  const up = down < 0 ? steps.length : down
  return up < parts.length && !steps.slice(up).includes('..')
}

/** What a restore does not make: a link that leads out of the folder or, without a target, what bears a name of its own folders. */
export interface LeftOut {
  readonly path: string
  readonly target?: string
}

export interface MemberChecks {
  /**
   * Throws `unsafe-archive` for an entry that may not be, after those before it. Undefined for one that is to be left out: it
   * bears a name that restores keep for themselves, and the next one would take it for its own.
   */
  check(entry: TarEntry): readonly string[] | undefined
  /** Whether a path is an entry's that was checked, or a folder's on the way to one. */
  knows(path: string): boolean
  /** The uppermost paths that are left out for their names. */
  reserved(): readonly string[]
}

/** Remembers names, so it takes memory for each: about 100 bytes. */
export function checkMembers(): MemberChecks {
  const folders = new Set<string>()
  const files = new Set<string>()
  const links = new Set<string>()
  const reserved = new Set<string>()

  return {
    knows: path => files.has(path) || folders.has(path) || links.has(path),
    reserved: () => [...reserved],
    check(entry) {
      const parts = memberParts(entry.path)
      const name = parts.join('/')
      if (entry.kind === 'device' || entry.kind === 'other') throw unsafe(`${shown(name)}, which is no file`)
      if (name === '') {
        if (entry.kind === 'folder') return parts
        throw unsafe('an entry that would take the place of the target')
      }
      const own = parts.findIndex(looksOwn)
      if (own >= 0) {
        reserved.add(parts.slice(0, own + 1).join('/'))
        return undefined
      }
      for (let depth = parts.length - 1; depth > 0; depth--) {
        const folder = parts.slice(0, depth).join('/')
        if (folders.has(folder)) break
        if (links.has(folder)) throw unsafe(`${shown(name)}, to be written through the link ${shown(folder)}`)
        if (files.has(folder)) throw unsafe(`${shown(name)}, though ${shown(folder)} is a file`)
        folders.add(folder)
      }
      if (entry.kind === 'hard-link' && !files.has(memberParts(entry.target).join('/'))) {
        throw unsafe(`${shown(name)}, a hard link to ${shown(entry.target)}, which is no file before it`)
      }
      if (files.has(name) || links.has(name) || (folders.has(name) && entry.kind !== 'folder')) {
        throw unsafe(`${shown(name)} twice`)
      }
      const kind = entry.kind === 'folder' ? folders : entry.kind === 'link' ? links : files
      kind.add(name)
      return parts
    },
  }
}

function unsafe(what: string): ComebackError {
  return new ComebackError('unsafe-archive', `The archive holds ${what}. Nothing was written.`, {
    hint: 'Comeback never makes such an archive. Find out who did; restore another backup.',
  })
}

/** Names may hold anything, terminal codes among it. */
function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name)
}
