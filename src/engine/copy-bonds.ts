/** Whether what is copied will count where it goes: a store that backups are made in takes those of another one for what they are. */
import type { Component } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { Chosen } from './copy-choice.ts'
import { Judge } from './standing.ts'

export interface BondRequest {
  readonly to: Store
  readonly components: readonly Component[]
  readonly keyring: Keyring | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** A sentence for each component of which it will not. Without the key nobody can tell. */
export async function strangersThere(
  { to, components, keyring, now, signal }: BondRequest,
  chosen: readonly Chosen[],
  held: Catalog,
): Promise<readonly string[]> {
  const judge = new Judge({ store: to, catalog: held, keyring, now: now(), signal })
  const warnings: string[] = []
  for (const component of components) {
    const coming = chosen.flatMap(one =>
      'error' in one || one.entry.component !== component || one.bond === undefined ? [] : [one.bond],
    )
    if (keyring === undefined || coming.length === 0) continue
    const { bonds } = await judge.family(component)
    if (bonds !== 'unclear' && (bonds.size === 0 || coming.every(bond => bonds.has(bond)))) continue
    warnings.push(
      `${to.location} holds ${component} backups that were made for another store than these, so these do not count there: they can be restored by their ids, and no rule removes them. Copy into a place of their own.`,
    )
  }
  return warnings
}
