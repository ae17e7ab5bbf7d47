/**
 * A restore: which backup of which store goes where, what guards it, and how it is undone. A part of the composition root.
 */
import { type Moment, parseMoment } from './engine/catalog.ts'
import { restore } from './engine/restore.ts'
import type { Consent } from './engine/restore-consent.ts'
import { planRestore } from './engine/restore-plan.ts'
import type { Safety } from './engine/safety.ts'
import { ComebackError } from './errors.ts'
import type { Component } from './format/manifest.ts'
import type { Command, JobContext } from './job-context.ts'
import { openSink, openTargetSource } from './open-component.ts'
import { OLD, openStore } from './open-store.ts'
import type { Options } from './options.ts'
import type { Report } from './report/report.ts'
import type { Keyring } from './repository/keyring.ts'
import type { Store } from './store/store.ts'
import { VERSION } from './version.ts'

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000

export async function restoreFromStore(
  { component, at }: Extract<Command, { verb: 'restore' }>,
  asked: Options,
  context: JobContext,
  openKeyring: () => Promise<Keyring>,
): Promise<Report> {
  const options = asked.undo ? forUndo(asked) : asked
  const store = await openStore(options, context)
  // The sink first: a target that is not even named is the quicker error.
  const sink = openSink(component, options, context)
  const moment = options.undo ? undoOf(component, options, context) : parseMoment(at, options.includeSafety)
  const keyring = await openKeyring()
  const { progress, signal } = context
  const guards = guardsOf(component, options, context, { keyring, store })
  const request = { store, keyring, component, moment, sink, ...guards, now: () => new Date(), progress, signal }
  return options.dryRun ? planRestore(request) : restore(request)
}

/** `store` is the one that the backup comes from; absent where that is none of ours. */
export function guardsOf(
  component: Component,
  options: Options,
  context: JobContext,
  { keyring, store }: { readonly keyring: Keyring; readonly store?: Store },
): { readonly safety?: Safety; readonly consent: Consent } {
  const consent: Consent = {
    name: options.confirm,
    ask: context.ask,
    named: name => openSink(component, { ...options, confirm: name }, context),
  }
  // The configuration goes into a folder for review, never over anything.
  if (component === 'config') return { consent }
  const location = options.safetyStore ?? options.store
  const refusal = refusalOf(location, context)
  const safety: Safety = {
    wanted: !options.noSafetyBackup,
    store: location === options.store ? (store?.location ?? location) : location,
    ...(refusal === undefined ? {} : { refusal }),
    source: target => openTargetSource(component, options, context, target),
    request: async () => ({
      store: location === options.store && store !== undefined ? store : await openOther(location, options, context),
      keyring,
      codec: options.codec,
      level: options.level,
      full: false,
      fullEvery: options.fullEvery,
      keepUntil: new Date(Date.now() + options.retentionDays * DAY),
      tools: { comeback: VERSION, node: process.version },
      now: () => new Date(),
      signal: context.signal,
    }),
  }
  return { safety, consent }
}

/** The safety backup lies where the restore put it; and a database that held something before holds something now. */
function forUndo(options: Options): Options {
  return { ...options, store: options.safetyStore ?? options.store, mode: options.mode ?? 'atomic' }
}

function undoOf(component: Component, options: Options, context: JobContext): Moment {
  if (component === 'config') {
    throw new ComebackError('usage', 'A restore of the configuration replaces nothing, so there is nothing to undo.', {
      hint: 'It goes into a folder for review.',
    })
  }
  const { identity } = openTargetSource(component, options, context)
  return { kind: 'undo', identity, place: identity }
}

/** What is remembered is of the other store. */
function openOther(location: string, options: Options, { memory: _, ...context }: JobContext): Promise<Store> {
  return openStore({ ...options, store: location }, context)
}

/** Known without asking the store: better said by a dry run than found out when everything else is ready. */
function refusalOf(location: string, { github }: JobContext): ComebackError | undefined {
  const reason = location.startsWith(OLD)
    ? 'is a folder of the old scripts'
    : location.startsWith('artifact:') && github.run === undefined
      ? 'can be written only in a step of the Action'
      : undefined
  if (reason === undefined) return undefined
  return new ComebackError(
    'usage',
    `The target holds something, and no safety backup of it can be made: ${location} ${reason}.`,
    {
      hint: 'Give a store for it: --safety-store file:DIR or --safety-store s3://BUCKET/PREFIX. Or restore without one: --no-safety-backup and --confirm NAME.',
    },
  )
}
