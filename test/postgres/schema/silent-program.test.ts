import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { watchProgram } from '../../../src/postgres/schema/silent-program.ts'
import { createDatabase } from '../../support/database.ts'

const TICK = 100
const options = (url: string) => ({ url, connectTimeout: 10_000, signal: new AbortController().signal })

test('a program for which its server only waits is told of, and one that is served is not', async () => {
  await using database = await createDatabase(18)
  const found: string[] = []
  const watched = async (name: string) => {
    const program = await connect({ ...options(database.url), applicationName: name, watched: false })
    const watch = watchProgram(options(database.url), name, ({ code }) => found.push(`${name}: ${code}`), TICK)
    return { program, watch }
  }
  const still = await watched('still')
  const computing = await watched('computing')
  const asking = await watched('asking')
  const answer = computing.program.query('SELECT pg_sleep(4)')
  for (const until = Date.now() + 3_500; Date.now() < until; await sleep(50)) await asking.program.query('SELECT 1')
  expect(found).toEqual(['still: connection'])
  await answer
  for (const { program, watch } of [still, computing, asking]) {
    watch[Symbol.dispose]()
    await program.close()
  }
}, 30_000)
