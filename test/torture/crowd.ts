/** Many at once: writers, a pruner and a restorer on one store, while the database changes under them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { backupOf, type Faulted, last, must, type Post } from './post.ts'
import type { Ended } from './subject.ts'
import type { Tally } from './tally.ts'

const WRITERS = 8
/** Of backups that are complete at the end, so many are restored. */
const RESTORED = 12

/** One transaction gives every person the same number, so a snapshot that holds two numbers is none. */
const CONSISTENT = `
  SELECT (SELECT count(DISTINCT number) FROM person) = 1
     AND (SELECT number FROM state) = (SELECT min(number) FROM person) AS right`

export async function crowd(post: Post, minutes: number, tally: Tally): Promise<void> {
  const { subject, ground } = post
  const over = Date.now() + minutes * 60_000
  const faults: Faulted[] = []
  const runs = { backups: 0, prunes: 0, restores: 0 }

  async function repeat(work: () => Promise<void>): Promise<void> {
    while (Date.now() < over) await work()
  }
  function expectWell(ended: Ended, who: string): void {
    if (ended.hung) faults.push({ fault: 'hang', why: `${who}: ${last(ended)}` })
    else if (ended.code !== 0) faults.push({ fault: 'stuck', why: `${who}: ${ended.code} ${last(ended)}` })
  }

  await Promise.all([
    repeat(async () => {
      await ground.changeDatabase()
      await sleep(200)
    }),
    ...Array.from({ length: WRITERS }, (_, writer) =>
      repeat(async () => {
        expectWell(await subject.run(backupOf(post, 'database')), `writer ${writer}`)
        runs.backups++
      }),
    ),
    repeat(async () => {
      expectWell(await subject.run({ verb: 'prune', given: { apply: true, 'keep-last': '5' } }), 'prune')
      runs.prunes++
      await sleep(3_000)
    }),
    repeat(async () => {
      faults.push(...(await restored(post, 'latest')))
      runs.restores++
      await sleep(1_000)
    }),
  ])

  const check = await subject.run({ verb: 'check', given: { read: true } })
  if (check.code !== 0) faults.push({ fault: 'loss', why: `check --read: ${check.code} ${last(check)}` })
  const { backups = [] } = must(await subject.run({ verb: 'list', component: 'database' })).report ?? {}
  const ids = backups.filter(({ status }) => status === 'complete').map(({ id }) => id)
  for (const id of ids.slice(0, RESTORED)) faults.push(...(await restored(post, id)))
  const what = `${runs.backups} backups, ${runs.prunes} prunes, ${runs.restores} restores; ${ids.length} backups kept`
  tally.add({ campaign: `${WRITERS} writers for ${minutes} min`, what, store: subject.kind, met: true, faults })
}

async function restored({ subject, ground }: Post, at: string): Promise<readonly Faulted[]> {
  const url = await ground.emptyDatabase()
  const ended = await subject.run({ verb: 'restore', component: 'database', given: { at, 'target-url': url } })
  const [row] = ended.code === 0 ? await ground.query(CONSISTENT, url) : []
  await ground.drop(url)
  return String(row?.right) === 'true' ? [] : [{ fault: 'loss', why: `restore of ${at}: ${ended.code} ${last(ended)}` }]
}
