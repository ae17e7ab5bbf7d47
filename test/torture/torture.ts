/**
 * `npm run torture -- [--points N] [--minutes M] [--seed N] [--only kills,connections,disks,clocks,crowd] [--record]` hurts the built
 * program wherever that is possible and looks whether anything is lost, false, stuck or left. It fails if something is. With
 * `--record` the figures go to docs/torture.md. The seed, which is printed, chooses the moments; what a moment meets is the machine's.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { clockOnce } from './clocks.ts'
import { troubleOnce } from './connections.ts'
import { crowd } from './crowd.ts'
import { backing, copying, type Deed, importing, pruning, restoring, restoringFiles, verifying } from './deeds.ts'
import { dice as throwDice } from './dice.ts'
import { fillOnce } from './disks.ts'
import { record } from './figures.ts'
import { prepareGround } from './ground.ts'
import { killOnce } from './kills.ts'
import { openPost, type Post } from './post.ts'
import type { StoreKind } from './subject.ts'
import { startTally } from './tally.ts'

const PARTS = ['kills', 'connections', 'disks', 'clocks', 'crowd'] as const
type Part = (typeof PARTS)[number]
/** Of the points. What has many moments gets most. */
const SHARES: Readonly<Record<Exclude<Part, 'crowd'>, number>> = {
  kills: 0.6,
  connections: 0.2,
  disks: 0.1,
  clocks: 0.1,
}
const STORES: readonly StoreKind[] = ['folder', 'bucket', 'artifacts']

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '220' },
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string' },
    only: { type: 'string', default: PARTS.join(',') },
    record: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? randomInt(2 ** 31))
const wanted = values.only.split(',')
for (const part of wanted) if (!PARTS.some(known => known === part)) throw new Error(`--only knows ${PARTS.join(', ')}`)

const begun = Date.now()
const note = (line: string): void => void process.stderr.write(`${line}\n`)
note(`seed ${seed}`)
const dice = throwDice(seed)
const tally = startTally(note)

const DATABASE: readonly Deed[] = [
  backing('database'),
  restoring('atomic'),
  restoring('swap'),
  restoring('parallel'),
  verifying(),
]
const ALL: readonly Deed[] = [
  ...DATABASE,
  backing('files'),
  restoringFiles('new'),
  restoringFiles('overwrite'),
  pruning(),
  copying(),
  importing(),
]

await using ground = await prepareGround(dice)
for (const kind of STORES) {
  await using post = await openPost(kind, ground, dice)
  // Nothing of an old folder can be brought into a store by the Action.
  const deeds = kind === 'artifacts' ? ALL.filter(({ what }) => what !== 'import') : ALL
  await each('kills', 1, index => killOnce(post, pick(deeds, index), tally))
  if (kind === 'artifacts') continue
  await each('connections', 1.5, index => troubleOnce(post, pick(DATABASE, index), tally))
  if (kind === 'folder') await each('disks', 3, index => fillOnce(post, index, tally))
  await each('clocks', 1.5, () => clockOnce(post, tally))
  if (wanted.includes('crowd')) await crowded(kind)
}
note(`${tally.points.length} points, ${tally.failed.length} with faults`)
if (values.record) record(tally.points, { seed, minutes: (Date.now() - begun) / 60_000 })
if (tally.failed.length > 0) process.exitCode = 1

/** A third of the part's share on each store, times how few of the stores it is tried on. */
async function each(part: keyof typeof SHARES, times: number, work: (index: number) => Promise<void>): Promise<void> {
  if (!wanted.includes(part)) return
  const count = Math.ceil((Number(values.points) * SHARES[part] * times) / STORES.length)
  for (let index = 0; index < count; index++) await work(index)
}

/** A store of its own: what the others have hurt would get in its way. */
async function crowded(kind: StoreKind): Promise<void> {
  await using post: Post = await openPost(kind, ground, dice)
  await crowd(post, Number(values.minutes) / 2, tally)
}

function pick(deeds: readonly Deed[], index: number): Deed {
  const deed = deeds[index % deeds.length]
  if (deed === undefined) throw new Error('nothing to do')
  return deed
}
