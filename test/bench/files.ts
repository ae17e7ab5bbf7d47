/**
 * `node test/bench/files.ts [--files N] [--manifests N] [--runs N] [--source]` prints Markdown tables: a backup of many small files
 * and its proof, and what each verb takes in a folder store that holds many backups.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { newBackupId } from '../../src/format/backup-id.ts'
import { type Manifest, parseManifest, sealManifest } from '../../src/format/manifest.ts'
import { Keyring } from '../../src/repository/keyring.ts'
import { comeback, KEY } from './comeback.ts'
import { type Measured, median } from './measure.ts'
import { megabytes, seconds, table } from './table.ts'

const HOUR = 3_600_000
/** Bytes of a file: 100 to 3,100. */
const SIZES = { least: 100, range: 3000, step: 7919 } as const
const PER_FOLDER = 1000
/** Of the made backups every so many is a full one that the others lean on. */
const CHAIN = 24

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    manifests: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '3' },
    source: { type: 'boolean', default: false },
  },
})
const [files, manifests, runs] = [Number(values.files), Number(values.manifests), Number(values.runs)]
if (!(files > 0 && manifests > 0 && runs > 0)) throw new Error('--files, --manifests and --runs take numbers above 0.')

const folder = mkdtempSync(join(tmpdir(), 'comeback-bench-'))
const program = comeback(values.source, folder)
try {
  plantFiles(join(folder, 'uploads'), files)
  print(await manyFiles())
  rmSync(join(folder, 'uploads'), { recursive: true })
  plantFiles(join(folder, 'uploads'), 1)
  print(await manyManifests())
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Backup and proof in turns, as whatever else the machine does must hit both. */
async function manyFiles(): Promise<string> {
  const found: { readonly backup: Measured; readonly proof: Measured }[] = []
  for (let run = 0; run < runs; run++) {
    const store = `file:${join(folder, 'many-files')}`
    const backup = await program.run(['backup', 'files', '--files', 'uploads', '--store', store])
    const proof = await program.run(['verify', 'files', '--store', store])
    found.push({ backup, proof })
    rmSync(join(folder, 'many-files'), { recursive: true })
  }
  const times = (of: 'backup' | 'proof') => median(found.map(each => each[of].seconds))
  const peak = (of: 'backup' | 'proof') => Math.max(...found.map(each => each[of].peak))
  const ratio = median(found.map(({ backup, proof }) => proof.seconds / backup.seconds))
  return table(
    [`${files.toLocaleString('en-US')} files`, 's', 'of the backup’s time', 'peak MB'],
    [
      ['backup, the first', seconds(times('backup')), '1.00 ×', megabytes(peak('backup'))],
      ['verify', seconds(times('proof')), `${ratio.toFixed(2)} ×`, megabytes(peak('proof'))],
    ],
  )
}

async function manyManifests(): Promise<string> {
  const place = join(folder, 'many-manifests')
  const store = `file:${place}`
  await program.run(['backup', 'files', '--files', 'uploads', '--store', store])
  await multiply(join(place, 'files'), manifests)
  const verbs = {
    list: ['list'],
    status: ['status'],
    'backup of one file': ['backup', 'files', '--files', 'uploads'],
    'prune, only looking': ['prune'],
    check: ['check'],
  } as const
  const found = new Map<string, Measured[]>()
  for (let run = 0; run < runs; run++) {
    for (const [name, args] of Object.entries(verbs)) {
      found.set(name, [...(found.get(name) ?? []), await program.run([...args, '--store', store])])
    }
  }
  return table(
    [`beside ${manifests.toLocaleString('en-US')} backups`, 's', 'peak MB'],
    [...found].map(([name, each]) => [
      name,
      seconds(median(each.map(one => one.seconds))),
      megabytes(Math.max(...each.map(({ peak }) => peak))),
    ]),
  )
}

function plantFiles(place: string, number: number): void {
  for (let index = 0; index < number; index++) {
    const below = join(place, String(Math.floor(index / PER_FOLDER)).padStart(4, '0'))
    if (index % PER_FOLDER === 0) mkdirSync(below, { recursive: true })
    const size = SIZES.least + ((index * SIZES.step) % SIZES.range)
    writeFileSync(join(below, `${index}.txt`), `${index} `.repeat(size).slice(0, size))
  }
}

/** Older backups, authentic by their manifests: one an hour. What they name is there, and was never read by anybody. */
async function multiply(place: string, number: number): Promise<void> {
  const newest = readdirSync(place).sort().at(-1) ?? ''
  const name = join(place, newest, 'manifest.json')
  const { mac: _, ...made } = parseManifest(readFileSync(name), name)
  const { mac } = await new Keyring(KEY).chain(made.idSalt, made.kdf.iterations)
  const [pack] = made.objects
  if (pack === undefined || made.index === null) throw new Error('The backup has no pack.')
  let chain = ''
  for (let index = number; index > 0; index--) {
    const time = new Date(Date.parse(made.time) - index * HOUR)
    const id = newBackupId(time)
    const full = index === number || index % CHAIN === 0
    if (full) chain = id
    const { salt, iterations } = made.kdf
    const leansOn = full ? [] : [{ backup: chain, salt, iterations, objects: [pack] }]
    const manifest: Omit<Manifest, 'mac'> = {
      ...{ ...made, id, time: time.toISOString() },
      ...{ full, chain, base: full ? null : chain, leansOn },
    }
    mkdirSync(join(place, id))
    writeFileSync(join(place, id, 'manifest.json'), sealManifest(manifest, mac))
    for (const { name, size } of [pack, made.index]) writeFileSync(join(place, id, name), Buffer.alloc(size))
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`)
}
