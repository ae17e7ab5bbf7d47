import pg from 'pg'
import { expect, test } from 'vitest'
import { discardDatabase } from '../../../src/postgres/restore/discard-database.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { ordinaryRole } from '../../support/ordinary-role.ts'
import { failure } from '../round-trip.ts'

const never = new AbortController().signal
const KEPT = '_before_20261123T020000Z-7f3a91'

async function names({ query, name }: TestDatabase) {
  const rows = await query('SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY 1', [`${name}%`])
  return rows.map(({ datname }) => datname)
}

function discard(url: string, name: string, confirm: string | undefined, endSessions = false) {
  return discardDatabase({ url, connectTimeout: 10_000, endSessions }, name, confirm, never)
}

test('what a swap has kept, and what a killed one has left, is dropped when its name is confirmed', async () => {
  await using live = await createDatabase(18)
  await using owner = await ordinaryRole([live], 'CREATEDB')
  for (const suffix of [KEPT, '_restoring_0102ff']) {
    const name = `${live.name}${suffix}`
    await live.query(`CREATE DATABASE "${name}" OWNER ${owner.name}`)
    const unconfirmed = await failure(discard(owner.url(live), name, undefined))
    expect(unconfirmed).toMatchObject({ code: 'usage', hint: `To drop it, add --confirm ${name}.` })
    expect((await failure(discard(owner.url(live), name, live.name))).code).toBe('usage')
    expect(await names(live)).toEqual([live.name, name])
    expect(await discard(owner.url(live), name, name)).toEqual([
      expect.stringMatching(new RegExp(`^The database ${name} was dropped, which held \\d+ `)),
    ])
    expect(await names(live)).toEqual([live.name])
  }
})

test('no other database is dropped, whatever is confirmed', async () => {
  await using live = await createDatabase(18)
  const other = `${live.name}_before_migration`
  await live.query(`CREATE DATABASE "${other}"`)
  try {
    for (const name of [live.name, other]) {
      expect((await failure(discard(live.url, name, name))).code).toBe('usage')
    }
    expect(await names(live)).toEqual([live.name, other])
  } finally {
    await live.query(`DROP DATABASE "${other}"`)
  }
})

test('a name that is not there, one that is in use, and one of somebody else are told apart', async () => {
  await using live = await createDatabase(18)
  await using owner = await ordinaryRole([live])
  const name = `${live.name}${KEPT}`
  await live.query(`CREATE DATABASE "${name}"`)
  const kept = new URL(live.url)
  kept.pathname = `/${name}`
  const client = new pg.Client({ connectionString: kept.href })
  client.on('error', () => {})
  try {
    const absent = await failure(discard(owner.url(live), `${name}-2`, `${name}-2`))
    expect(absent).toMatchObject({ code: 'not-found', hint: `There is: ${name}.` })
    expect((await failure(discard(owner.url(live), name, name))).code).toBe('permission')
    expect((await failure(discard(kept.href, name, name))).message).toContain('the very database that the URL names')
    await client.connect()
    const used = await failure(discard(live.url, name, name))
    expect(used).toMatchObject({ code: 'timeout', message: expect.stringContaining('1 session uses') })
    await discard(live.url, name, name, true)
    expect(await names(live)).toEqual([live.name])
  } finally {
    await client.end().catch(() => {})
    await live.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
  }
})
