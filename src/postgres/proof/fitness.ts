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

/**
 * Whether the server's library sorts by the same version of the locale. Another version is worth a word, as few texts change their
 * place. A C library that has none where the source's had one sorts by code points, whatever the locale is called: musl, in Alpine.
 */
export async function otherSorting(
  connection: Connection,
  { locale, collate }: DatabaseDetail,
): Promise<readonly ProofFinding[]> {
  const wanted = locale?.version ?? null
  if (wanted === null) return []
  const [row] = await connection.query<{ version: string | null }>(
    "SELECT pg_catalog.to_jsonb(d) ->> 'datcollversion' AS version FROM pg_catalog.pg_database d WHERE datname = pg_catalog.current_database()",
  )
  const here = row?.version ?? null
  if (here === wanted) return []
  const subject = `locale ${collate}`
  if (here === null && locale?.provider === 'libc') {
    const message = `The disposable server's C library has no version of the locale ${collate}, and may sort by code points: the order of text was not seen.`
    return [{ code: 'locale-unavailable', subject, message, hint: 'Use an image of Debian instead of Alpine.' }]
  }
  const message = `The source's library sorts text by version ${wanted} of its locale, the disposable server's by ${here ?? 'none'}: a few texts may come in another order.`
  return [{ code: 'target-differs', subject, message }]
}

export function majorOf(version: number): number {
  return Math.floor(version / 10_000)
}
