/** A restore into an empty database, against pg_restore with as many connections, and in one transaction. */
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

  const ours = (mode: string) => async () => {
    const url = await server.createDatabase('restored')
    const args = ['restore', 'database', 'latest', '--mode', mode, '--lanes', LANES, '--store', `file:${store}`]
    return (await bench.comeback.run([...args, '--target-url', url])).seconds
  }
  const theirs = (options: string) => async () => {
    const url = await server.createDatabase('restored')
    const command = pipeline(`${programs?.restore} ${options} -d "$URL" "$DUMP"`, { URL: url, DUMP: dump })
    return (await measure(command)).seconds
  }
  const pairs = [
    { mode: 'parallel', options: `-j${LANES}` },
    { mode: 'atomic', options: '--single-transaction' },
  ]
  const contenders = pairs.flatMap(({ mode, options }) => [ours(mode), ...(programs ? [theirs(options)] : [])])
  const results = await interleave(bench.runs, contenders)
  await server.dropDatabase('restored')
  await rm(store, { recursive: true, force: true })
  await rm(dump, { force: true })
  const times = results.map(median)
  const each = contenders.length / pairs.length
  return pairs
    .map(({ mode, options }, pair) => {
      const [our = Number.NaN, yardstick = Number.NaN] = times.slice(pair * each)
      const rows = [[`comeback, ${mode}`, seconds(our), ratio(our, yardstick)]]
      if (programs) rows.push([`\`pg_restore ${options}\` of \`-Fc\``, seconds(yardstick), ratio(yardstick, yardstick)])
      return table([`restore into an empty database, ${mode}`, 's', 'of pg_restore’s time'], rows)
    })
    .join('\n')
}
