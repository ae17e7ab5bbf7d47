import { expect, test } from 'vitest'
import { createTally } from '../../../src/postgres/migrate/lock-sampler.ts'

const tables = new Map([['1', 'public.users']])
const lock = (mode: string, transaction: string, oid = '1') => ({ oid, mode: `${mode}Lock`, transaction })

test('a lock lasts from the first to the last sample of one transaction, and the longest counts', () => {
  const tally = createTally(tables, 50)
  tally.see([lock('AccessExclusive', '3/1')], 0)
  tally.see([lock('AccessExclusive', '3/1')], 50)
  tally.see([lock('AccessExclusive', '3/2')], 100)
  tally.see([lock('AccessExclusive', '3/2')], 150)
  tally.see([lock('AccessExclusive', '3/2')], 200)
  tally.see([], 250)
  tally.see([lock('AccessExclusive', '3/3')], 300)
  expect(tally.longest()).toEqual([
    { table: 'public.users', mode: 'AccessExclusiveLock', seconds: 0.15, blocks: 'reads and writes' },
  ])
})

test('a lock that is taken again by several transactions at once, as for an index built concurrently, is one', () => {
  const tally = createTally(tables, 50)
  tally.see([lock('ShareUpdateExclusive', '3/1')], 0)
  tally.see([lock('ShareUpdateExclusive', '3/2')], 1_000)
  expect(tally.longest()).toMatchObject([{ seconds: 1.05, blocks: 'schema changes' }])
})

test('tables that the migration made are nobody else’s', () => {
  const tally = createTally(tables, 50)
  tally.see([lock('AccessExclusive', '3/1', '2'), lock('Share', '3/1')], 0)
  expect(tally.longest()).toMatchObject([{ table: 'public.users', blocks: 'writes' }])
})
