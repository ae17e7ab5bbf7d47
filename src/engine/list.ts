/** The use case: what the store holds, as far as it can be believed. */
import { timeOf } from '../format/backup-id.ts'
import { type Component, holdsOf, type Manifest } from '../format/manifest.ts'
import type { ListedBackup, ListReport } from '../report/report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import { type CatalogEntry, readCatalog } from './catalog.ts'
import { newestProofs } from './proof-history.ts'
import { allSideBySide, MANIFESTS_AT_A_TIME } from './side-by-side.ts'
import { Judge, type Judging, type Standing } from './standing.ts'

/** Without a keyring the entries are listed as they claim to be. */
export async function list(
  store: Store,
  components: readonly Component[],
  keyring: Keyring | undefined,
  signal: AbortSignal,
  now = new Date(),
): Promise<ListReport> {
  const [only, ...more] = components
  const catalog = await readCatalog(store, more.length === 0 ? only : undefined, signal)
  const judging = { store, catalog, keyring, now, signal }
  const judge = new Judge(judging)
  const asked = catalog.entries.filter(({ component }) => components.includes(component))
  const read = await allSideBySide(asked, MANIFESTS_AT_A_TIME, entry => describe(judging, judge, entry))
  const backups = await allSideBySide(read, 1, judged => judged())
  const claims = keyring === undefined ? { unauthenticated: true as const } : {}
  return { command: 'list', store: store.location, ...claims, backups, foreign: catalog.foreign }
}

async function describe(judging: Judging, judge: Judge, entry: CatalogEntry): Promise<() => Promise<ListedBackup>> {
  const { manifest, believed, standing } = await judge.read(entry)
  const described = manifest === undefined ? undefined : await describeManifest(judging, entry, manifest, believed)
  return async () => {
    const judged = await standing()
    return described === undefined ? unreadable(entry, judged) : { ...described, ...judgement(judged) }
  }
}

function judgement(standing: Standing): Pick<ListedBackup, 'authenticated' | 'discount'> {
  if (standing.counts) return { authenticated: standing.authenticated }
  const { because } = standing
  const authenticated = because === 'other-store' || because === 'unclear-store'
  return because === 'damaged' || because === 'gone' ? { authenticated } : { authenticated, discount: because }
}

async function describeManifest(
  judging: Judging,
  entry: CatalogEntry,
  manifest: Manifest,
  believed: boolean,
): Promise<ListedBackup> {
  const { component, id, status, stock, bytes, keyId, leansOn, full, expires, purpose, reason } = manifest
  const { newest } = believed ? await newestProofs(judging, entry, manifest) : {}
  const holds = holdsOf(manifest)
  return {
    component,
    id,
    time: manifest.time,
    status,
    ...(holds === 'all' ? {} : { holds }),
    stock,
    bytes: bytes.plain,
    stored: bytes.stored,
    keyId,
    leansOn: leansOn.map(({ backup }) => backup),
    authenticated: false,
    full,
    new: bytes.new,
    ...(expires === null ? {} : { expires }),
    ...(newest === undefined
      ? {}
      : {
          proof: {
            verdict: newest.record.verdict,
            time: newest.record.provedAt,
            ...(newest.record.restoreSeconds === null ? {} : { restoreSeconds: newest.record.restoreSeconds }),
            authenticated: newest.authenticated,
          },
        }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(reason === null ? {} : { reason }),
  }
}

function unreadable({ component, id }: CatalogEntry, standing: Standing): ListedBackup {
  const reason = standing.counts ? '' : standing.error.message
  const time = timeOf(id).toISOString()
  const unknown = { stock: false, bytes: 0, stored: 0, keyId: '', leansOn: [], authenticated: false }
  return { component, id, time, status: 'damaged', ...unknown, reason }
}
