/** A backup of files or configuration, restored into a folder of its own, compared with what was backed up, and removed again. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProofContext, ProofResult, Sink, StoredBackup } from '../../engine/ports.ts'
import type { ProofFinding } from '../../engine/proof.ts'
import { asComebackError, type ErrorCode } from '../../errors.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { archiveBytes } from '../extract.ts'
import { holding } from '../held-folder.ts'
import { count } from '../left-out.ts'
import { removeTree } from '../remove-tree.ts'
import { systemReason } from '../walk.ts'
import { systemCode } from '../write-error.ts'
import { type ComparedFolder, type CompareOptions, compareFolder } from './compare-folder.ts'

export interface FolderProof {
  /** A folder is made in it, and removed whatever happens. */
  readonly temporary: string
  /** Restores into the first folder, which is not there yet; the second one is there, and empty. */
  readonly openSink: (directory: string, elsewhere: string) => Sink
  readonly comparison: Pick<CompareOptions, 'modes' | 'made' | 'elsewhere'>
  /** What the check says when all is well. */
  readonly describe: (compared: ComparedFolder) => string
}

const NOTHING: Pick<ProofResult, 'tables' | 'assertions'> = { tables: [], assertions: [] }

export async function proveFolder(
  proof: FolderProof,
  backup: StoredBackup,
  context: ProofContext,
  signal: AbortSignal,
): Promise<ProofResult> {
  const { temporary } = proof
  let folder: string
  try {
    signal.throwIfAborted()
    folder = await temporaryFolder(temporary, 'proof', removeTree)
  } catch (error) {
    if (signal.aborted) throw error
    const message = `No temporary folder could be made in ${temporary}: ${systemReason(error)}.`
    return unproved({ code: 'check-failed', subject: temporary, message, hint: HINT_FOLDER })
  }
  let result: ProofResult
  try {
    result = await proveIn(folder, proof, backup, context, signal)
  } catch (error) {
    await removeTree(folder).catch(() => undefined)
    throw error
  }
  return { ...result, findings: [...result.findings, ...(await clear(folder))] }
}

async function proveIn(
  folder: string,
  { openSink, comparison, describe }: FolderProof,
  backup: StoredBackup,
  { progress }: ProofContext,
  signal: AbortSignal,
): Promise<ProofResult> {
  const directory = join(folder, 'restored')
  const sink = openSink(directory, await mkdtemp(join(folder, 'empty-')))
  const started = performance.now()
  let restoreTime: number | undefined
  try {
    const { summary } = await sink.restore(backup, progress, signal)
    restoreTime = performance.now() - started
    progress.phase('Comparing every file')
    const options = { ...comparison, advance: (bytes: number) => progress.advance(bytes) }
    const compared = await holding(directory, held =>
      compareFolder(archiveBytes(backup, signal), { ...options, directory: held }, signal),
    )
    const compareTime = performance.now() - started - restoreTime
    const { findings } = compared
    return {
      ...NOTHING,
      restoreTime,
      compareTime,
      checks: [
        { name: 'restore', result: 'passed', detail: withoutPlace(summary[0] ?? '', directory) },
        { name: 'files', result: findings.length === 0 ? 'passed' : 'failed', detail: describe(compared) },
      ],
      findings: [...findings, ...leftOutNote(compared)],
    }
  } catch (error) {
    if (signal.aborted) throw error
    const finding = findingOf(error)
    return { ...unproved(finding, restoreTime), ...(restoreTime === undefined ? {} : { restoreTime }) }
  }
}

/** What is wrong with the backup, or only with the place where it was to be proved. */
function findingOf(error: unknown): ProofFinding {
  const known = asComebackError(error)
  const { code, message, hint } = known
  if (DAMAGE.includes(code)) return { code: 'backup-damaged', subject: 'backup', message, hint }
  if (STORE.includes(code)) return { code: 'store-unavailable', subject: 'store', message, hint }
  const system = systemCode(known.cause)
  const reason = system === 'ENOSPC' || system === 'EDQUOT' ? HINT_SPACE : system === undefined ? hint : HINT_FOLDER
  return { code: 'check-failed', subject: 'temporary folder', message, hint: reason }
}

const DAMAGE: readonly ErrorCode[] = ['damaged', 'mismatch', 'unsafe-archive', 'unsupported', 'not-found', 'wrong-key']
const STORE: readonly ErrorCode[] = ['store-unavailable', 'connection', 'authentication', 'timeout']

const HINT_FOLDER = 'Let this user write there, or name another temporary folder in the variable TMPDIR.'
const HINT_SPACE =
  'The proof needs room for all of the backup. Name a temporary folder on a larger disk in the variable TMPDIR.'

function unproved(finding: ProofFinding, restoreTime?: number): ProofResult {
  const restore = restoreTime === undefined ? notRun(finding) : ({ result: 'passed', detail: 'restored' } as const)
  return {
    ...NOTHING,
    checks: [
      { name: 'restore', ...restore },
      { name: 'files', ...notRun(finding) },
    ],
    findings: [finding],
  }
}

function notRun({ message }: ProofFinding) {
  return { result: 'not-run', detail: message } as const
}

function leftOutNote({ leftOut }: ComparedFolder): readonly ProofFinding[] {
  const links = leftOut.filter(({ target }) => target !== undefined)
  const reserved = leftOut.filter(({ target }) => target === undefined)
  return [
    ...note(links, 'After a restore, make it by hand if it is wanted.', number =>
      number === 1
        ? 'The link leads out of the folder, so a restore does not make it.'
        : `${count(number, 'link')}, this one first, lead out of the folder, so a restore does not make them.`,
    ),
    ...note(reserved, 'Find out who put it into the backup.', number =>
      number === 1
        ? 'It bears a name that restores give to folders of their own, so a restore leaves it out.'
        : `${number} paths, this one first, bear names that restores give to folders of their own, so a restore leaves them out.`,
    ),
  ]
}

function note(all: ComparedFolder['leftOut'], hint: string, say: (number: number) => string): readonly ProofFinding[] {
  const [first] = all
  return first === undefined
    ? []
    : [{ code: 'target-differs', subject: first.path.toWellFormed(), message: say(all.length), hint }]
}

function withoutPlace(summary: string, directory: string): string {
  return summary.replace(` into ${directory}`, '')
}

async function clear(folder: string): Promise<readonly ProofFinding[]> {
  try {
    await removeTree(folder)
    return []
  } catch (error) {
    const message = `The proof's own folder could not be removed: ${systemReason(error)}.`
    return [{ code: 'not-cleared', subject: folder, message, hint: `Remove it: rm -r ${folder}` }]
  }
}
