import { expect, test } from 'vitest'
import { createEverything } from '../../fixtures/everything.ts'
import { needTools } from '../../support/stock-tool.ts'
import { differences } from './both-clients.ts'

const PG_DUMP_15 = '/usr/lib/postgresql/15/bin/pg_dump'

test('the bundled pg_dump says of a PostgreSQL 15 what its own says, entry by entry', async context => {
  needTools(context, PG_DUMP_15)
  await using database = await createEverything(15)
  expect(await differences(database.url, PG_DUMP_15)).toEqual([])
})
