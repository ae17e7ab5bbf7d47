/** What a database holds, as a foreign pg_dump tells it: our own reading is what is tried here, so it can't be the judge. */
import { execFileSync, spawnSync } from 'node:child_process'
import { digests } from '../support/fingerprint.ts'
import type { RoundTripServer } from './servers.ts'

export interface Contents {
  /** pg_dump's entries without their order. */
  readonly schema: readonly string[]
  readonly rows: Readonly<Record<string, string>>
}

export async function contentsOf(server: RoundTripServer, url: string): Promise<Contents> {
  const { pgDump } = server
  const superuser = asSuperuser(server, url)
  const text = execFileSync(pgDump, ['--schema-only', superuser], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const entries = text
    .replaceAll(/^\\(un)?restrict .*$/gm, '')
    .split(/^--\n(?=-- Name: )/m)
    .slice(1)
    .map(entry => entry.trim())
  return { schema: entries.toSorted(), rows: await digests(superuser) }
}

/** What the server's own tools make of the source; where they stumble they go on, as people let them. */
export function copyByPgDump(server: RoundTripServer, from: string, to: string): void {
  const dump = spawnSync(server.pgDump, [asSuperuser(server, from)], { maxBuffer: 2 ** 30 })
  spawnSync(server.psql, ['-q', '-X', asSuperuser(server, to)], { input: dump.stdout })
}

export function differences(a: Contents, b: Contents): readonly string[] {
  const only = (some: readonly string[], others: readonly string[]) => {
    const left = new Set(others)
    return some.filter(one => !left.has(one)).map(one => one.split('\n')[0] ?? '')
  }
  const names = new Set([...Object.keys(a.rows), ...Object.keys(b.rows)])
  return [
    ...only(a.schema, b.schema).map(name => `missing ${name}`),
    ...only(b.schema, a.schema).map(name => `new ${name}`),
    ...[...names].filter(name => a.rows[name] !== b.rows[name]).map(name => `rows of ${name}`),
  ]
}

function asSuperuser(server: RoundTripServer, url: string): string {
  return Object.assign(new URL(server.url()), { pathname: new URL(url).pathname }).href
}
