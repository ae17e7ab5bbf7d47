/** The same run once more, with nothing in its way: it must go well, whatever came of the first. */
import type { Attempt } from './deeds.ts'
import { type Faulted, last, type Post } from './post.ts'

export interface Again {
  readonly milliseconds: number
  readonly faults: readonly Faulted[]
}

export async function runAgain({ subject }: Post, attempt: Attempt): Promise<Again> {
  const ended = await subject.run(attempt.command(url => url))
  const { milliseconds, hung, code } = ended
  if (hung) return { milliseconds, faults: [{ fault: 'hang', why: last(ended) }] }
  if (code !== 0) return { milliseconds, faults: [{ fault: 'stuck', why: `the next run: ${code} ${last(ended)}` }] }
  return { milliseconds, faults: await attempt.done(ended) }
}
