/** The figures of a whole run, as a page for readers. */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Fault, Point } from './tally.ts'

const PAGE = resolve(import.meta.dirname, '../../docs/torture.md')
const FAULTS: readonly Fault[] = ['loss', 'lie', 'hang', 'stuck', 'left']

export function record(
  points: readonly Point[],
  { seed, minutes }: { readonly seed: number; readonly minutes: number },
): void {
  const rows = [...Map.groupBy(points, groupOf)].map(([group, all]) => {
    const counts = FAULTS.map(fault => all.filter(({ faults }) => faults.some(one => one.fault === fault)).length)
    return [group, all.length, all.filter(({ met }) => met).length, ...counts]
  })
  const stores = [...Map.groupBy(points, ({ store }) => store)].map(([store, all]) => `${all.length} on ${store}`)
  writeFileSync(
    PAGE,
    `# Torture

The built program is killed, cut off, starved of room, given wrong clocks and crowded, on a folder, an S3 stand-in and a stand-in for
artifacts, with a real PostgreSQL. After each point every byte of the store is checked, nothing that was safe may be gone, the same
run must succeed, and what it brings back is compared. \`npm run torture -- --record\` writes this page; \`test/torture\` is the suite.

Seed ${seed}, ${availableParallelism()} cores, Node ${process.version}, ${minutes.toFixed(0)} minutes: ${points.length} points, ${stores.join(', ')}.

| what was done to what | points | of them in time | ${FAULTS.join(' | ')} |
|---|---|---|${FAULTS.map(() => '---|').join('')}
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}

*loss*: what was safe is gone. *lie*: something said to be well is not. *hang*: no end within four minutes, or a session that lives on.
*stuck*: the same run fails when nothing is wrong any more. *left*: remains that the next run does not take away.
${points
  .filter(({ faults }) => faults.length > 0)
  .map(listed)
  .join('')}`,
  )
}

/** `killed after 300 ms` and `killed after 900 ms` are one. */
function groupOf({ campaign, what }: Point): string {
  const kind = campaign.replace(/ (after|carries|\d).*/, '').replace('the line is', 'the line is')
  return `${kind}: ${what.replace(/^\d+ backups.*/, 'backups, prunes, restores')}`
}

function listed({ campaign, what, store, faults }: Point): string {
  return `\n* ${campaign}: ${what} (${store}): ${faults.map(({ fault, why }) => `${fault}: ${why.slice(0, 200)}`).join('; ')}`
}
