/** Runs with a wrong clock, beside others whose clock is right: what counts is what really is the newest. */
import { backing, copying, type Deed, pruning, verifying } from './deeds.ts'
import {
  backupFaults,
  backupOf,
  change,
  contentsOf,
  type Faulted,
  forget,
  last,
  learn,
  must,
  type Post,
  storeFaults,
} from './post.ts'
import type { Tally } from './tally.ts'

const DAYS = [-366, -40, -8, -2, 2, 8, 40, 366] as const

/** A run with the clock wrong, then a backup with the clock right: it is the latest one, and all of both come back. */
export async function clockOnce(post: Post, tally: Tally): Promise<void> {
  const { subject, dice } = post
  const days = dice.of(DAYS)
  const deed: Deed = dice.of([backing('files'), backing('database'), copying(), verifying(), pruning()])
  const faults: Faulted[] = []
  const attempt = await deed.begin(post)
  const wrong = await subject.run(
    attempt.command(url => url),
    { days },
  )
  if (wrong.hung) faults.push({ fault: 'hang', why: last(wrong) })
  // What a clock far ahead lets go is gone by the rules that it was given; the rest must be whole.
  if (deed.what === 'prune') await forget(post)
  faults.push(...(await storeFaults(post)))
  await attempt.end()

  await change(post, 'files')
  must(await subject.run(backupOf(post, 'files')))
  await learn(post)
  const latest = [...post.known].at(-1)
  if (latest?.[1].component === 'files') {
    const wanted = await contentsOf(post, 'files')
    post.known.set('latest', { component: 'files', contents: wanted })
    faults.push(...(await backupFaults(post, 'latest')).map(({ why }) => ({ fault: 'lie', why }) as const))
    post.known.delete('latest')
  }
  const status = await subject.run({ verb: 'status', component: 'files' })
  if (status.code !== 0) faults.push({ fault: 'stuck', why: `status: ${status.code} ${last(status)}` })
  tally.add({ campaign: `the clock ${days} days off`, what: deed.what, store: subject.kind, met: true, faults })
}
