/**
 * `npm run fuzz -- [--mutations N] [--seed N] [--only NAME] [--record]` gives every reader of foreign bytes bytes that almost are what
 * it expects. Each must be taken as what was written or refused with an error of ours, soon and in bounded memory. It fails if one
 * is not, and prints it. With `--record` the figures go to docs/fuzz.md.
 */
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ComebackError } from '../../src/errors.ts'
import { dice as throwDice } from '../torture/dice.ts'
import { archiveTargets } from './archives.ts'
import { listingTarget } from './listings.ts'
import { mutate, mutateJson } from './mutate.ts'
import { storedTargets } from './stored.ts'
import type { Target } from './target.ts'

/** Milliseconds, on a machine that does other things, too. */
const SLOW = 5_000
/** Bytes that one reading may add to what the process holds. */
const FAT = 256 * 1024 * 1024
/** Of each reader's faults. */
const SHOWN = 4

interface Figures {
  readonly name: string
  readonly tried: number
  readonly refused: number
  /** Milliseconds. */
  readonly slowest: number
  readonly faults: number
}

const { values } = parseArgs({
  options: {
    mutations: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? randomInt(2 ** 31))
const note = (line: string): void => void process.stderr.write(`${line}\n`)
note(`seed ${seed}`)
const begun = performance.now()
const figures: Figures[] = []

const targets = [...(await storedTargets()), ...archiveTargets(), await listingTarget()]
for (const target of targets.filter(({ name }) => values.only === undefined || name === values.only)) {
  figures.push(await fuzz(target))
}
for (const target of targets) await target[Symbol.asyncDispose]()

const peak = process.resourceUsage().maxRSS / 1024
const faults = figures.reduce((sum, one) => sum + one.faults, 0)
note(`${faults} faults; ${peak.toFixed(0)} MiB at most; ${((performance.now() - begun) / 1000).toFixed(0)} s`)
if (values.record) record()
if (faults > 0) process.exitCode = 1

async function fuzz(target: Target): Promise<Figures> {
  // Its own, so that one target can be tried again without the others.
  const dice = throwDice(seed)
  const tried = Math.ceil((Number(values.mutations) * target.share) / 100)
  let refused = 0
  let slowest = 0
  let broken = 0
  for (let turn = 0; turn < tried; turn++) {
    const sample = dice.whole(target.samples.length)
    const original = target.samples[sample] ?? Buffer.alloc(0)
    const bytes = target.mutate === 'json' ? mutateJson(original, dice) : mutate(original, dice)
    const before = process.memoryUsage.rss()
    const start = performance.now()
    const outcome = await target.read(bytes, sample).then(
      () => undefined,
      (error: unknown) => error,
    )
    const took = performance.now() - start
    slowest = Math.max(slowest, took)
    if (outcome instanceof ComebackError) refused++
    const grown = process.memoryUsage.rss() - before
    const why =
      outcome !== undefined && !(outcome instanceof ComebackError)
        ? outcome instanceof Error
          ? outcome.stack
          : String(outcome)
        : took > SLOW
          ? `${took.toFixed(0)} ms`
          : grown > FAT
            ? `${grown} bytes more`
            : undefined
    if (why === undefined) continue
    broken++
    if (broken <= SHOWN)
      note(`${target.name}, turn ${turn}: ${why}\n    ${JSON.stringify(bytes.subarray(0, 300).toString('latin1'))}`)
  }
  note(`${target.name}: ${tried} tried, ${refused} refused, slowest ${slowest.toFixed(0)} ms, ${broken} faults`)
  return { name: target.name, tried, refused, slowest, faults: broken }
}

function record(): void {
  const rows = figures.map(
    one => `| ${one.name} | ${one.tried} | ${one.refused} | ${one.slowest.toFixed(0)} ms | ${one.faults} |`,
  )
  writeFileSync(
    resolve(import.meta.dirname, '../../docs/fuzz.md'),
    `# Fuzzing

Every reader of bytes that somebody else may have written gets bytes that almost are what it expects: pieces taken out, doubled, moved,
replaced, bits turned, and in JSON values that readers stumble over. What is not refused was what had been written, or harmless: a
change of white space, of a name that is nobody's, of a file's contents in an archive that nothing authenticates. A fault is an error
that is not ours, something altered that was taken for genuine, something written outside, more than ${SLOW / 1000} s or ${FAT / 1024 / 1024} MiB.
\`npm run fuzz -- --record\` writes this page; \`test/fuzz\` is the suite.

Seed ${seed}, Node ${process.version}: ${figures.reduce((sum, one) => sum + one.tried, 0)} mutations in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${peak.toFixed(0)} MiB at most.

| what is read | tried | refused | slowest | faults |
|---|---|---|---|---|
${rows.join('\n')}
`,
  )
}
