/** Runs that are killed without a moment to tidy up, anywhere on their way. */
import type { Deed } from './deeds.ts'
import type { Post } from './post.ts'
import { runAgain } from './run-again.ts'
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
  const survived = await attempt.survived()
  const again = await runAgain(post, attempt)
  typical.set(key, again.milliseconds)
  await attempt.end()
  tally.add({
    campaign: `killed after ${Math.round(kill)} ms`,
    what: deed.what,
    store: subject.kind,
    met: killed.code === null,
    faults: [...survived, ...again.faults],
  })
}
