/** The use case: a Source's segments become a backup, or a placeholder that says why not. */
import { asComebackError, hasCode } from '../errors.ts'
import { codecOf } from '../format/compression.ts'
import type { BackupOutcome } from '../report/report.ts'
import { BackupWriter } from '../repository/backup-writer.ts'
import { commit, leavePlaceholder } from './commit.ts'
import { type BackupRequest, makePlan, type Plan } from './plan.ts'
import type { SegmentWriter, SourceResult } from './ports.ts'

/** How often a source that lost its connection for good is read from the start. */
const READS = 2

/**
 * Throws only what went wrong before anything could be stored (key, store). A failure after that is an outcome, with a
 * placeholder in the store if it could be written.
 */
export async function backup(request: BackupRequest): Promise<BackupOutcome> {
  const { source, signal } = request
  // The source is opened while keys are derived and the base is read; both take a second in which the other has nothing to do.
  const failed = new AbortController()
  const opening = openWriter(request)
  const reading = readSource(request, opening, AbortSignal.any([signal, failed.signal]))
  const [opened, read] = await Promise.allSettled([
    opening.catch(error => {
      failed.abort(error)
      throw error
    }),
    reading,
  ])
  if (opened.status === 'rejected') throw opened.reason
  const { plan, writer } = opened.value
  try {
    if (read.status === 'rejected') throw read.reason
    return await commit(request, plan, writer, read.value)
  } catch (cause) {
    const error = signal.aborted ? asComebackError(signal.reason) : asComebackError(cause)
    const placeholder = await leavePlaceholder(request, plan, writer, error)
    const { code, message, hint } = error
    return {
      status: 'failed',
      component: source.component,
      ...(placeholder ? { placeholder: plan.id } : {}),
      error: { code, message, hint },
    }
  }
}

interface Opened {
  readonly plan: Plan
  readonly writer: BackupWriter
}

async function openWriter(request: BackupRequest): Promise<Opened> {
  const { store, keyring, source, signal, progress } = request
  const { component } = source
  const plan = await makePlan(request)
  const codec = codecOf(request.codec)
  const chain = await keyring.chain(plan.idSalt, plan.iterations)
  // Neither is needed before the first pack is begun, or the manifest written.
  const key = keyring.pack(plan.salt, plan.iterations)
  keyring.prepareId()
  const writer: BackupWriter = new BackupWriter({
    store,
    component,
    id: plan.id,
    codec,
    level: request.level ?? codec.defaultLevel,
    chain,
    key,
    salt: plan.salt,
    iterations: plan.iterations,
    known: plan.known,
    signal,
    advance: () => {
      const { read, fresh, stored } = writer.totals
      progress({ type: 'bytes', component, done: read, fresh, stored })
    },
  })
  return { plan, writer }
}

async function readSource(
  { source, progress }: BackupRequest,
  opening: Promise<Opened>,
  signal: AbortSignal,
): Promise<SourceResult> {
  const { component } = source
  let opened: Opened | undefined
  const out: SegmentWriter = {
    expect: bytes => progress({ type: 'expect', component, bytes }),
    segment: async (head, bytes) => {
      opened = await opening
      return await opened.writer.segment(head, bytes)
    },
    restart: () => opened?.writer.restart(),
    phase: text => progress({ type: 'phase', component, text }),
    names: names => progress({ type: 'names', component, names }),
  }
  for (let read = 1; ; read++) {
    try {
      const result = await source.read(out, signal)
      const { writer } = await opening
      await writer.finish()
      return result
    } catch (error) {
      if (signal.aborted || !hasCode(error, 'connection')) throw error
      const { writer } = await opening
      // Without a byte read the source is simply not there: its own retries were enough.
      if (read >= READS || writer.totals.chunks === 0) throw error
      progress({ type: 'warning', component, message: `${error.message} The backup starts again from the beginning.` })
      writer.restart()
    }
  }
}
