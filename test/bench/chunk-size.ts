/**
 * What chunk sizes and compression levels cost and save on rows of a real table: run with `node test/bench/chunk-size.ts`.
 * The figures in src/format/README.md come from here. Speeds are per CPU second of this process, all its threads counted, so
 * that whatever else the machine does hardly shows.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gzipSync } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { ChunkTable, encodeIndex } from '../../src/format/backup-index.ts'
import { chunkId } from '../../src/format/chunk-id.ts'
import { Chunker, type ChunkSizes, gearTable } from '../../src/format/chunker.ts'
import { codecOf } from '../../src/format/compression.ts'
import { KiB, MiB } from '../../src/format/sizes.ts'
import { startServer } from '../support/postgres.ts'

const AVERAGES = [16, 32, 64, 128, 256]
/** How much of each dump is compressed. */
const SAMPLE = 16 * MiB
const ROUNDS = 4
const IN_FLIGHT = 4
const KEY = Buffer.alloc(32, 7)
const GEAR = gearTable(KEY)
/** Rows, and words of text in each: about 1 kB and 250 bytes a row, 200 MB a table. */
const TABLES = [
  { name: 'wide', rows: 200_000, words: 130 },
  { name: 'narrow', rows: 800_000, words: 12 },
] as const
const CHANGES = {
  scattered: 'true',
  recent: 'id > (SELECT max(id) * 0.9 FROM %)',
} as const
const NOW = Date.now()
const FOLLOWERS = await learn()
const WORDS = [...FOLLOWERS.keys()]
const sizesOf = (average: number): ChunkSizes => ({ min: average / 4, average, max: average * 4 })

const folder = mkdtempSync(join(tmpdir(), 'comeback-bench-'))
const server = await startServer(18)
const client = new pg.Client({ connectionString: server.url() })
await client.connect()
try {
  for (const table of TABLES) await measureTable(table)
} finally {
  await client.end()
  await server.stop()
  rmSync(folder, { recursive: true })
}

async function measureTable({ name, rows, words }: (typeof TABLES)[number]): Promise<void> {
  await createTable(name)
  await insert(name, rows, words)
  const before = await dump(name, 'before')
  const after: Record<string, string> = {}
  for (const [change, where] of Object.entries(CHANGES)) {
    await client.query('BEGIN')
    await client.query(
      `UPDATE ${name} SET updated = now(), total = total + 1 WHERE ${where.replace('%', name)} AND random() < $1`,
      [change === 'recent' ? 0.1 : 0.01],
    )
    await insert(name, rows / 100, words)
    after[change] = await dump(name, change)
    await client.query('ROLLBACK')
    await client.query(`VACUUM FULL ${name}`)
  }
  await client.query(`DROP TABLE ${name}`)

  const bytes = statSync(before).size
  console.log(`\n${name}: ${rows} rows, ${mega(bytes)} MB as COPY text; new bytes as % of the whole dump\n`)
  console.log('| average | chunks | index | new, 1 % scattered | new, 1 % of it recent | size, gzip | MB per CPU s |')
  console.log('|---|---|---|---|---|---|---|')
  for (const average of AVERAGES) await measureAverage(average * KiB, before, after)

  const stream = await timed(() => streamSize(before))
  console.log(
    `\n${name}: \`gzip -6\` in one stream: ${mega(stream.result)} MB, ${speed(SAMPLE, stream.cpu)} MB per CPU s\n`,
  )
  console.log('| codec | average | size against gzip -6 | MB per CPU s |')
  console.log('|---|---|---|---|')
  for (const average of [64, 128]) {
    for (const level of [1, 2, 3, 4, 5, 6]) await measureLevel('gzip', level, average, before, stream.result)
    for (const level of [1, 2, 3]) await measureLevel('zstd', level, average, before, stream.result)
  }
}

async function measureAverage(average: number, before: string, after: Record<string, string>): Promise<void> {
  const sizes = sizesOf(average)
  const known = new Set<string>()
  const table = new ChunkTable()
  let offset = 0
  for await (const chunk of chunks(before, sizes)) {
    const id = chunkId(KEY, chunk)
    known.add(id.toString('latin1'))
    const length = Math.round(chunk.length * (0.3 + 0.02 * Math.random()))
    table.push({ id, pack: 0, offset, length, plain: chunk.length })
    offset = (offset + length) % (64 * MiB)
  }
  const index = gzipSync(encodeIndex({ detail: null, segments: [], packs: [], chunks: table })).length
  const fresh: string[] = []
  for (const file of Object.values(after)) {
    let bytes = 0
    for await (const chunk of chunks(file, sizes)) {
      if (!known.has(chunkId(KEY, chunk).toString('latin1'))) bytes += chunk.length
    }
    fresh.push(`${((100 * bytes) / statSync(file).size).toFixed(1)} %`)
  }
  const codec = codecOf('gzip')
  const { result, cpu } = await timed(() => compressedSize('gzip', codec.defaultLevel, average, before))
  const size = `${((100 * result) / SAMPLE).toFixed(1)} %`
  const row = [
    `${average / KiB} KiB`,
    table.length,
    `${(index / KiB).toFixed(0)} KiB`,
    ...fresh,
    size,
    speed(SAMPLE, cpu),
  ]
  console.log(`| ${row.join(' | ')} |`)
}

