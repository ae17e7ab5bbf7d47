/** A database of all that deparses to another text once it was loaded, on a server that the test names. */
import { readFileSync } from 'node:fs'
import pg from 'pg'

const SINCE = [16, 17, 18] as const

export async function createReprinted(url: string, major: number): Promise<void> {
  const script = (name: string) => readFileSync(new URL(`../../fixtures/${name}.sql`, import.meta.url), 'utf8')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(script('reprinted'))
    for (const since of SINCE) if (major >= since) await client.query(script(`reprinted-${since}`))
  } finally {
    await client.end()
  }
}
