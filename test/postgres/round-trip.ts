/** The database's way through Source and Sink, without anything between them. */
import type { Sink, SinkResult, StoredBackup } from '../../src/engine/ports.ts'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { createDatabaseSink, type DatabaseSinkOptions } from '../../src/postgres/restore.ts'
import { collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'

const never = new AbortController().signal

export async function backUp(url: string, schemaOnly = false): Promise<StoredBackup> {
  const out = collectSegments()
  const source = createDatabaseSource({ url, connectTimeout: 10_000, lanes: 2, schemaOnly, excludeTableData: [] })
  const result = await source.read(out, never)
  return storedBackup(out.segments, result)
}

export function sinkOf(url: string, options: Partial<DatabaseSinkOptions> = {}): Sink {
  return createDatabaseSink({ url, connectTimeout: 10_000, lanes: 3, mode: undefined, ...options })
}

export async function restore(
  url: string,
  backup: StoredBackup,
  options: Partial<DatabaseSinkOptions> = {},
  signal: AbortSignal = never,
): Promise<SinkResult> {
  return await sinkOf(url, options).restore(backup, countProgress(), signal)
}
