/** Everything that a run can be in the middle of, and how to tell afterwards whether all is well. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TEST_KEY } from '../support/cli.ts'
import { type Contents, databaseContents, emptyFolder, folderContents } from './ground.ts'
import {
  anyKnown,
  backupFaults,
  backupOf,
  type Component,
  change,
  contentsOf,
  type Faulted,
  forget,
  last,
  learn,
  type Post,
  sessionFaults,
  storeFaults,
} from './post.ts'
import type { Command, Ended, Given } from './subject.ts'

export interface Attempt {
  /** `through` is how the database is reached. */
  command(through: (url: string) => string): Command
  /** After an end that was not its own. */
  survived(): Promise<readonly Faulted[]>
  /** After it said that all is well. */
  done(ended: Ended): Promise<readonly Faulted[]>
  end(): Promise<void>
}

export interface Deed {
  readonly what: string
  /** Whether it speaks to a database at all. */
  readonly database: boolean
  begin(post: Post): Promise<Attempt>
}

const nothing = async (): Promise<void> => undefined

export function backing(component: Component): Deed {
  return {
    what: `backup of ${component}`,
    database: component === 'database',
    async begin(post) {
      await change(post, component)
      return {
        command: through => backupOf(post, component, through(post.ground.source)),
        survived: async () => [...(await sessionFaults(post)), ...(await storeFaults(post))],
        async done({ report }) {
          const id = String(report?.backups?.[0]?.id)
          await learn(post)
          const held = post.known.get(id)?.contents
          const wrong = held === (await contentsOf(post, component)) ? [] : [lie(`${id} is not what was backed up`)]
          return [...wrong, ...(await backupFaults(post, id))]
        },
        end: nothing,
      }
    },
  }
}

export function restoring(mode: 'atomic' | 'swap' | 'parallel'): Deed {
  return {
    what: `restore, ${mode}`,
    database: true,
    async begin(post) {
      const { ground, known } = post
      const id = anyKnown(post, 'database')
      const url = await ground.emptyDatabase()
      const name = new URL(url).pathname.slice(1)
      // Something of somebody's, which a restore that does not end must leave alone.
      if (mode !== 'parallel') await ground.query('CREATE TABLE person (mine int); INSERT INTO person VALUES (1)', url)
      const before = await databaseContents(url)
      const wanted = known.get(id)?.contents
      const given = { at: id, mode, confirm: name, 'safety-store': 'file:safety' }
      const again = { ...given, mode: mode === 'parallel' ? 'atomic' : mode }
      let runs = 0
      return {
        // What a killed parallel restore leaves is replaced in one transaction.
        command: through => ({
          verb: 'restore',
          component: 'database',
          given: { ...(runs++ === 0 ? given : again), 'target-url': through(url) },
        }),
        async survived() {
          const sessions = await sessionFaults(post)
          const after = mode === 'parallel' ? wanted : await databaseContents(url)
          const half =
            after === before || after === wanted ? [] : [loss(`${name} is neither what it was nor the backup`)]
          return [...sessions, ...half]
        },
        done: async () => ((await databaseContents(url)) === wanted ? [] : [lie(`${name} is not the backup ${id}`)]),
        async end() {
          const kept = await ground.query(`SELECT datname FROM pg_database WHERE datname LIKE '${name}\\_%'`)
          for (const { datname } of kept) await ground.drop(url.replace(/[^/]*$/, String(datname)))
          await ground.drop(url)
        },
      }
    },
  }
}

export function restoringFiles(how: 'new' | 'overwrite'): Deed {
  return {
    what: `restore of files, ${how}`,
    database: false,
    async begin(post) {
      const { subject, known } = post
      const id = anyKnown(post, 'files')
      const wanted = known.get(id)?.contents
      const into = `files-${how}`
      const target = join(subject.folder, into)
      emptyFolder(target)
      let before: Contents = 'none'
      if (how === 'overwrite') {
        const other = anyKnown(post, 'files')
        await subject.run({ verb: 'restore', component: 'files', given: { at: other, into } })
        before = folderContents(join(target, 'uploads'))
      }
      const given: Given = { at: id, into, ...(how === 'overwrite' ? { overwrite: true } : {}) }
      return {
        command() {
          // A run that had ended before it could be hurt has made it already, and a new folder is made once.
          if (how === 'new') emptyFolder(target)
          return { verb: 'restore', component: 'files', given }
        },
        async survived() {
          const after = folderContents(join(target, 'uploads'))
          return after === before || after === wanted ? [] : [loss(`${into} is neither what it was nor the backup`)]
        },
        async done() {
          return folderContents(join(target, 'uploads')) === wanted ? [] : [lie(`${into} is not the backup ${id}`)]
        },
        async end() {
          for (const name of readdirSync(subject.folder)) {
            if (name.startsWith(into)) rmSync(join(subject.folder, name), { recursive: true, force: true })
          }
        },
      }
    },
  }
}

