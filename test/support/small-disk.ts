/** A disk that is nearly full: a tmpfs, or a tablespace on one. Mounting takes root, or sudo without a password. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestDatabase } from './database.ts'

/** The user that the test servers run as. */
const NOBODY = 65534
const isRoot = process.getuid?.() === 0

export interface SmallDisk extends AsyncDisposable {
  readonly tablespace: string
}

/** `admin` is any database of the server. Everything in the tablespace must be gone when it is disposed of. */
export async function smallDisk(admin: TestDatabase, mebibytes: number): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-disk-'))
  mountSmallDisk(folder, mebibytes * 1024 * 1024, isRoot ? NOBODY : process.getuid?.())
  const tablespace = `small_${basename(folder).replace('comeback-disk-', '').toLowerCase()}`
  await admin.query(`CREATE TABLESPACE "${tablespace}" LOCATION '${folder}'`)
  return {
    tablespace,
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP TABLESPACE "${tablespace}"`)
      unmountSmallDisk(folder)
    },
  }
}

/** Over an empty folder. */
export function mountSmallDisk(folder: string, bytes: number, owner = process.getuid?.()): void {
  asRoot('mount', ['-t', 'tmpfs', '-o', `size=${bytes},uid=${owner},mode=700`, 'tmpfs', folder])
}

/** The folder goes with it. */
export function unmountSmallDisk(folder: string): void {
  asRoot('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
}

function asRoot(program: string, args: readonly string[]): void {
  const [command = program, ...all] = isRoot ? [program, ...args] : ['sudo', '-n', program, ...args]
  const { status, stderr, error } = spawnSync(command, all, { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`${program} is not permitted here, so no full disk can be tested: ${error ?? stderr}`)
}
