/**
 * `node test/bench/artifacts.ts [--size MB] [--runs N] [--lanes N]`: storing packs as artifacts, beside GitHub's own client that
 * uploads one file of the same size. Both run as processes of their own against the stand-in for GitHub in this one, so the
 * time includes starting and loading the client.
 */
import { randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MiB } from '../../src/format/sizes.ts'
import { openArtifactStore } from '../../src/store/artifact.ts'
import { startGitHub } from '../support/github/github.ts'
import { interleave, type Measured, measure, median } from './measure.ts'
import { table } from './table.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    runs: { type: 'string', default: '3' },
    lanes: { type: 'string', default: '2' },
    contender: { type: 'string' },
  },
})
const size = Number(values.size) * MiB

if (values.contender === 'client') await uploadOneFile()
else if (values.contender === 'packs') await storePacks(Number(values.lanes))
else await compare()

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-artifacts-'))
  try {
    const block = Buffer.allocUnsafe(MiB)
    for (let written = 0; written < size; written += block.length) {
      writeFileSync(join(folder, 'big.bin'), randomFillSync(block), { flag: 'a' })
    }
    const contend = (contender: string) => async (): Promise<Measured> => {
      await using github = await startGitHub()
      const args = ['--contender', contender, '--size', values.size, '--lanes', values.lanes]
      const environment = { ...github.environment(github.newRun()), RUNNER_TEMP: folder, TEST_TOKEN: github.token }
      return await measure({
        program: process.execPath,
        args: [import.meta.filename, ...args],
        cwd: folder,
        env: environment,
      })
    }
    const names = ['packs', 'client']
    const results = await interleave(Number(values.runs), names.map(contend))
    const seconds = results.map(runs => median(runs.map(run => run.seconds)))
    const [, alone = Number.NaN] = seconds
    const rows = names.map((name, at) => [
      name === 'packs' ? `artifact store, ${values.lanes} lanes` : '`uploadArtifact`, one file',
      (seconds[at] ?? Number.NaN).toFixed(1),
      `${(alone / (seconds[at] ?? Number.NaN)).toFixed(2)} ×`,
      String(Math.round(median(results[at]?.map(run => run.peak) ?? []) / 1e6)),
    ])
    console.log(table([`${values.size} MiB as artifacts`, 's', 'of the client’s speed', 'peak MB'], rows))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function uploadOneFile(): Promise<void> {
  const { DefaultArtifactClient } = await import('@actions/artifact')
  await new DefaultArtifactClient().uploadArtifact('', [join(process.cwd(), 'big.bin')], process.cwd(), {
    skipArchive: true,
  })
}

async function storePacks(lanes: number): Promise<void> {
  const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID = '', TEST_TOKEN, RUNNER_TEMP } = process.env
  const store = openArtifactStore({
    repository: GITHUB_REPOSITORY ?? '',
    token: TEST_TOKEN,
    github: {
      apiUrl: GITHUB_API_URL ?? '',
      serverUrl: 'https://github.com',
      repository: GITHUB_REPOSITORY,
      run: { id: GITHUB_RUN_ID, attempt: '1', retentionDays: 90 },
    },
    temporary: RUNNER_TEMP ?? tmpdir(),
    retention: { days: 60, backupDays: 30 },
    allowPublic: false,
    warn: message => console.error(message),
  })
  const packs = Math.ceil(size / store.packSize)
  let next = 0
  const lane = async (): Promise<void> => {
    const pack = randomFillSync(Buffer.allocUnsafe(store.packSize))
    while (next < packs) {
      const number = ++next
      await store.put(`database/20261123T020000Z-7f3a91/01-data-${String(number).padStart(4, '0')}.sql.gz.enc`, [pack])
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
