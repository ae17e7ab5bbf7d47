import pg from 'pg'
import { expect, test } from 'vitest'
import { countProgress } from '../../../fakes/segments.ts'
import { createDatabase } from '../../../support/database.ts'
import { ordinaryRole } from '../../../support/ordinary-role.ts'
import { backendsOf, backUp, sinkOf } from '../../round-trip.ts'

const never = new AbortController().signal

test('the plan of a swap says under which name the database is kept, that nothing is lost, and who is in the way', async () => {
  await using source = await createDatabase(18)
  await using target = await createDatabase(18)
  await using owner = await ordinaryRole([source, target], 'CREATEDB')
  await target.query('CREATE TABLE mine AS SELECT 1 AS id')
  const backup = await backUp(source.url)
  const client = new pg.Client({ connectionString: owner.url(target), application_name: 'a shop' })
  await client.connect()
  // The backends that made the table and read the backup take their time to end, and would be in the way, too.
  await expect.poll(() => backendsOf({ ...target, query: source.query })).toBe(1)
  const plan = await sinkOf(owner.url(target), { mode: 'swap', confirm: undefined }).inspect(
    backup,
    countProgress(),
    never,
  )
  await client.end()
  expect(plan).toMatchObject({
    mode: 'swap',
    kept: `${target.name}_before_20261123T020000Z-7f3a91`,
    needsConfirmation: true,
    losses: [],
    problems: [
      {
        message: expect.stringContaining(
          `, a shop, from 127.0.0.1). While anybody is connected, the restore is refused.`,
        ),
        hint: expect.stringContaining('--end-sessions'),
      },
    ],
  })
  expect(plan.refusal).toBeUndefined()
})

test('the plan of a swap that the role may not make says what is missing', async () => {
  await using source = await createDatabase(18)
  await using target = await createDatabase(18)
  await using owner = await ordinaryRole([source, target])
  const plan = await sinkOf(owner.url(target), { mode: 'swap' }).inspect(
    await backUp(source.url),
    countProgress(),
    never,
  )
  expect(plan.refusal).toMatchObject({ code: 'permission', hint: expect.stringContaining('CREATEDB') })
})
