/** Whatever a database holds can be dropped again: to be replaced, and after a restore into an empty one that failed. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ComebackError } from '../../../src/errors.ts'
import { countProgress } from '../../fakes/segments.ts'
import { createDatabase } from '../../support/database.ts'
import { fingerprint } from '../../support/fingerprint.ts'
import { MAJORS } from '../../support/thorough.ts'
import { backUp, failure, restore } from '../round-trip.ts'

const DROPPABLE = readFileSync(new URL('../../fixtures/sql/droppable.sql', import.meta.url), 'utf8')
const STEPS = [
  'Creating tables',
  'Loading rows and building indexes',
  'Checking foreign keys',
  'Creating triggers, rules and policies',
  'Filling materialized views',
]

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('objects whose DROP needs care are replaced in one transaction', async () => {
    await using database = await createDatabase(major)
    await database.query(DROPPABLE)
    const before = await fingerprint(database.url)
    await restore(database.url, await backUp(database.url), { mode: 'atomic' })
    expect(await fingerprint(database.url)).toEqual(before)
  })

  test('a restore that ends at any step leaves the target as it was, with what it had outside of schemas', async () => {
    await using source = await createDatabase(major)
    await source.query(DROPPABLE)
    const backup = await backUp(source.url)
    await using target = await createDatabase(major)
    // Of the same names as in the backup: what is there already is not the restore's to drop.
    await target.query(
      `CREATE PUBLICATION everything FOR ALL TABLES; CREATE FOREIGN DATA WRAPPER "Far; away" OPTIONS (mine 'yes')`,
    )
    const before = await fingerprint(target.url)
    const reached = new Set<string>()
    for (const step of STEPS) {
      const abort = new AbortController()
      const stopped = new ComebackError('cancelled', `Stopped at ${step}.`)
      const progress = {
        ...countProgress(),
        phase(text: string) {
          reached.add(text)
          if (text === step) abort.abort(stopped)
        },
      }
      const error = await failure(restore(target.url, backup, {}, abort.signal, progress))
      expect(error.message).toBe(`Stopped at ${step}. What had been restored was dropped: the target is empty again.`)
      expect(await fingerprint(target.url)).toEqual(before)
    }
    expect([...reached]).toEqual(expect.arrayContaining(STEPS))
    await restore(target.url, backup)
  })
})
