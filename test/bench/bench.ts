/**
 * `npm run bench -- [--size MB] [--runs N] [--memory-size MB] [--only first,nothing,changes,memory,restore,proof] [--source]`
 * prints Markdown tables; README.md says what each row means.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { type Bench, firstBackup, nothingNew, smallChanges } from './backups.ts'
import { comeback } from './comeback.ts'
import { fillMixed } from './dataset.ts'
import { measure, pipeline } from './measure.ts'
import { memory } from './memory.ts'
import { proofs } from './proofs.ts'
import { restores } from './restores.ts'
import { startBenchServer } from './server.ts'

const SMALL_MB = 100
const PARTS = ['first', 'nothing', 'changes', 'memory', 'restore', 'proof']

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '3' },
    'memory-size': { type: 'string' },
    only: { type: 'string', default: PARTS.join(',') },
    source: { type: 'boolean', default: false },
  },
})
const size = Number(values.size)
const runs = Number(values.runs)
const memorySize = Number(values['memory-size'] ?? size)
const wanted = new Set(values.only.split(','))
if (!(size > 0 && runs > 0 && memorySize > 0)) throw new Error('--size, --runs and --memory-size take numbers above 0.')
for (const part of wanted) if (!PARTS.includes(part)) throw new Error(`--only knows ${PARTS.join(', ')}, not ${part}.`)

const folder = mkdtempSync(join(tmpdir(), 'comeback-bench-'))
const program = comeback(values.source, folder)
const server = await startBenchServer()
const note = (text: string) => process.stderr.write(`${text}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void end().finally(() => process.exit(130))
  })
}
try {
  const restic = spawnSync('restic', ['version'], { encoding: 'utf8' })
  const resticVersion = restic.status === 0 ? restic.stdout.trim() : 'restic is not installed: its rows are left out'
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  print(
    `${machine}; Node ${process.version}; ${server.description}; ${resticVersion}. ${size} MB of rows, medians of ${runs}.`,
  )

  if (['first', 'nothing', 'changes', 'restore', 'proof'].some(part => wanted.has(part))) {
    const url = await server.createDatabase('bench')
    const client = new pg.Client({ connectionString: url })
    // After a failure the server is stopped under it; the failure is what should be seen.
    client.on('error', () => undefined)
    await client.connect()
    note(`Filling ${size} MB …`)
    await fillMixed(client, size)
    const pgDump = server.programs?.dump
    const bench: Bench = { comeback: program, url, client, pgDump, restic: restic.status === 0, folder, runs }
    // Whoever reads first would pay for reading from the disk.
    if (pgDump !== undefined) await measure(pipeline(`${pgDump} "$URL" > /dev/null`, { URL: url }))
    if (wanted.has('first')) print(await step('First backups', () => firstBackup(bench)))
    else if (wanted.has('nothing') || wanted.has('changes')) await program.backup(url, join(folder, 'first-gzip'))
    if (wanted.has('nothing')) print(await step('Nothing changed', () => nothingNew(bench)))
    if (wanted.has('restore')) print(await step('Restores', () => restores(bench, server)))
    if (wanted.has('proof')) print(await step('Proofs', () => proofs(bench, server)))
    if (wanted.has('changes')) print(await step('Small changes', () => smallChanges(bench)))
    await client.end()
    await server.dropDatabase('bench')
    for (const name of ['first-gzip', 'first-zstd', 'old', 'restic', 'restic-cache'])
      rmSync(join(folder, name), { recursive: true, force: true })
  }
  if (wanted.has('memory')) print(await step('Memory', () => memory(program, server, folder, [SMALL_MB, memorySize])))
} finally {
  await end()
}

async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  note(`${name} …`)
  return await work()
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n\n`)
}

async function end(): Promise<void> {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
