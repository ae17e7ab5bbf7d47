/** The location of a store becomes a Store. What only some stores need is loaded when one of them is opened. */
import { resolve } from 'node:path'
import { ComebackError } from './errors.ts'
import { MANIFEST_LIMIT } from './format/manifest.ts'
import { proofIdOf } from './format/proof-record.ts'
import type { JobContext } from './job-context.ts'
import { findKey } from './key-file.ts'
import type { Options } from './options.ts'
import { Keyring } from './repository/keyring.ts'
import { isIndexFile, MANIFEST, PLACEHOLDER, parseObjectName } from './repository/layout.ts'
import { isAuthenticRecord } from './repository/manifests.ts'
import type { Vouching } from './store/artifact-contest.ts'
import { folderMemory } from './store/folder-memory.ts'
import { openLocalStore } from './store/local.ts'
import { withMemory } from './store/remembering.ts'
import { withRetry } from './store/retry.ts'
import type { Store } from './store/store.ts'

const FILE = 'file:'
const S3 = 's3://'
export const ARTIFACT = 'artifact:'
/** No store: a folder of the old scripts, which `restore` and `list` read. */
export const OLD = 'old:'

const DAY = 24 * 60 * 60 * 1000

/** Throws `usage`; `named` is the option that the location came from. */
export async function openStore(options: Options, context: JobContext, named = '--store'): Promise<Store> {
  const folder = folderOf(options.store)
  if (folder !== undefined) return withRetry(openLocalStore(resolve(context.cwd, folder)))
  if (options.store.startsWith(S3)) return await openBucket(options, context)
  if (options.store.startsWith(ARTIFACT)) return openArtifacts(options, context, named)
  if (options.store.startsWith(OLD)) {
    throw new ComebackError('usage', `${named} ${options.store} can only be listed and restored from.`, {
      hint: `Import what is there into a store first: comeback import --from ${options.store.slice(OLD.length)} --store file:DIR`,
    })
  }
  throw new ComebackError('usage', `${named} ${options.store} is not a store that this version knows.`, {
    hint: `Write ${FILE}DIR, ${S3}BUCKET/PREFIX or ${ARTIFACT}OWNER/REPO, for example file:./backups.`,
  })
}

/** `./backups` of `file:./backups`. */
export function folderOf(location: string): string | undefined {
  return location.startsWith(FILE) && location.length > FILE.length ? location.slice(FILE.length) : undefined
}

/** Credentials are found by the SDK itself: it knows more places than an option could name. */
async function openBucket(options: Options, { progress, memory }: JobContext): Promise<Store> {
  const { parseS3Location } = await import('./store/s3-location.ts')
  const location = parseS3Location(options.store)
  const { openS3Store } = await import('./store/s3.ts')
  const store = openS3Store({
    ...location,
    endpoint: options.s3Endpoint,
    region: options.s3Region,
    pathStyle: options.s3PathStyle,
    warn: (message, hint) =>
      progress({ type: 'warning', component: undefined, message, ...(hint === undefined ? {} : { hint }) }),
  })
  return withRetry(remembering(store, memory))
}

/** `artifact:` is the repository that runs this. */
async function openArtifacts(options: Options, context: JobContext, named: string): Promise<Store> {
  const { github, temporary, memory, progress } = context
  const repository = options.store.slice(ARTIFACT.length) || github.repository
  if (repository === undefined || !/^[\w-]+\/(?!\.\.?$)[\w.-]+$/.test(repository)) {
    const problem = repository === undefined ? 'names no repository' : 'is not the name of a repository'
    throw new ComebackError('usage', `${named} ${options.store} ${problem}.`, { hint: `Write ${ARTIFACT}OWNER/REPO.` })
  }
  const { openArtifactStore } = await import('./store/artifact.ts')
  const { retentionDays, fullEvery } = options
  const store = openArtifactStore({
    repository,
    branch: options.artifactBranch,
    token: options.githubToken,
    github,
    temporary,
    // Packs live as much longer as the last backup that may lean on them is younger.
    retention: { days: retentionDays + Math.ceil(fullEvery / DAY), backupDays: retentionDays },
    allowPublic: options.allowPublicArtifacts,
    vouching: vouchingWith(options, context),
    warn: (message, hint) => progress({ type: 'warning', component: undefined, message, hint }),
  })
  return withRetry(remembering(store, memory))
}

/** Asked only where several artifacts go by one name; only then the key is looked for. */
function vouchingWith({ keyFile }: Options, { cwd, ci, key }: JobContext): Vouching {
  let keyring: Promise<Keyring | undefined> | undefined
  async function find(): Promise<Keyring | undefined> {
    const passphrase = await findKey({ given: key, file: resolve(cwd, keyFile), ci })
    return passphrase === undefined ? undefined : new Keyring(passphrase)
  }
  return {
    records: [MANIFEST, PLACEHOLDER],
    limit: MANIFEST_LIMIT,
    async vouch(object, bytes) {
      const place = parseObjectName(object)
      if (place === undefined) return false
      keyring ??= find()
      const ring = await keyring
      return ring && isAuthenticRecord(bytes, place, ring)
    },
  }
}

/** Inside of the retries: an answer from memory needs none, and what is repeated need not be remembered twice. */
function remembering(store: Store, memory: string | undefined): Store {
  return memory === undefined ? store : withMemory(store, folderMemory(memory), isSmallAndImmutable)
}

function isSmallAndImmutable(name: string): boolean {
  const file = parseObjectName(name)?.file
  return (
    file === MANIFEST ||
    file === PLACEHOLDER ||
    isIndexFile(file) ||
    (file !== undefined && proofIdOf(file) !== undefined)
  )
}
