/** Which backup of each component is proved. */
import { ComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { isIndexFile } from '../repository/layout.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type Moment, readCatalog } from './catalog.ts'
import { findIn } from './find-backup.ts'
import { warnOfPassedOver } from './passed-over.ts'
import type { ProofFinding } from './proof.ts'
import { newestProofs } from './proof-history.ts'
import { isFuture, Judge } from './standing.ts'
import type { VerifyRequest } from './verify-request.ts'

/** Damaged backups of a component that are reported. */
const MOST_DAMAGED = 3

export type Choice = FoundBackup | UnreadBackup

export interface FoundBackup {
  readonly component: Component
  /** Of the component alone. */
  readonly catalog: Catalog
  readonly manifest: Manifest
  readonly notes: readonly ProofFinding[]
}

/** Its manifest does not say what it is, so there is nothing to restore. */
export interface UnreadBackup {
  readonly component: Component
  readonly id: string
  readonly finding: ProofFinding
}

/**
 * All of them before any is restored: what is wrong with the request must not be found out after an hour. Throws `wrong-key`, and
 * `no-such-backup` where there is none at all, or none of a component that was asked for by name.
 */
export async function chooseBackups(
  request: VerifyRequest,
): Promise<{ readonly choices: readonly Choice[]; readonly absent: readonly Component[] }> {
  const { store, components, signal } = request
  const [only, ...more] = components
  const whole = await readCatalog(store, more.length === 0 ? only : undefined, signal)
  const choices: Choice[] = []
  const absent: Component[] = []
  let missing: ComebackError | undefined
  for (const component of components) {
    const catalog = { ...whole, entries: whole.entries.filter(entry => entry.component === component) }
    try {
      choices.push(...(await choose(request, component, catalog)))
    } catch (error) {
      if (!request.all || !hasCode(error, 'no-such-backup')) throw error
      missing ??= error
      absent.push(component)
    }
  }
  if (choices.length > 0) return { choices, absent }
  throw missing !== undefined && whole.entries.some(({ kind }) => kind === 'backup') ? missing : nothingThere(store)
}

export function nothingThere(store: Store): ComebackError {
  return new ComebackError('no-such-backup', `There is no backup in ${store.location}.`, {
    hint: 'Is it the right store? `comeback list` shows what it holds.',
  })
}

/** With those before it that should have been the ones, and cannot be believed: damage is what a proof is there to find. */
async function choose(request: VerifyRequest, component: Component, catalog: Catalog): Promise<readonly Choice[]> {
  const { store, keyring, signal, moment = { kind: 'latest' } } = request
  const looked: string[] = []
  const damaged: UnreadBackup[] = []
  const warn = warnOfPassedOver(component, request.progress)
  const look = (moment: Moment) =>
    findIn(catalog, {
      store,
      component,
      moment,
      keyring,
      now: request.now(),
      signal,
      looking: id => looked.push(id),
      passedOver: (id, error, asked) => {
        // Nothing of ours is of a day to come; and a manifest without anything beside it can be anybody's, and brings nothing back.
        const mayBeOurs = !isFuture(timeOf(id), request.now()) && hasIndex(catalog, component, id)
        if (hasCode(error, 'damaged') && mayBeOurs) damaged.push(unread(component, id, 'backup-damaged', error))
        else warn(id, error, asked)
      },
    })
  try {
    if (!request.migrates || request.moment !== undefined || component !== 'database') {
      const manifest = await look(moment)
      return [...damaged.slice(0, MOST_DAMAGED), { component, catalog, manifest, notes: [] }]
    }
    const verified = await lastVerified(request, catalog)
    if (verified !== undefined) return [{ component, catalog, manifest: verified, notes: [] }]
    const manifest = await look(moment)
    return [...damaged.slice(0, MOST_DAMAGED), { component, catalog, manifest, notes: [notVerified(manifest)] }]
  } catch (error) {
    const id = looked.at(-1)
    if (id === undefined || signal.aborted || !(error instanceof ComebackError)) throw error
    if (damaged.length > 0 && hasCode(error, 'damaged', 'no-such-backup')) return damaged.slice(0, MOST_DAMAGED)
    if (hasCode(error, 'damaged')) return [unread(component, id, 'backup-damaged', error)]
    if (hasCode(error, 'store-unavailable', 'connection')) return [unread(component, id, 'store-unavailable', error)]
    throw error
  }
}

function unread(
  component: Component,
  id: string,
  code: 'backup-damaged' | 'store-unavailable',
  { message, hint }: ComebackError,
): UnreadBackup {
  return { component, id, finding: { code, subject: 'backup', message, hint } }
}

function hasIndex({ objects }: Catalog, component: Component, id: string): boolean {
  const folder = `${component}/${id}/`
  return [...objects.keys()].some(name => name.startsWith(folder) && isIndexFile(name.slice(folder.length)))
}

function notVerified({ id }: Manifest): ProofFinding {
  const message = `No backup was verified before, so the migrations ran against the latest one, ${id}.`
  return { code: 'not-last-verified', subject: id, message }
}

async function lastVerified(
  { store, keyring, now, signal }: VerifyRequest,
  catalog: Catalog,
): Promise<Manifest | undefined> {
  const judging = { store, catalog, keyring, now: now(), signal }
  const judge = new Judge(judging)
  for (const entry of catalog.entries.filter(({ kind, proofs }) => kind === 'backup' && proofs.length > 0)) {
    const { standing, manifest } = await judge.judge(entry)
    if (manifest === undefined || !standing.counts) continue
    const { decided } = await newestProofs(judging, entry, manifest)
    if (decided?.record.verdict === 'verified') return manifest
  }
  return undefined
}
