/** The plainest restore: each segment as its detail says, in stock order, into an empty database. */
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { parseSegmentDetail } from '../../src/postgres/detail.ts'
import type { CollectedSegment } from '../fakes/segments.ts'

export async function loadSegments(url: string, segments: readonly CollectedSegment[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const version = Number((await client.query('SHOW server_version_num')).rows[0]?.server_version_num)
    for (const { head, bytes } of segments.toSorted((a, b) => (a.head.group < b.head.group ? -1 : 1))) {
      const detail = parseSegmentDetail(head.detail)
      if (detail.kind === 'rows') {
        const before = bytes.subarray(0, detail.head).toString()
        if (bytes.subarray(bytes.length - detail.tail).toString() !== '\\.\n\n')
          throw new Error(`${head.name} has another end`)
        const rows = bytes.subarray(detail.head, bytes.length - detail.tail)
        await pipeline([rows], client.query(copyFrom(before.replace(/;\n$/, ''))))
      } else {
        const text = bytes.toString()
        // What only newer servers know, as whoever restores by hand would leave it out.
        await client.query(version < 170_000 ? text.replace('SET transaction_timeout = 0;\n', '') : text)
      }
    }
  } finally {
    await client.end()
  }
}
