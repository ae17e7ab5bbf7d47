/** Where pg_dump programs lie on a machine. */
import { access, constants, realpath } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** Where to look; a test has one of its own. */
export interface Machine {
  /** `/`. */
  readonly root: string
  /** PATH, and what Docker's client wants to know. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Debian's, which asks a configuration of its own which version to run. */
const WRAPPER = /\/postgresql-common\/pg_wrapper$/

/** Existing programs that may be pg_dumps of these majors, each once, the packages' own folders first. */
export async function pgDumpPrograms(machine: Machine, majors: readonly number[]): Promise<readonly string[]> {
  const folders = [
    ...majors.flatMap(major => packageFolders(major)).map(folder => join(machine.root, folder)),
    ...onPath(machine),
  ]
  const found = new Map<string, string>()
  for (const folder of folders) {
    const path = join(folder, process.platform === 'win32' ? 'pg_dump.exe' : 'pg_dump')
    const real = await runnable(path)
    if (real !== undefined && !WRAPPER.test(real) && !found.has(real)) found.set(real, path)
  }
  return [...found.values()]
}

/** The first of that name on the PATH. */
export async function programOnPath(machine: Machine, name: string): Promise<string | undefined> {
  for (const folder of onPath(machine)) {
    const path = join(folder, name)
    if ((await runnable(path)) !== undefined) return path
  }
  return undefined
}

function packageFolders(major: number): readonly string[] {
  return [
    // Debian and Ubuntu, the PostgreSQL project's RPMs, openSUSE, Alpine, Gentoo.
    `usr/lib/postgresql/${major}/bin`,
    `usr/pgsql-${major}/bin`,
    `usr/lib/postgresql${major}/bin`,
    `usr/libexec/postgresql${major}`,
    `usr/lib64/postgresql-${major}/bin`,
    // Homebrew, MacPorts, Postgres.app, EDB's installer.
    ...['opt/homebrew', 'usr/local', 'home/linuxbrew/.linuxbrew'].flatMap(prefix => [
      `${prefix}/opt/postgresql@${major}/bin`,
      `${prefix}/opt/libpq/bin`,
    ]),
    `opt/local/lib/postgresql${major}/bin`,
    `Applications/Postgres.app/Contents/Versions/${major}/bin`,
    `Library/PostgreSQL/${major}/bin`,
    `Program Files/PostgreSQL/${major}/bin`,
  ]
}

/** A folder that depends on where one stands is nobody's choice. */
function onPath({ environment }: Machine): readonly string[] {
  return (environment.PATH ?? '').split(delimiter).filter(isAbsolute)
}

/** Its real path, if it is there and may be run. */
async function runnable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK)
    return await realpath(path)
  } catch {
    // Not there, or not ours to run: both mean the same here.
    return undefined
  }
}
