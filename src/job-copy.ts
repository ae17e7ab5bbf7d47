/** Copies between two stores: which they are, what goes, and what the other one can keep. A part of the composition root. */
import { parseMoment } from './engine/catalog.ts'
import { copy } from './engine/copy.ts'
import type { CopyRules } from './engine/copy-choice.ts'
import { reachOf } from './engine/short-lived.ts'
import { ComebackError } from './errors.ts'
import type { Component } from './format/manifest.ts'
import type { JobContext } from './job-context.ts'
import { needVouching } from './key-file.ts'
import { ARTIFACT, openStore } from './open-store.ts'
import { flag, type Options } from './options.ts'
import type { CopyReport } from './report/copy-report.ts'
import type { Keyring } from './repository/keyring.ts'

/** Days that GitHub keeps artifacts where nobody says otherwise. */
const ARTIFACT_DAYS = 90

/** Throws `usage` for what cannot be before a store is asked anything. */
export async function copyBackups(
  components: readonly Component[],
  options: Options,
  context: JobContext,
  wanted: { readonly rules: CopyRules; readonly keyring: () => Promise<Keyring | undefined> },
): Promise<CopyReport> {
  const { at, includeSafety, dryRun, store, from = store, to } = options
  const rules = Object.values(wanted.rules).some(rule => rule !== undefined) ? wanted.rules : undefined
  if (to === undefined) throw usage('copy needs to know where to.', `Name the other store with ${flag('to')}.`)
  if (at !== undefined && rules !== undefined) {
    throw usage(`${flag('at')} names one backup, and ${flag('keepLast')} and its like name others.`, 'Leave one out.')
  }
  const moment = at === undefined ? undefined : parseMoment(at, includeSafety)
  checkWritable(to, context)
  const keyring = await wanted.keyring()
  if (rules !== undefined) needVouching(keyring, options.unauthenticated, 'no rule can choose among them')
  const { memory: _, ...forgetful } = context
  const artifactDays = to.startsWith(ARTIFACT) ? context.github.run?.retentionDays : undefined
  const days = rules === undefined ? 0 : reachOf(rules)
  return copy({
    // What is remembered of the store may be believed where the key tells whether it is as it was written.
    from: await openStore({ ...options, store: from }, keyring === undefined ? forgetful : context, flag('from')),
    // It drops artifacts when it is told to when they are put.
    to: await openStore(
      { ...options, store: to, retentionDays: days > 0 ? days : (artifactDays ?? ARTIFACT_DAYS), fullEvery: 0 },
      forgetful,
      flag('to'),
    ),
    components,
    moment,
    rules,
    targetDays: artifactDays,
    includeSafety,
    keyring,
    dryRun,
    now: () => new Date(),
    progress: context.progress,
    signal: context.signal,
  })
}

/** Known without asking the store, and better said before the first byte was read. */
function checkWritable(to: string, { github }: JobContext): void {
  if (!to.startsWith(ARTIFACT) || github.run !== undefined) return
  throw usage(
    `Nothing can be copied to ${to}: only a step of the Action can store artifacts.`,
    'Copy into a folder (file:DIR) or a bucket (s3://BUCKET/PREFIX).',
  )
}

function usage(message: string, hint: string): ComebackError {
  return new ComebackError('usage', message, { hint })
}
