/** The use case: what the store holds, as far as it can be believed. */
import { asComebackError, hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import type { ListedBackup, ListReport } from '../report/report.ts'
import type { Keyring } from '../repository/keyring.ts'
import { isOurs } from '../repository/manifests.ts'
import type { Store } from '../store/store.ts'
import { type CatalogEntry, manifestOf, readCatalog } from './catalog.ts'
import { newestProof } from './proof-history.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'

/** Without a keyring, or with another key, the entries are listed as they claim to be. */
export async function list(
  store: Store,
  components: readonly Component[],
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<ListReport> {
  const [only, ...more] = components
  const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal)
  const asked = catalog.entries.filter(({ component }) => components.includes(component))
  const backups = await allSideBySide(asked, MANIFESTS_AT_A_TIME, entry => describe(store, entry, keyring, signal))
  return { command: 'list', store: store.location, backups, foreign: catalog.foreign }
}

async function describe(
  store: Store,
  entry: CatalogEntry,
  keyring: Keyring | undefined,
  signal: AbortSignal,
): Promise<ListedBackup> {
  const { component, id } = entry
  try {
    const manifest = await manifestOf(store, entry, signal)
    const authenticated = keyring !== undefined && (await isOurs(manifest, keyring))
    const proof = await newestProof(store, entry, manifest, authenticated ? keyring : undefined, signal)
    return {
      component,
      id,
      time: manifest.time,
      status: manifest.status,
      stock: manifest.stock,
      bytes: manifest.bytes.plain,
      stored: manifest.bytes.stored,
      keyId: manifest.keyId,
      leansOn: manifest.leansOn.map(({ backup }) => backup),
      authenticated,
      full: manifest.full,
      new: manifest.bytes.new,
      ...(manifest.expires === null ? {} : { expires: manifest.expires }),
      ...(proof === undefined
        ? {}
        : {
            proof: {
              verdict: proof.record.verdict,
              time: proof.record.provedAt,
              ...(proof.record.restoreSeconds === null ? {} : { restoreSeconds: proof.record.restoreSeconds }),
              authenticated: proof.authenticated,
            },
          }),
      ...(manifest.purpose === undefined ? {} : { purpose: manifest.purpose }),
      ...(manifest.reason === null ? {} : { reason: manifest.reason }),
    }
  } catch (error) {
    if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    const reason = asComebackError(error).message
    const time = timeOf(id).toISOString()
    const unknown = { stock: false, bytes: 0, stored: 0, keyId: '', leansOn: [], authenticated: false }
    return { component, id, time, status: 'damaged', ...unknown, reason }
  }
}
