/** The most memory that each verb holds, at two sizes: it must not grow with what is backed up. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startGitHub } from '../support/github/github.ts'
import { type Comeback, KEY } from './comeback.ts'
import { fillMixed } from './dataset.ts'
import { type Measured, measure } from './measure.ts'
import type { BenchServer } from './server.ts'
import { megabytes, table } from './table.ts'

export async function memory(
  comeback: Comeback,
  server: BenchServer,
  folder: string,
  sizes: readonly number[],
): Promise<string> {
  const columns = new Map<number, ReadonlyMap<string, number>>()
  for (const size of sizes) columns.set(size, await peaks(comeback, server, folder, size))
  const verbs = [...(columns.get(sizes[0] ?? 0)?.keys() ?? [])]
  return table(
    ['peak memory, MB', ...sizes.map(size => `${size} MB of rows`)],
    verbs.map(verb => [verb, ...sizes.map(size => megabytes(columns.get(size)?.get(verb) ?? 0))]),
  )
}

async function peaks(
  comeback: Comeback,
  server: BenchServer,
  folder: string,
  size: number,
): Promise<ReadonlyMap<string, number>> {
  const url = await server.createDatabase('memory')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await fillMixed(client, size)
  await client.end()
  const copy = await server.createDatabase('memory_copy')
  const store = join(folder, 'memory')
  const out = join(folder, 'memory-export')
  const verb = (...args: readonly string[]) =>
    comeback.run([...args, '--store', `file:${store}`], { DATABASE_URL: url })
  const found = new Map<string, number>()
  found.set('backup, gzip', (await comeback.backup(url, store, '--full')).peak)
  found.set('backup, zstd', (await comeback.backup(url, store, '--full', '--codec', 'zstd')).peak)
  found.set('backup, nothing new', (await comeback.backup(url, store)).peak)
  found.set('list', (await verb('list')).peak)
  found.set(
    'restore, parallel',
    (await verb('restore', 'database', 'latest', '--mode', 'parallel', '--target-url', copy)).peak,
  )
  found.set(
    'restore, atomic',
    (await verb('restore', 'database', 'latest', '--mode', 'atomic', '--confirm', 'memory_copy', '--target-url', copy))
      .peak,
  )
  const scratch = await server.createDatabase('memory_scratch')
  found.set('verify', (await verb('verify', 'database', '--target-url', scratch, '--disposable')).peak)
  await server.dropDatabase('memory_scratch')
  found.set('backup to artifacts, by the Action', (await backUpToArtifacts(url, folder)).peak)
  found.set('export', (await verb('export', 'database', 'latest', '--into', out)).peak)
  await rm(store, { recursive: true, force: true })
  await rm(out, { recursive: true, force: true })
  await server.dropDatabase('memory_copy')
  await server.dropDatabase('memory')
  return found
}

/** A first backup, against the stand-in for GitHub in this process. */
async function backUpToArtifacts(url: string, folder: string): Promise<Measured> {
  await using github = await startGitHub()
  return await measure({
    program: process.execPath,
    args: [fileURLToPath(new URL('../../dist/action/index.js', import.meta.url))],
    cwd: folder,
    env: {
      ...github.environment(github.newRun()),
      RUNNER_TEMP: folder,
      GITHUB_WORKSPACE: folder,
      INPUT_COMPONENT: 'database',
      INPUT_KEY: KEY,
      'INPUT_DATABASE-URL': url,
      'INPUT_GITHUB-TOKEN': github.token,
    },
  })
}
