/** Runs that find no room: where the store is, for what they put aside, for what they restore, for their logs. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mountSmallDisk, unmountSmallDisk } from '../support/small-disk.ts'
import { backing, type Deed, restoringFiles, verifying } from './deeds.ts'
import { type Faulted, last, type Post } from './post.ts'
import { runAgain } from './run-again.ts'
import type { Tally } from './tally.ts'

interface FullDisk {
  readonly deed: Deed
  /** Of the post's folder, what lies on it. */
  readonly place: string
  /** Options or variables that lead there. */
  readonly given?: Readonly<Record<string, string>>
  readonly env?: (folder: string) => Record<string, string>
}

const DISKS: readonly FullDisk[] = [
  { deed: backing('database'), place: 'full-store', given: { store: 'file:full-store' } },
  { deed: backing('files'), place: 'full-store', given: { store: 'file:full-store' } },
  { deed: backing('database'), place: 'full-logs', given: { 'log-dir': 'full-logs' } },
  { deed: backing('database'), place: 'full-tmp', env: folder => ({ TMPDIR: folder }) },
  { deed: verifying(), place: 'full-tmp', env: folder => ({ TMPDIR: folder }) },
  { deed: restoringFiles('new'), place: 'full-target', given: { into: 'full-target/out' } },
]

/** Bytes. Some hold the beginning of a backup, none the whole of one. */
const SIZES = [65_536, 1_000_000, 4_000_000, 8_000_000] as const

export async function fillOnce(post: Post, index: number, tally: Tally): Promise<void> {
  const disk = DISKS[index % DISKS.length]
  if (disk === undefined) throw new Error('no disk')
  const { deed, place, given = {}, env } = disk
  const { subject, dice } = post
  const attempt = await deed.begin(post)
  const folder = join(subject.folder, place)
  const bytes = dice.of(SIZES)
  mkdirSync(folder)
  mountSmallDisk(folder, bytes)
  const command = attempt.command(url => url)
  const ended = await subject.run({ ...command, given: { ...command.given, ...given } }, { env: env?.(folder) ?? {} })
  unmountSmallDisk(folder)
  const faults: Faulted[] = []
  if (ended.hung) faults.push({ fault: 'hang', why: last(ended) })
  if (ended.code === 0 && place === 'full-store')
    faults.push({ fault: 'lie', why: 'a backup for which there is no room is well' })
  faults.push(...(await attempt.survived()))
  faults.push(...(await runAgain(post, attempt)).faults)
  await attempt.end()
  const campaign = `${place} on a disk of ${bytes / 1000} kB`
  tally.add({ campaign, what: deed.what, store: subject.kind, met: ended.code !== 0, faults })
}
