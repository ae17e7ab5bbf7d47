import { expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { runBatch } from '../../../src/postgres/restore/batch.ts'
import { createDatabase } from '../../support/database.ts'

const signal = new AbortController().signal

test.each([14, 18] as const)('on PostgreSQL %i a batch tells which of its statements failed', async major => {
  await using database = await createDatabase(major)
  await using connection = await connect({ url: database.url, connectTimeout: 10_000, signal })
  const failing = async (...statements: string[]) => (await runBatch(connection, statements))?.index
  expect(await failing('CREATE TABLE a (i int)', 'INSERT INTO a VALUES (1)', 'SELECT * FROM a')).toBeUndefined()
  expect(await failing()).toBeUndefined()
  expect(await failing('SELECT 1', "SELECT 'x' -- ☃", 'SELECT 1 / 0', 'SELECT 2')).toBe(2)
  // Nothing runs if one cannot be parsed, so only its position tells; it counts characters, not bytes.
  expect(await failing("SELECT '☃🙂ü'", 'SELECT 1', 'SELEKT 1', 'SELECT 2')).toBe(2)
  expect(await failing('SELECT 1', 'SELECT missing')).toBe(1)
  // A position inside a function's own text says nothing about the batch.
  expect(await failing('SELECT 1', "DO $$ BEGIN EXECUTE 'SELEKT'; END $$", 'SELECT 2')).toBe(1)
  expect(await failing('INSERT INTO a VALUES (2)', 'SELECT 1 / 0')).toBe(1)
  expect(await database.query('SELECT * FROM a')).toEqual([{ i: 1 }])
})
