/** From what a prune found and did to its report. */
import type { ComebackError } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import type { Leftovers, PrunedBackup, PruneProblem, PruneReport } from '../report/prune-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { MANIFEST, PLACEHOLDER, parseObjectName } from '../repository/layout.ts'
import type { ObjectInfo, Store } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { Decision } from './prune-plan.ts'

/** Names in a message; the rest are counted. */
const NAMES_SHOWN = 3

export interface Refusal {
  readonly name: string
  readonly error: ComebackError
}

export interface PruneFacts {
  readonly store: Store
  readonly components: readonly Component[]
  readonly applied: boolean
  readonly policy: readonly string[]
  readonly catalog: Catalog
  readonly decisions: readonly Decision[]
  /** Names of objects that are gone, or, in a plan, would go. */
  readonly deleted: ReadonlySet<string>
  readonly refused: readonly Refusal[]
  readonly strange: readonly string[]
  /** What the rules ask for and the store cannot keep, in sentences. */
  readonly beyond: readonly string[]
  readonly keyring: Keyring | undefined
}

const UNAUTHENTICATED: PruneProblem = {
  severity: 'warning',
  message:
    'No key was at hand, so nothing tells real backups from forged ones: each was judged by what it claims to be.',
  hint: 'Give the key: COMEBACK_KEY or --key-file.',
}

export function describePrune(facts: PruneFacts): PruneReport {
  const { store, applied, policy, catalog, decisions, deleted, refused } = facts
  const folders = foldersOf(facts)
  const refusedNames = new Set(refused.map(({ name }) => name))
  const told = new Set<string>()
  const backups = decisions.map(({ record, keep, reasons }): PrunedBackup => {
    const { component, id, kind } = record.entry
    const path = `${component}/${id}`
    const action = keep ? 'keep' : refusedNames.has(record.name) ? 'refused' : 'remove'
    // A run that failed at the very end may have left both records; the folder's objects are told of once.
    const folder = action === 'remove' && !told.has(path) ? folders.get(path) : undefined
    if (folder !== undefined) told.add(path)
    return {
      component,
      id,
      time: timeOf(id).toISOString(),
      status: 'needs' in record ? record.status : 'damaged',
      ...('needs' in record && record.holds !== 'all' ? { holds: record.holds } : {}),
      action,
      reasons: action === 'refused' ? [...reasons, 'the store did not let it go'] : reasons,
      frees: sum(folder?.going ?? []),
      outlived: kind === 'backup' ? (folder?.staying.length ?? 0) : 0,
    }
  })
  const leftovers = [...folders]
    .filter(([path, { going }]) => !told.has(path) && going.length > 0)
    .map(([, { component, id, going }]): Leftovers => ({ component, id, ...sum(going) }))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
  const existing = [...folders.values()]
  return {
    command: 'prune',
    store: store.location,
    applied,
    policy,
    backups,
    leftovers,
    kept: {
      backups: backups.filter(({ action, status }) => action !== 'remove' && status !== 'failed').length,
      bytes: sum(existing.flatMap(({ staying, records }) => [...staying, ...records])).bytes,
    },
    removed: {
      backups: backups.filter(({ action, status }) => action === 'remove' && status !== 'failed').length,
      ...sum([...catalog.objects.values()].filter(({ name }) => deleted.has(name))),
    },
    foreign: [...catalog.foreign, ...facts.strange],
    problems: [
      ...(facts.keyring === undefined ? [UNAUTHENTICATED] : []),
      ...refusalProblems(refused),
      ...recordProblems(decisions),
      ...facts.beyond.map(message => ({ severity: 'warning', message }) as const),
    ],
  }
}

interface Folder {
  readonly component: Component
  readonly id: string
  readonly going: ObjectInfo[]
  /** Packs and the like that stay, and records that stay. */
  readonly staying: ObjectInfo[]
  readonly records: ObjectInfo[]
}

function foldersOf({ catalog, components, deleted }: PruneFacts): ReadonlyMap<string, Folder> {
  const folders = new Map<string, Folder>()
  for (const object of catalog.objects.values()) {
    const place = parseObjectName(object.name)
    if (place === undefined || !components.includes(place.component)) continue
    const { component, id, file } = place
    const path = `${component}/${id}`
    const folder = folders.get(path) ?? { component, id, going: [], staying: [], records: [] }
    folders.set(path, folder)
    if (deleted.has(object.name)) folder.going.push(object)
    else if (file === MANIFEST || file === PLACEHOLDER) folder.records.push(object)
    else folder.staying.push(object)
  }
  return folders
}

function sum(objects: readonly ObjectInfo[]): { readonly objects: number; readonly bytes: number } {
  return { objects: objects.length, bytes: objects.reduce((bytes, { size }) => bytes + size, 0) }
}

function refusalProblems(refused: readonly Refusal[]): readonly PruneProblem[] {
  return [...Map.groupBy(refused, ({ error }) => error.code).values()].map(group => {
    const { message = '', hint } = group[0]?.error ?? {}
    return {
      severity: 'failed',
      message: `The store did not let ${group.length === 1 ? 'an object' : `${group.length} objects`} go (${shown(group.map(({ name }) => name))}): ${message}`,
      hint:
        hint ??
        'Give these credentials the right to delete, or wait until the lock on the objects ends; then prune again.',
    }
  })
}

const LEFT_ALONE = [
  { discount: 'other-key', what: 'made with another key', hint: 'Prune with that key, too.' },
  {
    discount: 'other-store',
    what: 'made for another store',
    hint: 'Somebody copied them here. Remove them by hand if they do not belong here.',
  },
  {
    discount: 'unclear-store',
    what: 'made for several stores, and nothing tells which this one is',
    hint: 'Remove by hand those that do not belong here.',
  },
] as const

function recordProblems(decisions: readonly Decision[]): readonly PruneProblem[] {
  const problems: PruneProblem[] = []
  for (const { record } of decisions) {
    if ('needs' in record || record.because !== 'damaged') continue
    problems.push({
      severity: 'warning',
      message: `${record.why} It stays, and so do the packs of all older ${record.entry.component} backups: it may lean on them.`,
      hint: `Bring ${record.name} back from a copy of the store, or delete it by hand if you can do without that backup.`,
    })
  }
  for (const { discount, what, hint } of LEFT_ALONE) {
    const ids = decisions.flatMap(({ record }) =>
      'needs' in record && record.discount === discount ? [record.entry.id] : [],
    )
    if (ids.length === 0) continue
    const [subject, verb] = ids.length === 1 ? ['A backup', 'was'] : [`${ids.length} backups`, 'were']
    problems.push({
      severity: 'warning',
      message: `${subject} ${verb} ${what} (${shown(ids)}), so all of that stays.`,
      hint,
    })
  }
  return problems
}

function shown(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
