/** Whether a proof on this server would say anything, and in what the server is not like the one that was backed up. */
import type { ProofFinding } from '../../engine/proof.ts'
import type { Connection } from '../connection/connection.ts'
import type { DatabaseDetail } from '../detail.ts'
import { imageOf, imageWith } from './images.ts'

/** What makes a proof on this server worth nothing. */
export async function findUnfit(connection: Connection, detail: DatabaseDetail): Promise<readonly ProofFinding[]> {
  const major = majorOf(detail.serverVersion)
  const other = majorOf(connection.serverVersion)
  if (major !== other) {
    return [
      {
        code: 'wrong-major',
        subject: `PostgreSQL ${other}`,
        message: `The backup is of PostgreSQL ${major}, the disposable server is PostgreSQL ${other}: a proof there would say little.`,
        hint: `Use the image ${imageOf(major)}.`,
      },
    ]
  }
  const available = await connection.query<{ name: string }>(
    'SELECT name::text AS name FROM pg_catalog.pg_available_extensions',
  )
  const names = new Set(available.map(({ name }) => name))
  return detail.extensions
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({
      code: 'extension-unavailable',
      subject: `extension ${name}`,
      message: `The disposable server does not have the extension ${name}, which the backup needs.`,
      hint: imageWith(name, major),
    }))
}

/** Extensions that came back in another version than the backup's database had. */
export async function otherVersions(connection: Connection, detail: DatabaseDetail): Promise<readonly ProofFinding[]> {
  const installed = await connection.query<{ name: string; version: string }>(
    'SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension',
  )
  const versions = new Map(installed.map(({ name, version }) => [name, version]))
  return detail.extensions.flatMap(({ name, version }) => {
    const here = versions.get(name)
    if (here === undefined || here === version) return []
    const message = `The extension ${name} is ${version} in the backup's database, and ${here} here.`
    return [{ code: 'extension-version' as const, subject: `extension ${name}`, message }]
  })
}

export function majorOf(version: number): number {
  return Math.floor(version / 10_000)
}
