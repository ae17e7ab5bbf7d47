/** Runs that are killed without a moment to tidy up, anywhere on their way. */
import type { Deed } from './deeds.ts'
import { type Faulted, last, type Post } from './post.ts'
import type { Tally } from './tally.ts'

/** Milliseconds that a run of each kind takes, so that most kills meet it alive. */
const typical = new Map<string, number>()
const FIRST_GUESS = 1_500

export async function killOnce(post: Post, deed: Deed, tally: Tally): Promise<void> {
  const { subject, dice } = post
  const attempt = await deed.begin(post)
  const key = `${subject.kind} ${deed.what}`
  const kill = dice.between(0.15, 1) * (typical.get(key) ?? FIRST_GUESS)
  const killed = await subject.run(
    attempt.command(url => url),
    { kill },
  )
  const faults: Faulted[] = [...(await attempt.survived())]
  const again = await subject.run(attempt.command(url => url))
  typical.set(key, again.milliseconds)
  if (again.hung) faults.push({ fault: 'hang', why: last(again) })
  else if (again.code !== 0) faults.push({ fault: 'stuck', why: `the next run: ${again.code} ${last(again)}` })
  else faults.push(...(await attempt.done(again)))
  await attempt.end()
  tally.add({
    campaign: `killed after ${Math.round(kill)} ms`,
    what: deed.what,
    store: subject.kind,
    met: killed.code === null,
    faults,
  })
}
