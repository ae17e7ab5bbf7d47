/** One of everything on each newest server, backed up by its own pg_dump, restored in each mode, proved, and brought back by psql. */
import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { expect, test } from 'vitest'
import { parseDatabaseDetail } from '../../src/postgres/detail.ts'
import { createDatabaseProver } from '../../src/postgres/prove.ts'
import { type CollectedSegment, countProgress, storedBackup } from '../fakes/segments.ts'
import { everythingScripts } from '../fixtures/everything.ts'
import { digests } from '../support/fingerprint.ts'
import { startNewest } from '../support/newest.ts'
import { read, restore } from './round-trip.ts'

const never = new AbortController().signal

const byGroup = (a: CollectedSegment, b: CollectedSegment) =>
  a.head.group < b.head.group ? -1 : a.head.group > b.head.group ? 1 : 0

test.each([15, 17, 18, 19] as const)(
  'PostgreSQL %i at its newest',
  async major => {
    const server = await startNewest(major)
    try {
      const source = await server.createDatabase('everything')
      const client = new pg.Client({ connectionString: source })
      await client.connect()
      for (const sql of everythingScripts(major)) await client.query(sql)
      await client.end()
      const { segments, result } = await read(source, server.pgDump)
      const backup = storedBackup(segments, result)
      expect(parseDatabaseDetail(backup.detail).pgDump).toContain(server.pgDump)
      const rows = await digests(source)
      for (const mode of ['parallel', 'atomic'] as const) {
        const url = await server.createDatabase(`restored_${mode}`)
        await restore(url, backup, { mode })
        expect(await digests(url), mode).toEqual(rows)
      }
      const byHand = await server.createDatabase('by_hand')
      const { status, stderr } = spawnSync(server.psql, ['-v', 'ON_ERROR_STOP=1', '-q', '-d', byHand, '-f', '-'], {
        input: Buffer.concat(segments.toSorted(byGroup).map(({ bytes }) => bytes)),
        encoding: 'utf8',
      })
      expect({ status, errors: stderr.match(/^.*(?:ERROR|FATAL):.*$/gm) }).toEqual({ status: 0, errors: null })
      expect(await digests(byHand)).toEqual(rows)
      const prover = createDatabaseProver({
        url: await server.createDatabase('scratch'),
        connectTimeout: 10_000,
        lanes: 2,
        disposable: true,
        confirm: undefined,
        assertions: [{ name: 'there', sql: 'SELECT count(*) > 0 FROM pg_catalog.pg_class' }],
        pgDump: server.pgDump,
      })
      const proof = await prover.prove(backup, { progress: countProgress() }, never)
      expect(proof.findings).toEqual([])
      expect(proof.checks.filter(({ result }) => result !== 'passed')).toEqual([])
    } finally {
      await server.stop()
    }
  },
  300_000,
)
