/**
 * The composition root: parsed options and what the edge knows (key, environment, signal) become adapters, the engine runs,
 * a report comes back. Only this file, `open-store.ts` and `open-component.ts` name concrete adapters.
 */
import { resolve } from 'node:path'
import { backup } from './engine/backup.ts'
import { parseMoment, readCatalog } from './engine/catalog.ts'
import { check } from './engine/check.ts'
import { exportBackup } from './engine/export.ts'
import { list } from './engine/list.ts'
import { prune } from './engine/prune.ts'
import { restore } from './engine/restore.ts'
import { planRestore } from './engine/restore-plan.ts'
import { status } from './engine/status.ts'
import { asComebackError, ComebackError } from './errors.ts'
import { keyId } from './format/keys.ts'
import type { Component } from './format/manifest.ts'
import { keepOutOfGit, refuseTracked } from './git-ignore.ts'
import { init, type KeyAtHand } from './init/init.ts'
import type { Command, JobContext } from './job-context.ts'
import { copyBackups } from './job-copy.ts'
import { importOld, listOld, type OldKeys, oldFolderOf, restoreOld } from './job-old-scheme.ts'
import { writeReport } from './job-report.ts'
import { guardsOf, restoreFromStore } from './job-restore.ts'
import { verifyBackups } from './job-verify.ts'
import { findKey, type KeyPlace, makeKey, needKey, needVouching } from './key-file.ts'
import { discardKept, openSink, openSource } from './open-component.ts'
import { openStore } from './open-store.ts'
import type { Options } from './options.ts'
import type { BackupOutcome, BackupReport, Report } from './report/report.ts'
import { Keyring } from './repository/keyring.ts'
import { openLocalStore } from './store/local.ts'
import type { Store } from './store/store.ts'
import { abandonedFolders } from './temporary-folder.ts'
import { VERSION } from './version.ts'

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000

/** Throws a `ComebackError`; of several components backed up, the failed ones stand in the report instead. */
export async function runJob(command: Command, options: Options, context: JobContext): Promise<Report> {
  context.signal.throwIfAborted()
  const oldFolder = oldFolderOf(options.store)
  switch (command.verb) {
    case 'backup':
      return backUp(command.components, options, context)
    case 'restore':
      if (options.discard !== undefined) return discard(command.component, options.discard, options, context)
      if (oldFolder !== undefined && !options.undo) {
        const { component, at } = command
        const sink = openSink(component, options, context)
        const old = { folder: oldFolder, component, at, keys: await oldKeys(options, context) }
        return restoreOld(old, options, context, found =>
          (options.dryRun ? planRestore : restore)({
            ...found,
            component,
            sink,
            ...guardsOf(component, options, context, { keyring: found.keyring }),
            now,
            progress: context.progress,
            signal: context.signal,
          }),
        )
      }
      return restoreFromStore(
        command,
        options,
        context,
        async () => new Keyring(await needKey(keyPlace(options, context))),
      )
    case 'verify':
      return verifyBackups(command.components, options, context, {
        needed: async () => new Keyring(await needKey(keyPlace(options, context))),
        any: () => keyringIfAny(options, context),
      })
    case 'list':
      if (oldFolder !== undefined) return listOld(oldFolder, command.components, context.cwd)
      return list(
        await openStore(options, context),
        command.components,
        await keyringIfAny(options, context),
        context.signal,
      )
    case 'status': {
      const found = await status({
        ...(await readingRequest(command.components, options, context)),
        maxAge: options.maxAge,
        maxProofAge: options.maxProofAge,
        quota: options.quota,
      })
      const left = await abandonedFolders(context.temporary, undefined)
      return left.length === 0 ? found : { ...found, left }
    }
    case 'report':
      return writeReport(await readingRequest(command.components, options, context), options, context)
    case 'check':
      return check({
        ...(await readingRequest(command.components, options, withoutMemory(context))),
        engine: `comeback ${VERSION}`,
        percent: options.read ? 100 : (options.readPercent ?? 0),
      })
    case 'prune': {
      const request = await readingRequest(command.components, options, withoutMemory(context))
      const apply = options.apply && !options.dryRun
      if (apply) needVouching(request.keyring, options.unauthenticated, 'none is removed')
      return prune({ ...request, policy: { days: options.retentionDays, ...rulesOf(options) }, apply })
    }
    case 'copy':
      return copyBackups(command.components, options, context, {
        rules: rulesOf(options),
        keyring: () => keyringIfAny(options, context),
      })
    case 'import': {
      await findOwnKey(keyPlace(options, context), context)
      const store = await openStore(options, context)
      return importOld(command.components, store, await oldKeys(options, context), options, context)
    }
    case 'init':
      return init(options, context, () => keyAtHand(options, context))
    case 'export':
      return exportBackup({
        moment: parseMoment(command.at, options.includeSafety),
        component: command.component,
        store: await openStore(options, context),
        target: openLocalStore(resolve(context.cwd, needFolder(options.into))),
        keyring: new Keyring(await needKey(keyPlace(options, context))),
        level: options.level,
        progress: context.progress,
        signal: context.signal,
      })
    case 'key': {
      const place = keyPlace(options, context)
      if (command.action === 'show-id') return { command: 'key', keyId: await keyId(await needKey(place)) }
      return { command: 'key', keyId: await keyId(await newKey(place)), file: options.keyFile }
    }
  }
}

