import { describe, expect, test } from 'vitest'
import { createEverything } from '../fixtures/everything.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { type Fingerprint, fingerprint } from '../support/fingerprint.ts'
import { backUp, restore } from './round-trip.ts'

const MAJORS = [14, 18] as const

/** Which partition of an enum's hash holds a row is another one after a restore; all of them together hold the same. */
async function everythingIn(database: TestDatabase): Promise<Fingerprint> {
  const { schema, rows } = await fingerprint(database.url)
  const [mood] = await database.query(
    'SELECT count(*), md5(string_agg(m::text, chr(10) ORDER BY m::text)) FROM cb.by_mood m',
  )
  const others = Object.entries(rows).filter(([name]) => !name.startsWith('cb.by_mood_'))
  return { schema, rows: Object.fromEntries([...others, ['cb.by_mood', JSON.stringify(mood)]]) }
}

describe.each(MAJORS)('on PostgreSQL %i', major => {
  test('one of everything comes back in parallel into an empty database', { timeout: 240_000 }, async () => {
    await using source = await createEverything(major)
    await using target = await createDatabase(major, 'TEMPLATE template0')
    const backup = await backUp(source.url)
    const result = await restore(target.url, backup)
    expect(result.problems).toEqual([])
    expect(await everythingIn(target)).toEqual(await everythingIn(source))
  })

  test('one of everything replaces another database in one transaction', { timeout: 240_000 }, async () => {
    await using source = await createEverything(major)
    await using target = await createEverything(major)
    const before = await everythingIn(source)
    await target.query('DROP TABLE cb.holes CASCADE; TRUNCATE cb.nasty_text CASCADE; CREATE TABLE cb.intruder (i int)')
    const result = await restore(target.url, await backUp(source.url), { mode: 'atomic' })
    // Dropping a subscription would reach for its slot on another server.
    const kept = ['cb_subscription', 'dialect_plain', 'dialect_streams', ...(major >= 15 ? ['cb_newer'] : [])].sort()
    expect(result.problems.map(({ message }) => message)).toEqual(
      kept.map(name => `The target has a subscription ${name}, which stays as it is.`),
    )
    expect(await everythingIn(target)).toEqual(before)
  })
})
