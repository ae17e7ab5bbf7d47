/** What a check did not look at: a backup that was looked at from outside alone must not pass for one that was read. */
import type { CheckReport } from './check-report.ts'
import { sizeText } from './quantities.ts'

/** Sentences for people; none if everything was looked at. */
export function unchecked({ key, percent, components }: CheckReport): readonly string[] {
  const present = components.reduce((sum, { present }) => sum + present.bytes, 0)
  const read = components.reduce((sum, { read }) => sum + read.bytes, 0)
  const left: string[] = []
  if (percent === 0) {
    left.push('the bytes of the objects. --read reads all of them, --read-percent some each day.')
  } else if (percent < 100) {
    const days = Math.ceil(100 / percent)
    left.push(
      `${sizeText(Math.max(0, present - read))} that are not due today. Run daily, ${percent} percent a day read everything within ${days} days.`,
    )
  }
  if (!key) {
    left.push('whether the manifests are authentic and what is inside of the objects: there is no key at hand.')
  }
  return left
}