async function backUp(components: readonly Component[], options: Options, context: JobContext): Promise<BackupReport> {
  // All of them first: one that lacks its options must not be found out after another has run for an hour.
  const sources = components.map(component => openSource(component, options, context))
  const store = await openStore(options, context)
  const keyring = new Keyring(await findOrMakeKey(store, options, context))
  const backups: BackupOutcome[] = []
  for (const source of sources) {
    const { component } = source
    const outcome = await backup({
      store,
      keyring,
      source,
      ...(options.source === undefined ? {} : { sourceName: options.source }),
      codec: options.codec,
      level: options.level,
      full: options.full,
      fullEvery: options.fullEvery,
      keepUntil: new Date(now().getTime() + options.retentionDays * DAY),
      tools: { comeback: VERSION, node: process.version },
      now,
      progress: context.progress,
      signal: context.signal,
    }).catch((reason: unknown): BackupOutcome => {
      // Backups that were made before it stand, and must be told of.
      if (backups.length === 0) throw reason
      const { code, message, hint } = asComebackError(reason)
      return { status: 'failed', component, error: { code, message, hint } }
    })
    backups.push(outcome)
    context.progress({ type: 'done', component })
    if (context.signal.aborted) break
  }
  const report = { command: 'backup', store: store.location, backups } as const
  const isComplete = backups.length === components.length && backups.every(({ status }) => status === 'complete')
  if (!options.prune || !isComplete) return report
  return { ...report, pruned: await pruneAfter(components, options, context) }
}

/** The backups stand: whatever goes wrong now is told beside them. */
async function pruneAfter(
  components: readonly Component[],
  options: Options,
  context: JobContext,
): Promise<NonNullable<BackupReport['pruned']>> {
  try {
    return await prune({
      ...(await readingRequest(components, options, withoutMemory(context))),
      policy: { days: options.retentionDays, ...rulesOf(options) },
      apply: true,
    })
  } catch (reason) {
    const { code, message, hint } = asComebackError(reason)
    return { command: 'error', error: { code, message, hint } }
  }
}

function rulesOf(options: Options) {
  return {
    last: options.keepLast,
    hourly: options.keepHourly,
    daily: options.keepDaily,
    weekly: options.keepWeekly,
    monthly: options.keepMonthly,
    yearly: options.keepYearly,
  }
}

/** What `status`, `check` and `prune` have in common: they work without the key, and know more with it. */
async function readingRequest(components: readonly Component[], options: Options, context: JobContext) {
  return {
    store: await openStore(options, context),
    components,
    keyring: await keyringIfAny(options, context),
    now,
    progress: context.progress,
    signal: context.signal,
  }
}

/** For those who must see the store itself: one looks for damage there, the other deletes by what it reads. */
function withoutMemory({ memory: _, ...context }: JobContext): JobContext {
  return context
}

async function keyringIfAny(options: Options, context: JobContext): Promise<Keyring | undefined> {
  const passphrase = await findKey(keyPlace(options, context))
  return passphrase === undefined ? undefined : new Keyring(passphrase)
}

/** The old scripts kept theirs in the file; the one of new backups may have come from there, or be another. */
async function oldKeys(options: Options, context: JobContext): Promise<OldKeys> {
  const place = keyPlace(options, context)
  const passphrase = await needKey(place)
  const inFile = await findKey({ ...place, given: undefined })
  return { passphrase, passphrases: [...new Set(inFile === undefined ? [passphrase] : [inFile, passphrase])] }
}

async function findOrMakeKey(store: Store, options: Options, context: JobContext): Promise<string> {
  const place = keyPlace(options, context)
  const found = await findOwnKey(place, context)
  if (found !== undefined) return found
  const { entries } = await readCatalog(store, undefined, context.signal)
  // Whoever kept the new one in the place of the old, as told to, would have lost them all.
  if (entries.length > 0 && !options.full && !context.ci) {
    throw new ComebackError('no-key', `${options.keyFile} is not there, and the store holds backups that need a key.`, {
      hint: 'Bring it back from where you keep a copy, or set COMEBACK_KEY. If it is lost, --full starts anew under a new key.',
    })
  }
  const made = await newKey(place)
  context.progress({
    type: 'notice',
    message: `A new key was written to ${options.keyFile}. Without it no backup can ever be read: keep a copy of it NOW, somewhere else than the backups (a password manager, say).`,
  })
  return made
}

/** For what will be encrypted with it: not one that git has, or would take. */
async function findOwnKey(place: KeyPlace, context: JobContext): Promise<string | undefined> {
  const isFile = (place.given ?? '').trim() === ''
  if (isFile) await refuseTracked(place.file)
  const found = await findKey(place)
  if (found !== undefined && isFile && !place.ci && (await keepOutOfGit(place.file))) {
    context.progress({
      type: 'notice',
      message: `git would have taken the key: ${place.file} now stands in .gitignore.`,
    })
  }
  return found
}

async function newKey(place: KeyPlace): Promise<string> {
  if (!place.ci) await keepOutOfGit(place.file)
  return makeKey(place)
}

/** As init finds or makes it; in CI there may be none. */
async function keyAtHand(options: Options, context: JobContext): Promise<KeyAtHand | undefined> {
  const place = keyPlace(options, context)
  const found = await findOwnKey(place, context)
  if (found === undefined && context.ci) return undefined
  const passphrase = found ?? (await newKey(place))
  return { id: await keyId(passphrase), inFile: (place.given ?? '').trim() === '', made: found === undefined }
}

async function discard(component: Component, name: string, options: Options, context: JobContext): Promise<Report> {
  return { command: 'discard', component, summary: await discardKept(component, name, options, context) }
}

function needFolder(into: string | undefined): string {
  if (into !== undefined) return into
  throw new ComebackError('usage', 'The export needs a folder.', { hint: 'Name a new one with --into DIR.' })
}

function keyPlace(options: Options, { key, cwd, ci }: JobContext) {
  return { given: key, file: resolve(cwd, options.keyFile), ci }
}

function now(): Date {
  return new Date()
}
