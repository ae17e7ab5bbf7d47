/** Runs the gate against a test's database, as a proof does. */

import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import type { Migration } from '../../../src/engine/migration.ts'
import { type MigrationRequest, runMigration } from '../../../src/postgres/migrate/run-migration.ts'

export interface Gate {
  readonly migration: Migration
  /** What the command wrote. */
  readonly lines: readonly string[]
  /** All that a reader of the report could see. */
  readonly report: string
}

export async function gate(
  url: string,
  command: string,
  options: Partial<Pick<MigrationRequest, 'assertions' | 'timeout' | 'signal' | 'environment' | 'schemaOnly'>> = {},
): Promise<Gate> {
  const signal = options.signal ?? new AbortController().signal
  const lines: string[] = []
  const migration = await runMigration({
    command,
    cwd: tmpdir(),
    environment: { PATH: process.env.PATH, NODE: process.execPath },
    url,
    backup: '20261125T050000Z-0a1b2c',
    connect: { url, connectTimeout: 10_000, signal },
    assertions: async () => ({ outcomes: [], findings: [] }),
    output: line => lines.push(line),
    progress: { phase: () => undefined },
    signal,
    ...options,
  })
  return { migration, lines, report: JSON.stringify(migration) }
}

/** A command that runs a script with a connected `client` of pg, which it ends. */
export function nodeScript(body: string): string {
  const library = createRequire(import.meta.url).resolve('pg')
  const script = `
    const pg = require(${JSON.stringify(library)})
    const main = async () => {
      const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
      client.on('error', () => {})
      await client.connect()
      try { ${body} } finally { await client.end() }
    }
    main().catch(error => { console.error(error.message); process.exit(1) })`
  return `"$NODE" -e ${shellQuoted(script)}`
}

export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
