/** Proofs: which backups, where they are restored, and what is asked of them. A part of the composition root. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseMoment } from './engine/catalog.ts'
import { verify } from './engine/verify.ts'
import { recordedProofs } from './engine/verify-recorded.ts'
import { asComebackError, ComebackError } from './errors.ts'
import { COMPONENTS, type Component } from './format/manifest.ts'
import { MiB } from './format/sizes.ts'
import type { JobContext } from './job-context.ts'
import { goOn, openProver } from './open-component.ts'
import { openStore } from './open-store.ts'
import type { Options } from './options.ts'
import { continued } from './report/continued.ts'
import { pack, type Result, unpack } from './report/packed-result.ts'
import type { VerifyReport } from './report/verify-report.ts'
import type { Keyring } from './repository/keyring.ts'
import { leaveBadge } from './run/badge-files.ts'
import { VERSION } from './version.ts'

/** Bytes of one assertion. */
const SQL_LIMIT = 1 * MiB
/** In the folder between the halves of a proof: the first half's report, and what came of the second. */
const PROOF_FILE = 'proof'
const RESULT_FILE = 'result'

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
  if (options.gateFrom !== undefined) return goOnFrom(resolve(context.cwd, options.gateFrom), options, context)
  const report = options.recorded
    ? await showRecorded(components, options, context, keyrings)
    : await prove(components, options, context, keyrings)
  const warn = (message: string) => context.progress({ type: 'warning', component: undefined, message })
  leaveBadge(report, { folder: options.badge, cwd: context.cwd, warn })
  return report
}

/** Neither key nor store are looked for. What came of it stands beside what it went on from, for the next job. */
async function goOnFrom(folder: string, options: Options, context: JobContext): Promise<VerifyReport> {
  const report = unpack(await readFile(join(folder, PROOF_FILE), 'utf8').catch(() => ''))
  if (!('command' in report) || report.command !== 'verify' || report.left === undefined) {
    throw new ComebackError('usage', `In ${folder} no proof has left a database.`)
  }
  const leave = (result: Result) => writeFile(join(folder, RESULT_FILE), pack(result))
  try {
    const next = await goOn(report.left, await assertionsOf(options, context), options, context)
    await leave(next)
    return continued(report, next)
  } catch (error) {
    const { code, message, hint } = asComebackError(error)
    await leave({ error: { code, message, hint } })
    throw error
  }
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
  const assertions = await assertionsOf(options, context)
  const { gateInto } = options
  const gate = gateInto === undefined ? undefined : await newFolder(resolve(context.cwd, gateInto))
  if (options.migrate !== undefined && !components.includes('database')) {
    throw new ComebackError('usage', 'Migrations run against a database, and none is to be verified.', {
      hint: 'comeback verify database --migrate COMMAND',
    })
  }
  const store = await openStore(options, context)
  const keyring = await keyrings.needed()
  const report = await verify({
    store,
    keyring,
    components,
    all: components.length === COMPONENTS.length,
    moment,
    migrates: options.migrate !== undefined || gate !== undefined,
    prover: component => openProver(component, assertions, options, context),
    engine: `comeback ${VERSION}`,
    now: () => new Date(),
    progress,
    signal,
  })
  if (gate !== undefined && report.left !== undefined) await writeFile(join(gate, PROOF_FILE), pack(report))
  return report
}

async function newFolder(folder: string): Promise<string> {
  await mkdir(folder, { mode: 0o700 }).catch((cause: unknown) => {
    const { message } = asComebackError(cause)
    throw new ComebackError('usage', `--gate-into needs a new folder: ${message}`, { cause })
  })
  await writeFile(join(folder, '.gitignore'), '*\n')
  return folder
}

async function assertionsOf({ assertions }: Options, { cwd }: JobContext) {
  return assertions === undefined ? [] : readAssertions(resolve(cwd, assertions))
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
