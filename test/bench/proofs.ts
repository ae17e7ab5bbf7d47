/** A proof (restore, comparison, checks, clean-up, all of the process) against pg_restore of the same database's dump alone. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VerifyReport } from '../../src/report/verify-report.ts'
import type { Bench } from './backups.ts'
import { interleave, measure, median, pipeline } from './measure.ts'
import type { BenchServer } from './server.ts'
import { megabytes, ratio, seconds, table } from './table.ts'

const LANES = '2'

export async function proofs(bench: Bench, server: BenchServer): Promise<string> {
  const store = join(bench.folder, 'proof')
  const dump = join(bench.folder, 'proof.dump')
  await bench.comeback.backup(bench.url, store)
  const programs = server.programs
  if (programs !== undefined)
    await measure(pipeline(`${programs.dump} -Fc -f "$DUMP" "$URL"`, { URL: bench.url, DUMP: dump }))
  const restores: number[] = []
  const compares: number[] = []
  const peaks: number[] = []
  const ours = async () => {
    const url = await server.createDatabase('scratch')
    const args = [
      'verify',
      'database',
      '--target-url',
      url,
      '--disposable',
      '--lanes',
      LANES,
      '--store',
      `file:${store}`,
    ]
    const measured = await bench.comeback.run(args)
    const report: VerifyReport = JSON.parse(measured.stdout)
    const [proof] = report.proofs
    if (proof?.verdict !== 'verified') throw new Error(`It is not verified:\n${measured.stdout}`)
    restores.push(proof.restoreSeconds ?? Number.NaN)
    compares.push(proof.compareSeconds ?? Number.NaN)
    peaks.push(measured.peak)
    return measured.seconds
  }
  const theirs = async () => {
    const url = await server.createDatabase('restored')
    const command = pipeline(`${programs?.restore} -j${LANES} -d "$URL" "$DUMP"`, { URL: url, DUMP: dump })
    return (await measure(command)).seconds
  }
  const results = await interleave(bench.runs, [ours, ...(programs ? [theirs] : [])])
  await server.dropDatabase('restored')
  await server.dropDatabase('scratch')
  await rm(store, { recursive: true, force: true })
  await rm(dump, { force: true })
  const [our = Number.NaN, yardstick = Number.NaN] = results.map(median)
  const note = `of it restore ${seconds(median(restores))} s, comparison and checks ${seconds(median(compares))} s; peak ${megabytes(Math.max(...peaks))} MB`
  const rows = [[`comeback verify (${note})`, seconds(our), ratio(our, yardstick)]]
  if (programs) rows.push([`\`pg_restore -j${LANES}\` of \`-Fc\``, seconds(yardstick), ratio(yardstick, yardstick)])
  return table(['proof', 's', 'of pg_restore’s time'], rows)
}
