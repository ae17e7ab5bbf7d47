import pg from 'pg'
import { expect, it } from 'vitest'
import { startNewest } from './newest.ts'

it.each([15, 17, 18, 19] as const)(
  'a server of PostgreSQL %i at its newest runs, with its own programs',
  async major => {
    const server = await startNewest(major)
    try {
      const client = new pg.Client({ connectionString: server.url() })
      await client.connect()
      const { rows } = await client.query("SELECT current_setting('server_version_num')::int / 10000 AS major")
      await client.end()
      expect(rows).toEqual([{ major }])
    } finally {
      await server.stop()
    }
  },
)
