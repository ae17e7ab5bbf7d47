import { expect, test } from 'vitest'
import { createDatabase } from './database.ts'

test.each([14, 18] as const)('a disposable PostgreSQL %i runs', async major => {
  await using database = await createDatabase(major)
  const rows = await database.query('SHOW server_version_num')
  expect(String(rows[0]?.server_version_num).slice(0, 2)).toBe(String(major))
})