export function pruning(): Deed {
  return {
    what: 'prune',
    database: false,
    async begin(post) {
      for (const days of [-50, -45, -40]) {
        await change(post, 'files')
        const command = backupOf(post, 'files')
        await post.subject.run(command, { days })
        await learn(post)
      }
      const judge = async (): Promise<readonly Faulted[]> => {
        await forget(post)
        return [...(await storeFaults(post)), ...(await backupFaults(post, anyKnown(post)))]
      }
      return {
        command: () => ({ verb: 'prune', given: { apply: true } }),
        survived: judge,
        done: judge,
        end: nothing,
      }
    },
  }
}

export function copying(): Deed {
  let copies = 0
  return {
    what: 'copy',
    database: false,
    async begin(post) {
      const name = `copy-${copies++}`
      const to = `file:${name}`
      const folder = join(post.subject.folder, name)
      const check = async (): Promise<readonly Faulted[]> => {
        if (!existsSync(folder)) return []
        const ended = await post.subject.run({ verb: 'check', given: { store: to, read: true } })
        return ended.code === 0 ? [] : [loss(`check --read of the copy: ${ended.code} ${last(ended)}`)]
      }
      return {
        command: () => ({ verb: 'copy', given: { to } }),
        survived: check,
        done: async () => [...(await check()), ...(await backupFaults(post, anyKnown(post), to))],
        end: async () => emptyFolder(folder),
      }
    },
  }
}

export function importing(): Deed {
  let days = 0
  return {
    what: 'import',
    database: false,
    async begin(post) {
      const { folder } = post.subject
      // Each under a day of its own, long ago, as an old folder has them.
      const day = new Date(Date.UTC(2026, 0, 1 + days++)).toISOString().slice(0, 10).replaceAll('-', '')
      writeOldFiles(join(folder, 'old', 'files', `files_${day}_020000.tar.gz.enc`), join(folder, 'uploads'))
      return {
        command: () => ({ verb: 'import', given: { from: 'old' } }),
        survived: () => storeFaults(post),
        async done() {
          const faults = await storeFaults(post)
          const id = [...post.known.keys()].find(known => known.startsWith(`${day}T`))
          return [...faults, ...(id === undefined ? [lie(`${day} is not there`)] : await backupFaults(post, id))]
        },
        end: async () => emptyFolder(join(folder, 'old')),
      }
    },
  }
}

/** As the old scripts did it. */
function writeOldFiles(path: string, uploads: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const script = 'tar -C "$1" -czf - uploads | openssl enc -aes-256-cbc -salt -pbkdf2 -pass env:KEY -out "$2"'
  execFileSync('sh', ['-c', script, 'sh', dirname(uploads), path], { env: { ...process.env, KEY: TEST_KEY } })
}

export function verifying(): Deed {
  return {
    what: 'verify',
    database: true,
    async begin(post) {
      const url = await post.ground.emptyDatabase()
      const at = anyKnown(post, 'database')
      return {
        command: through => ({
          verb: 'verify',
          component: 'database',
          given: { at, 'target-url': through(url), disposable: true },
        }),
        survived: async () => [...(await sessionFaults(post)), ...(await storeFaults(post))],
        async done({ report }) {
          const left = await post.ground.query("SELECT datname FROM pg_database WHERE datname LIKE 'comeback_proof_%'")
          const names = left.map(({ datname }) => datname).join(', ')
          return [
            ...(report?.verdict === 'verified' ? [] : [lie(`exit code 0 and ${report?.verdict}`)]),
            ...(names === '' ? [] : [{ fault: 'left', why: names } as const]),
          ]
        },
        end: () => post.ground.drop(url),
      }
    },
  }
}

function lie(why: string): Faulted {
  return { fault: 'lie', why }
}

function loss(why: string): Faulted {
  return { fault: 'loss', why }
}