async function measureLevel(
  name: 'gzip' | 'zstd',
  level: number,
  average: number,
  file: string,
  stream: number,
): Promise<void> {
  const { result, cpu } = await timed(() => compressedSize(name, level, average * KiB, file))
  console.log(`| ${name} -${level} | ${average} KiB | ${(result / stream).toFixed(3)} | ${speed(SAMPLE, cpu)} |`)
}

/** Chunks, ids and compresses the sample as a backup would. */
async function compressedSize(name: 'gzip' | 'zstd', level: number, average: number, file: string): Promise<number> {
  const codec = codecOf(name)
  const waiting: Promise<Buffer>[] = []
  let size = 0
  for await (const chunk of chunks(file, sizesOf(average), SAMPLE)) {
    chunkId(KEY, chunk)
    waiting.push(codec.compress(Buffer.from(chunk), level))
    if (waiting.length === IN_FLIGHT) size += (await waiting.shift())?.length ?? 0
  }
  for (const packed of waiting) size += (await packed).length
  return size
}

async function* chunks(file: string, sizes: ChunkSizes, bytes = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  const chunker = new Chunker(GEAR, sizes)
  for await (const slice of createReadStream(file, { highWaterMark: 64 * KiB, end: bytes - 1 }))
    yield* chunker.push(slice)
  yield* chunker.finish()
}

async function streamSize(file: string): Promise<number> {
  let size = 0
  for await (const part of createReadStream(file, { end: SAMPLE - 1 }).pipe(createGzip({ level: 6 })))
    size += part.length
  return size
}

/** The result, and the CPU seconds of the fastest of some rounds. */
async function timed<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: number }> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 1; ; round++) {
    const start = process.cpuUsage()
    const result = await run()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / 1e6)
    if (round === ROUNDS) return { result, cpu: best }
  }
}

async function dump(table: string, label: string): Promise<string> {
  const file = join(folder, `${table}-${label}`)
  await pipeline(client.query(copyTo(`COPY ${table} TO STDOUT`)), createWriteStream(file))
  return file
}

async function createTable(name: string): Promise<void> {
  await client.query(`CREATE TABLE ${name} (id bigserial, key uuid, created timestamptz, updated timestamptz,
    state text, total numeric(12,2), attributes jsonb, body text)`)
}

async function insert(table: string, rows: number, words: number): Promise<void> {
  const columns = 'key, created, updated, state, total, attributes, body'
  await pipeline(Readable.from(generate(rows, words)), client.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN`)))
}

function* generate(rows: number, words: number): Generator<string> {
  for (let row = 0; row < rows; row += 100) {
    yield Array.from({ length: 100 }, () => line(words)).join('')
  }
}

function line(words: number): string {
  const attributes = { customer: pick(50_000), tags: [text(1), text(1)], paid: Math.random() < 0.5 }
  const fields = [
    randomUUID(),
    time(900),
    time(90),
    ['new', 'paid', 'sent', 'closed'][pick(4)],
    (Math.random() * 10_000).toFixed(2),
    JSON.stringify(attributes),
    text(words),
  ]
  return `${fields.join('\t')}\n`
}

/** Text in which each word follows on one that it follows in real text, as often. */
function text(words: number): string {
  const chosen: string[] = []
  let word = WORDS[pick(WORDS.length)] ?? ''
  for (let i = 0; i < words; i++) {
    chosen.push(word)
    const followers = FOLLOWERS.get(word) ?? WORDS
    word = followers[pick(followers.length)] ?? ''
  }
  return chosen.join(' ')
}

/** What follows on each word in the packages' readmes. */
async function learn(): Promise<Map<string, string[]>> {
  const followers = new Map<string, string[]>()
  for await (const file of glob('node_modules/*/README.md', { cwd: join(import.meta.dirname, '../..') })) {
    const prose = await readFile(join(import.meta.dirname, '../..', file), 'utf8')
    const words = prose.match(/[\p{L}\d][\p{L}\d'.,;:-]*/gu) ?? []
    for (const [i, word] of words.entries()) followers.set(word, [...(followers.get(word) ?? []), words[i + 1] ?? word])
  }
  return followers
}

function pick(count: number): number {
  return Math.floor(Math.random() * count)
}

function time(days: number): string {
  return new Date(NOW - Math.random() * days * 86_400_000).toISOString()
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

function speed(bytes: number, seconds: number): string {
  return (bytes / 1e6 / seconds).toFixed(0)
}
