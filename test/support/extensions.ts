/** A server with extensions of a test's own: small ones that stand for what real ones do. */
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Major, programs, startServerFrom, type TestServer } from './postgres.ts'

/** Scripts by the extensions' names, those of updates by `name--1--2`. */
export type Extensions = Readonly<Record<string, string>>

export async function startWithExtensions(
  major: Major,
  extensions: Extensions,
): Promise<Omit<TestServer, 'major'> & AsyncDisposable> {
  // Where the programs lie decides where the server looks for extensions.
  const copy = mkdtempSync(join(tmpdir(), 'comeback-extensions-'))
  cpSync(programs(major), copy, { recursive: true, verbatimSymlinks: true })
  chmodSync(copy, 0o755)
  const folder = join(copy, 'share', 'postgresql', 'extension')
  for (const [name, script] of Object.entries(extensions)) {
    if (name.includes('--')) {
      writeFileSync(join(folder, `${name}.sql`), script)
      continue
    }
    writeFileSync(join(folder, `${name}.control`), "default_version = '1'\nrelocatable = false\n")
    writeFileSync(join(folder, `${name}--1.sql`), script)
  }
  const server = await startServerFrom(join(copy, 'bin'), {})
  const stop = async () => {
    await server.stop()
    rmSync(copy, { recursive: true, force: true })
  }
  return { ...server, stop, [Symbol.asyncDispose]: stop }
}
