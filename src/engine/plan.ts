/** What is decided about a backup before the first byte is read: its id, what it builds on, and the salts of its keys. */
import { randomBytes } from 'node:crypto'
import { newBackupId } from '../format/backup-id.ts'
import type { CodecName } from '../format/compression.ts'
import { PBKDF2_ITERATIONS } from '../format/keys.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import type { ProofRecord } from '../format/proof-record.ts'
import type { KnownChunks } from '../repository/backup-writer.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import { type BaseSearch, findBase, fullIsDue, loadKnown } from './base.ts'
import { type CatalogEntry, readCatalog } from './catalog.ts'
import { foundDamagedSince } from './known-bad.ts'
import type { Problem, Source } from './ports.ts'
import type { Progress } from './progress.ts'
import { GRACE } from './retention.ts'
import { sourceHash } from './source-hash.ts'
import { Judge } from './standing.ts'
import { placeHash } from './store-family.ts'

export interface BackupRequest {
  readonly store: Store
  readonly keyring: Keyring
  readonly source: Source
  /** The name a person gave the source, so that its history goes on when it moves. */
  readonly sourceName?: string
  readonly codec: CodecName
  readonly level: number | undefined
  /** Build on nothing. */
  readonly full: boolean
  /** Milliseconds after which a chain's full backup is made anew. */
  readonly fullEvery: number
  /** Until when retention keeps the backup; packs that the store drops earlier are not leaned on. */
  readonly keepUntil?: Date
  readonly purpose?: Manifest['purpose']
  /** Of the key derivation, for a new chain. */
  readonly iterations?: number
  /** Names and versions for the manifest. */
  readonly tools: Readonly<Record<string, string>>
  readonly now: () => Date
  /** Where `now` is not the time, but the date that an old backup gets. */
  readonly today?: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface Plan {
  readonly id: string
  readonly started: Date
  readonly base: Manifest | undefined
  readonly known: KnownChunks | undefined
  readonly idSalt: string
  readonly salt: string
  readonly iterations: number
  readonly source: string
  /** The store that it is for. */
  readonly bond: NonNullable<Manifest['store']>
  /** The component's backups that the store held before, of whatever source, newest first. */
  readonly earlier: readonly CatalogEntry[]
  readonly problems: readonly Problem[]
}

export async function makePlan(request: BackupRequest): Promise<Plan> {
  const { store, keyring, source, now, signal } = request
  const started = now()
  const { component } = source
  const identity = request.sourceName === undefined ? source.identity : `name:${request.sourceName}`
  const catalog = await readCatalog(store, component, signal)
  const safetySince = youngSafety(request, started)
  const judge = new Judge({ store, catalog, keyring, now: request.today?.() ?? started, signal })
  const search: BaseSearch = {
    ...{ store, keyring, component, identity, catalog, judge, signal },
    ...(safetySince === undefined ? {} : { safetySince }),
  }
  const found = await findBase(search, request.full)
  const newest = found.placeholders[0] ?? found.backup
  const full = request.full || (found.backup !== undefined && fullIsDue(found.backup, started, request.fullEvery))
  const damaged = full || found.backup === undefined ? undefined : await foundDamagedSince(search, found.backup)
  const base = damaged === undefined ? found.backup : undefined
  const manifests = full ? [] : [...(base === undefined ? [] : [base]), ...found.placeholders]
  const loaded = await loadKnown(search, manifests, request.keepUntil)
  const known = loaded.known.places.length > 0 ? loaded.known : undefined
  const inherited = newest?.store?.id
  const bond = inherited === undefined ? await ownBond(judge, component) : { id: inherited, problems: [] }
  const idSalt = newest?.idSalt ?? randomBytes(16).toString('hex')
  const iterations = newest?.kdf.iterations ?? request.iterations ?? PBKDF2_ITERATIONS
  return {
    id: newBackupId(started),
    started,
    base: known === undefined ? undefined : base,
    known,
    idSalt,
    // A chain shares its salt, which makes one key derivation do for all of it; the confounder keeps packs apart.
    salt: known === undefined || newest === undefined ? randomBytes(8).toString('hex') : newest.kdf.salt,
    iterations,
    source: await sourceHash(keyring, idSalt, iterations, component, identity),
    bond: { id: bond.id, place: await placeHash(keyring, idSalt, iterations, store) },
    earlier: catalog.entries.filter(({ kind }) => kind === 'backup'),
    problems: [
      ...found.problems,
      ...bond.problems,
      ...(damaged === undefined ? [] : [leftAside(damaged)]),
      ...loaded.problems,
    ],
  }
}

function leftAside({ backup, provedAt }: ProofRecord): Problem {
  return {
    severity: 'warning',
    message: `${backup} was found damaged on ${provedAt.slice(0, 10)}, so this backup builds on nothing that it holds.`,
    hint: 'Nothing needs to be done for new backups. `comeback check --read` names what is damaged of the old ones.',
  }
}

interface OwnBond {
  readonly id: string
  readonly problems: readonly Problem[]
}

/** The store's id, from whatever is in it: of its own backups, or, where nothing was made here yet, of those that came along. */
async function ownBond(judge: Judge, component: Component): Promise<OwnBond> {
  const { bonds, isHome, bound } = await judge.family(component)
  const id = bonds === 'unclear' ? undefined : [...bonds][0]
  if (id === undefined) return { id: randomBytes(16).toString('hex'), problems: [] }
  return { id, problems: isHome ? [] : [takenOver(bound)] }
}

function takenOver(count: number): Problem {
  return {
    severity: 'warning',
    message: `The store held ${count === 1 ? 'a record that was' : `${count} records that were`} made elsewhere, under this key: from now on they count as its own.`,
    hint: 'That is right where it has moved, or was copied. If not, remove what does not belong here: `comeback list`.',
  }
}

/** From when on safety backups outlive the run that makes another one of them. */
function youngSafety({ purpose, keepUntil }: BackupRequest, started: Date): Date | undefined {
  if (purpose === undefined || keepUntil === undefined) return undefined
  const kept = keepUntil.getTime() - started.getTime()
  return new Date(started.getTime() - kept + GRACE)
}
