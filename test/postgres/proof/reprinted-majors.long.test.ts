/** All that the server prints otherwise after a reload is the same, on each major version. */
import { expect, test } from 'vitest'
import { createDatabaseProver } from '../../../src/postgres/prove.ts'
import { countProgress } from '../../fakes/segments.ts'
import { startServer } from '../../support/postgres.ts'
import { backUp } from '../round-trip.ts'
import { createReprinted } from './reprinted.ts'

test.each([14, 15, 16, 17, 18] as const)('on PostgreSQL %i', async major => {
  const server = await startServer(major)
  try {
    const source = await server.createDatabase('source')
    await createReprinted(source, major)
    const url = await server.createDatabase('scratch')
    const options = { url, connectTimeout: 10_000, lanes: 2, disposable: true, confirm: undefined, assertions: [] }
    const prover = createDatabaseProver(options)
    const result = await prover.prove(await backUp(source), { progress: countProgress() }, new AbortController().signal)
    expect(result.findings).toEqual([])
    expect(result.checks.filter(({ result }) => result === 'failed')).toEqual([])
    expect(result.checks.find(({ name }) => name === 'schema')?.detail).toContain('in other words')
  } finally {
    await server.stop()
  }
})
