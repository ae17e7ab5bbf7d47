/** A restore into an empty database, against pg_restore with as many connections. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from './backups.ts'
import { interleave, measure, median, pipeline } from './measure.ts'
import type { BenchServer } from './server.ts'
import { ratio, seconds, table } from './table.ts'

const LANES = '2'

export async function restores(bench: Bench, server: BenchServer): Promise<string> {
  const store = join(bench.folder, 'restore')
  const dump = join(bench.folder, 'restore.dump')
  await bench.comeback.backup(bench.url, store)
  const programs = server.programs
  if (programs !== undefined)
    await measure(pipeline(`${programs.dump} -Fc -f "$DUMP" "$URL"`, { URL: bench.url, DUMP: dump }))

  const ours = async () => {
    const url = await server.createDatabase('restored')
    const args = ['restore', 'database', 'latest', '--mode', 'parallel', '--lanes', LANES, '--store', `file:${store}`]
    return (await bench.comeback.run([...args, '--target-url', url])).seconds
  }
  const theirs = async () => {
    const url = await server.createDatabase('restored')
    return (await measure(pipeline(`${programs?.restore} -j${LANES} -d "$URL" "$DUMP"`, { URL: url, DUMP: dump })))
      .seconds
  }
  const results = await interleave(bench.runs, programs === undefined ? [ours] : [ours, theirs])
  await server.dropDatabase('restored')
  await rm(store, { recursive: true, force: true })
  await rm(dump, { force: true })
  const yardstick = median(results[1] ?? [])
  return table(
    ['restore into an empty database', 's', 'of pg_restore’s time'],
    results.map((each, i) => {
      const time = median(each)
      return [
        i === 0 ? 'comeback, parallel' : `\`pg_restore -j${LANES}\` of \`-Fc\``,
        seconds(time),
        ratio(time, yardstick),
      ]
    }),
  )
}
