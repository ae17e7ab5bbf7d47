import { expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { unseenProblems } from '../../../src/postgres/dump/unseen.ts'
import { createDatabase } from '../../support/database.ts'

test.each([14, 18] as const)('what pg_dump leaves out without a word is told, on PostgreSQL %i', async major => {
  await using database = await createDatabase(major)
  const role = `${database.name}_role`
  await using connection = await connect({
    url: database.url,
    connectTimeout: 5_000,
    signal: new AbortController().signal,
  })
  await database.query('CREATE TABLE t (n int); INSERT INTO t VALUES (1), (1); CREATE INDEX fine ON t (n)')
  expect(await unseenProblems(connection)).toEqual([])
  await expect(database.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON t (n)')).rejects.toThrow('could not create')
  await database.query(`CREATE ROLE ${role}; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER away FOREIGN DATA WRAPPER w;
    ALTER SERVER away OWNER TO ${role}; CREATE USER MAPPING FOR postgres SERVER away OPTIONS (password 'p');
    CREATE USER MAPPING FOR PUBLIC SERVER away; CREATE USER MAPPING FOR ${role} SERVER away`)
  try {
    const asSuperuser = await unseenProblems(connection)
    expect(asSuperuser.map(({ entries }) => entries)).toEqual([['public.broken']])
    await connection.query(`SET ROLE ${role}`)
    const asOwner = await unseenProblems(connection)
    expect(asOwner.map(({ entries }) => entries)).toEqual([['public.broken'], ['postgres on server away']])
  } finally {
    await connection.query('RESET ROLE')
    await database.query(`DROP FOREIGN DATA WRAPPER w CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})
