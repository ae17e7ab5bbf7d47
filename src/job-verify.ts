/** Proofs: which backups, where they are restored, and what is asked of them. A part of the composition root. */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseMoment } from './engine/catalog.ts'
import { verify } from './engine/verify.ts'
import { recordedProofs } from './engine/verify-recorded.ts'
import { asComebackError, ComebackError } from './errors.ts'
import { COMPONENTS, type Component } from './format/manifest.ts'
import { MiB } from './format/sizes.ts'
import type { JobContext } from './job-context.ts'
import { openProver } from './open-component.ts'
import { openStore } from './open-store.ts'
import type { Options } from './options.ts'
import type { VerifyReport } from './report/verify-report.ts'
import type { Keyring } from './repository/keyring.ts'
import { leaveBadge } from './run/badge-files.ts'
import { VERSION } from './version.ts'

/** Bytes of one assertion. */
const SQL_LIMIT = 1 * MiB

export interface Keyrings {
  readonly needed: () => Promise<Keyring>
  readonly any: () => Promise<Keyring | undefined>
}

export async function verifyBackups(
  components: readonly Component[],
  options: Options,
  context: JobContext,
  keyrings: Keyrings,
): Promise<VerifyReport> {
  const report = options.recorded
    ? await showRecorded(components, options, context, keyrings)
    : await prove(components, options, context, keyrings)
  const warn = (message: string) => context.progress({ type: 'warning', component: undefined, message })
  leaveBadge(report, { folder: options.badge, cwd: context.cwd, warn })
  return report
}

async function showRecorded(
  components: readonly Component[],
  options: Options,
  context: JobContext,
  keyrings: Keyrings,
): Promise<VerifyReport> {
  const store = await openStore(options, context)
  const { signal } = context
  return recordedProofs({ store, components, keyring: await keyrings.any(), now: () => new Date(), signal })
}

async function prove(
  components: readonly Component[],
  options: Options,
  context: JobContext,
  keyrings: Keyrings,
): Promise<VerifyReport> {
  const { progress, signal } = context
  // What is wrong with the request first: the store may be far away.
  const moment = options.at === undefined ? undefined : parseMoment(options.at)
  const assertions =
    options.assertions === undefined ? [] : await readAssertions(resolve(context.cwd, options.assertions))
  if (options.migrate !== undefined && !components.includes('database')) {
    throw new ComebackError('usage', 'Migrations run against a database, and none is to be verified.', {
      hint: 'comeback verify database --migrate COMMAND',
    })
  }
  const store = await openStore(options, context)
  const keyring = await keyrings.needed()
  return verify({
    store,
    keyring,
    components,
    all: components.length === COMPONENTS.length,
    moment,
    migrates: options.migrate !== undefined,
    prover: component => openProver(component, assertions, options, context),
    engine: `comeback ${VERSION}`,
    now: () => new Date(),
    progress,
    signal,
  })
}

/** By name. Throws `usage` for a folder that is not there, or in which nothing is: an empty check would pass. */
async function readAssertions(folder: string): Promise<readonly { readonly name: string; readonly sql: string }[]> {
  try {
    const files = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
    const found = await Promise.all(
      files.map(async file => {
        const sql = await readFile(join(folder, file), 'utf8')
        if (sql.length > SQL_LIMIT) throw new Error(`${file} has more than ${SQL_LIMIT} bytes.`)
        return { name: file.replace(/\.sql$/, ''), sql }
      }),
    )
    if (found.length > 0) return found
  } catch (cause) {
    const { message } = asComebackError(cause)
    throw new ComebackError('usage', `The assertions in ${folder} cannot be read: ${message}`, { cause })
  }
  throw new ComebackError('usage', `There is no .sql file in ${folder}.`, {
    hint: 'Each file holds one query, which returns true, or no rows, when all is well.',
  })
}
