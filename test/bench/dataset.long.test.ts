import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { expect, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { appendOnePercent, fillMixed, updateOnePercent } from './dataset.ts'

const MEGABYTES = 6

test('the mixed rows are as many bytes as asked for, compress like real ones, and lie in the order of their ids', async () => {
  await using database = await createDatabase(18)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await fillMixed(client, MEGABYTES)
    const text = Buffer.concat([await copyText(client, 'orders'), await copyText(client, 'accounts')])
    expect(text.length / 1e6 / MEGABYTES).toBeCloseTo(1, 1)
    const compressed = gzipSync(text, { level: 6 }).length / text.length
    expect(compressed).toBeGreaterThan(0.27)
    expect(compressed).toBeLessThan(0.33)

    const count = Number((await database.query('SELECT count(*) AS n FROM orders'))[0]?.n)
    await appendOnePercent(client)
    expect(
      await database.query(
        'SELECT array_agg(id ORDER BY ctid) = array_agg(id ORDER BY id) AS sorted, count(*)::integer AS n FROM orders',
      ),
    ).toEqual([{ sorted: true, n: count + Math.ceil(count / 100) }])
    await updateOnePercent(client, 3)
    const changed = Number((await database.query(`SELECT count(*) AS n FROM orders WHERE details ? 'changed'`))[0]?.n)
    expect(changed / count).toBeCloseTo(0.01, 2)
    expect(changed).toBeGreaterThan(0)
  } finally {
    await client.end()
  }
})

async function copyText(client: pg.Client, table: string): Promise<Buffer> {
  return Buffer.concat(await client.query(copyTo(`COPY ${table} TO STDOUT`)).toArray())
}
