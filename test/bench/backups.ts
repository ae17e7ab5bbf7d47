/** How long backups take and how much they store: the first, one of nothing new, and those after small changes. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import type { Comeback } from './comeback.ts'
import { appendOnePercent, updateOnePercent } from './dataset.ts'
import { folderSize, interleave, measure, median, pipeline } from './measure.ts'
import { megabytes, percent, ratio, seconds, table } from './table.ts'

export interface Bench {
  readonly comeback: Comeback
  /** The filled database, and a connection to it. */
  readonly url: string
  readonly client: Client
  /** Of a native pg_dump that can read it; contenders that need one are left out without it. */
  readonly pgDump: string | undefined
  readonly restic: boolean
  readonly folder: string
  readonly runs: number
}

interface Result {
  readonly seconds: number
  readonly bytes: number
}

/** Against what a person would type: pg_dump, gzip, openssl. */
export async function firstBackup(bench: Bench): Promise<string> {
  const ours = (codec: string) => async (): Promise<Result> => {
    const store = join(bench.folder, `first-${codec}`)
    await rm(store, { recursive: true, force: true })
    const { seconds } = await bench.comeback.backup(bench.url, store, '--codec', codec)
    return { seconds, bytes: await folderSize(store) }
  }
  const old = async (): Promise<Result> => {
    const folder = join(bench.folder, 'old')
    const line = `mkdir -p "$FOLDER" && ${bench.pgDump} "$URL" | gzip -6 | openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -pass env:PASS -out "$FOLDER/dump.sql.gz.enc"`
    const { seconds } = await measure(pipeline(line, { URL: bench.url, FOLDER: folder, PASS: 'correct horse' }))
    return { seconds, bytes: await folderSize(folder) }
  }
  const contenders = [ours('gzip'), ours('zstd'), ...(bench.pgDump === undefined ? [] : [old])]
  const names = ['comeback, gzip', 'comeback, zstd', '`pg_dump \\| gzip -6 \\| openssl enc`']
  const results = await interleave(bench.runs, contenders)
  const yardstick = bench.pgDump === undefined ? Number.NaN : median((results[2] ?? []).map(each => each.seconds))
  return table(
    ['first backup', 's', 'of the old scheme’s time', 'MB stored'],
    results.map((each, i) => {
      const time = median(each.map(result => result.seconds))
      return [names[i] ?? '', seconds(time), ratio(time, yardstick), megabytes(each.at(-1)?.bytes ?? 0)]
    }),
  )
}

/** Against the fastest that a dump can be: bare pg_dump into nothing. Leans on the store that `firstBackup` left. */
export async function nothingNew(bench: Bench): Promise<string> {
  const store = join(bench.folder, 'first-gzip')
  const ours = async () => {
    const { seconds, backup } = await bench.comeback.backup(bench.url, store)
    return { seconds, new: backup.bytes.new, read: backup.bytes.read, stored: backup.bytes.stored }
  }
  const bare = async () => {
    const { seconds } = await measure(pipeline(`${bench.pgDump} "$URL" > /dev/null`, { URL: bench.url }))
    return { seconds, new: Number.NaN, read: Number.NaN, stored: Number.NaN }
  }
  const results = await interleave(bench.runs, bench.pgDump === undefined ? [ours] : [ours, bare])
  const yardstick = median((results[1] ?? []).map(each => each.seconds))
  return table(
    ['nothing changed', 's', 'of pg_dump’s time', 'new', 'MB stored'],
    results.map((each, i) => {
      const [time, last] = [median(each.map(result => result.seconds)), each.at(-1)]
      const ours = i === 0 && last !== undefined
      return [
        ours ? 'comeback' : '`pg_dump > /dev/null`',
        seconds(time),
        ratio(time, yardstick),
        ours ? percent(last.new, last.read) : '',
        ours ? megabytes(last.stored) : '',
      ]
    }),
  )
}

/** Against restic with pg_dump's output on its standard input; both see the same states, one change a round. */
export async function smallChanges(bench: Bench): Promise<string> {
  const store = join(bench.folder, 'first-gzip')
  const repository = join(bench.folder, 'restic')
  const restic = (line: string) =>
    measure(
      pipeline(line, {
        URL: bench.url,
        RESTIC_REPOSITORY: repository,
        RESTIC_PASSWORD: 'correct horse',
        RESTIC_CACHE_DIR: join(bench.folder, 'restic-cache'),
      }),
    )
  const resticBackup = `${bench.pgDump} "$URL" | restic backup --quiet --stdin --stdin-filename dump.sql`
  const withRestic = bench.restic && bench.pgDump !== undefined
  if (withRestic) await restic(`restic init --quiet && ${resticBackup}`)

  const growth = async (folder: string, run: () => Promise<{ readonly seconds: number }>): Promise<Result> => {
    const before = await folderSize(folder)
    const { seconds } = await run()
    return { seconds, bytes: (await folderSize(folder)) - before }
  }
  const rows: string[][] = []
  for (const [name, change] of [
    ['1 % changed in place', (round: number) => updateOnePercent(bench.client, round)],
    ['1 % appended', () => appendOnePercent(bench.client)],
  ] as const) {
    const [ours, theirs]: [Result[], Result[]] = [[], []]
    for (let round = 0; round < bench.runs; round++) {
      await change(round)
      const turns = [
        async () => ours.push(await growth(store, () => bench.comeback.backup(bench.url, store))),
        ...(withRestic ? [async () => theirs.push(await growth(repository, () => restic(resticBackup)))] : []),
      ]
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
    }
    const yardstick = median(theirs.map(each => each.bytes))
    for (const [program, results] of [
      ['comeback', ours],
      ['`pg_dump \\| restic backup --stdin`', theirs],
    ] as const) {
      if (results.length === 0) continue
      const bytes = median(results.map(each => each.bytes))
      const time = seconds(median(results.map(each => each.seconds)))
      rows.push([`${name}: ${program}`, time, megabytes(bytes), ratio(bytes, yardstick)])
    }
  }
  return table(['after a change', 's', 'MB stored', 'of restic’s'], rows)
}
