/** Runs whose line to the database goes bad. */
import type { Deed } from './deeds.ts'
import { openLine, type Trouble } from './line.ts'
import { type Faulted, last, type Post } from './post.ts'
import { runAgain } from './run-again.ts'
import type { Tally } from './tally.ts'

export async function troubleOnce(post: Post, deed: Deed, tally: Tally): Promise<void> {
  const { subject, ground, dice } = post
  const attempt = await deed.begin(post)
  const trouble = anyTrouble(post)
  const line = await openLine(ground.server.port, trouble)
  const ended = await subject.run(attempt.command(line.through))
  const { met } = line
  await line[Symbol.asyncDispose]()
  const faults: Faulted[] = []
  if (ended.hung) faults.push({ fault: 'hang', why: last(ended) })
  // It may have begun again, or not have needed what went silent.
  if (ended.code === 0) faults.push(...(await attempt.done(ended)))
  else faults.push(...(await attempt.survived()), ...(await runAgain(post, attempt)).faults)
  await attempt.end()
  tally.add({ campaign: `the line ${said(trouble)}`, what: deed.what, store: subject.kind, met, faults })

  function anyTrouble({ dice: { whole } }: Post): Trouble {
    const bytes = Math.floor(dice.between(5_000, deed.what.startsWith('backup') ? 15_000_000 : 200_000))
    const kind = dice.of(['cut', 'cut', 'silent', 'silent', 'slow'] as const)
    if (kind === 'slow') return { kind, rate: 2_000_000 + whole(10_000_000) }
    return kind === 'cut' ? { kind, bytes } : { kind, bytes, which: dice.of(['one', 'all']) }
  }
}

function said(trouble: Trouble): string {
  if (trouble.kind === 'slow') return `carries ${(trouble.rate / 1e6).toFixed(1)} MB a second`
  const after = `after ${(trouble.bytes / 1e6).toFixed(2)} MB`
  return trouble.kind === 'cut' ? `is cut ${after}` : `is silent ${after}, ${trouble.which} of the connections`
}
