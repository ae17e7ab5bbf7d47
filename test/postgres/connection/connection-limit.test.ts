/** Limits of a role or a database, which fewer lanes can do nothing about. */
import { expect, test } from 'vitest'
import { createDatabaseSource } from '../../../src/postgres/dump.ts'
import { collectSegments } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { failure } from '../round-trip.ts'

const never = new AbortController().signal

test.each(['role', 'database'] as const)('a %s that may connect once is told what a backup takes', async limited => {
  await using database = await createDatabase(18)
  await using owner = await ordinaryRole([database])
  const [kind, name] = limited === 'role' ? ['ROLE', owner.name] : ['DATABASE', database.name]
  await database.query(`CREATE TABLE t AS SELECT 1 AS i; ALTER TABLE t OWNER TO ${owner.name}`)
  await database.query(`ALTER ${kind} ${name} CONNECTION LIMIT 1`)
  const options = { lanes: 1, schemaOnly: false, excludeTableData: [] }
  const url = owner.url(database)
  const read = (connectTimeout: number) =>
    createDatabaseSource({ url, connectTimeout, ...options }).read(collectSegments(), never)
  const error = await failure(read(1_000))
  expect(error.code).toBe('connection')
  expect(error.message).toContain(`too many connections for ${limited} "${name}"`)
  expect(error.hint).toContain('A backup takes at least two connections at a time')
  expect(error.hint).toContain(`ALTER ${kind} "${name}" CONNECTION LIMIT`)
  // Where pg_dump has the second one, the first reads the rows, too.
  await database.query(`ALTER ${kind} ${name} CONNECTION LIMIT 2`)
  expect((await read(15_000)).problems).toEqual([])
})
