/** The location of a store becomes a Store. What only some stores need is loaded when one of them is opened. */
import { resolve } from 'node:path'
import { ComebackError } from './errors.ts'
import type { JobContext } from './job-context.ts'
import type { Options } from './options.ts'
import { openLocalStore } from './store/local.ts'
import { withRetry } from './store/retry.ts'
import type { Store } from './store/store.ts'

const FILE = 'file:'
const S3 = 's3://'
const ARTIFACT = 'artifact:'

/** Throws `usage`. */
export async function openStore(options: Options, context: JobContext): Promise<Store> {
  const folder = folderOf(options.store)
  if (folder !== undefined) return withRetry(openLocalStore(resolve(context.cwd, folder)))
  throw new ComebackError('usage', `--store ${options.store} is not a store that this version knows.`, {
    hint: `Write ${FILE}DIR, ${S3}BUCKET/PREFIX or ${ARTIFACT}OWNER/REPO, for example file:./backups.`,
  })
}

/** `./backups` of `file:./backups`. */
export function folderOf(location: string): string | undefined {
  return location.startsWith(FILE) && location.length > FILE.length ? location.slice(FILE.length) : undefined
}
