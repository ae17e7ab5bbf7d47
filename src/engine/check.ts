/**
 * The use case: whether everything that the manifests name is there, and is what was written. Needs no database, and writes
 * nothing but the record of backups that it found damaged. Existence and sizes come from one listing; only what it seems to lack is looked up in a second one, since backups
 * and prunes go on meanwhile.
 */
import { ComebackError } from '../errors.ts'
import type { Component } from '../format/manifest.ts'
import type { Amount, CheckedComponent, CheckFinding, CheckReport } from '../report/check-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { parseObjectName } from '../repository/layout.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, type CatalogEntry, readCatalog } from './catalog.ts'
import {
  absentees,
  type Inventory,
  manifestName,
  type NamedObject,
  takeInventory,
  withheld,
} from './check-inventory.ts'
import { type Reading, readObjects } from './check-reading.ts'
import { recordDamage } from './check-recording.ts'
import { isDue } from './check-sample.ts'
import type { Progress } from './progress.ts'

export interface CheckRequest {
  readonly store: Store
  readonly components: readonly Component[]
  /** Without it existence, sizes and hashes are checked all the same. */
  readonly keyring: Keyring | undefined
  /** How many of a hundred objects are read: 0 looks at names and sizes alone. */
  readonly percent: number
  /** `comeback 0.1.0`. */
  readonly engine: string
  readonly now: () => Date
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Throws `no-such-backup` if there is nothing to check: a check that could not run has not passed. */
export async function check(request: CheckRequest): Promise<CheckReport> {
  const { store, components, keyring, percent, now, signal } = request
  const started = now()
  const [only, ...more] = components
  const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal)
  if (!catalog.entries.some(({ component, kind }) => kind === 'backup' && components.includes(component))) {
    throw new ComebackError('no-such-backup', `There is nothing to check: ${store.location} holds no backup.`, {
      hint: 'Is it the right store? `comeback list` shows what it holds.',
    })
  }
  const results = []
  for (const component of components) results.push(await checkComponent(request, component, catalog, started))
  return {
    command: 'check',
    store: store.location,
    seconds: (now().getTime() - started.getTime()) / 1000,
    key: keyring !== undefined,
    percent,
    components: results.map(({ checked }) => checked),
    findings: results.flatMap(({ findings }) => findings),
    foreign: catalog.foreign.length,
  }
}

async function checkComponent(request: CheckRequest, component: Component, catalog: Catalog, now: Date) {
  const { store, keyring, signal, progress } = request
  const entries = entriesOf(catalog, component)
  progress({ type: 'phase', component, text: 'reading manifests' })
  const inventory = await takeInventory(store, component, entries, keyring, signal)
  const { objects } = inventory
  const { absent, listing } = await confirmed(request, component, inventory, catalog, now)
  const present = objects.filter(({ name, size }) => listing.objects.get(name)?.size === size)
  const reading = await read(request, component, inventory, present, now)
  const late =
    reading.vanished.length === 0
      ? []
      : absentees(component, reading.vanished, await readCatalog(store, component, signal), now)
  await recordDamage(request, component, inventory.known, reading.findings)
  progress({ type: 'done', component })
  const findings = [...inventory.findings, ...absent, ...reading.findings, ...late]
  const hurt = new Set(findings.flatMap(({ hurts }) => hurts))
  const backups = inventory.known.filter(({ entry }) => entry.kind === 'backup')
  const checked: CheckedComponent = {
    component,
    backups: { whole: backups.filter(({ entry }) => !hurt.has(entry.id)).length, hurt: hurt.size },
    authenticated: backups.filter(({ authentic }) => authentic).length,
    placeholders: entries.filter(({ kind }) => kind === 'placeholder').length,
    named: amount(objects),
    present: amount(present),
    read: reading.read,
    opened: reading.opened,
    chunks: reading.chunks,
    orphans: orphansOf(catalog, component, entries, inventory),
  }
  return { checked, findings }
}

/** Of a backup and a placeholder with one id the backup counts; it stands first. */
function entriesOf(catalog: Catalog, component: Component): readonly CatalogEntry[] {
  const ours = catalog.entries.filter(entry => entry.component === component)
  return ours.filter(({ id }, position) => ours[position - 1]?.id !== id)
}

/** What is not there, and was not only written after the listing, or pruned together with its backup. */
async function confirmed(
  { store, signal }: CheckRequest,
  component: Component,
  { objects, vanished }: Inventory,
  catalog: Catalog,
  now: Date,
): Promise<{ readonly absent: readonly CheckFinding[]; readonly listing: Catalog }> {
  const suspects = absentees(component, objects, catalog, now)
  if (suspects.length === 0 && vanished.length === 0) return { absent: [], listing: catalog }
  const fresh = await readCatalog(store, component, signal)
  const names = new Set(suspects.map(({ object }) => object))
  const again = objects.filter(({ name }) => names.has(name))
  const absent = [...withheld(vanished, fresh), ...absentees(component, again, fresh, now)]
  return { absent, listing: fresh }
}

async function read(
  { store, keyring, percent, progress, signal }: CheckRequest,
  component: Component,
  { known }: Inventory,
  present: readonly NamedObject[],
  now: Date,
): Promise<Reading> {
  const due = present.filter(({ name }) => isDue(name, percent, now))
  const own = new Map(present.map(object => [object.name, object]))
  const indexes = new Map(
    known.flatMap(user => {
      const name = user.manifest.index?.name
      const object = name === undefined ? undefined : own.get(`${component}/${user.entry.id}/${name}`)
      return object === undefined ? [] : [[user, object] as const]
    }),
  )
  if (due.length > 0) progress({ type: 'phase', component, text: 'reading objects' })
  let done = 0
  return readObjects({
    store,
    component,
    keyring,
    due,
    indexes,
    signal,
    expect: bytes => progress({ type: 'expect', component, bytes }),
    advance(bytes) {
      done += bytes
      progress({ type: 'bytes', component, done, fresh: 0, stored: 0 })
    },
  })
}

/** Objects that no manifest names. Of a manifest that cannot be believed nobody knows what it named. */
function orphansOf(
  catalog: Catalog,
  component: Component,
  entries: readonly CatalogEntry[],
  { known, objects }: Inventory,
): Amount {
  const readable = new Set(known.map(({ entry }) => entry.id))
  const obscure = new Set(entries.map(({ id }) => id).filter(id => !readable.has(id)))
  const named = new Set([
    ...objects.map(({ name }) => name),
    ...entries.map(manifestName),
    ...entries.flatMap(({ proofs }) => proofs),
  ])
  return amount(
    [...catalog.objects.values()].filter(({ name }) => {
      const place = parseObjectName(name)
      return place?.component === component && !obscure.has(place.id) && !named.has(name)
    }),
  )
}

function amount(objects: readonly { readonly size: number }[]): Amount {
  return { objects: objects.length, bytes: objects.reduce((bytes, { size }) => bytes + size, 0) }
}
