/** The use case: a Source's segments become a backup, or a placeholder that says why not. */
import { asComebackError, hasCode } from '../errors.ts'
import { codecOf } from '../format/compression.ts'
import type { BackupOutcome } from '../report/report.ts'
import { BackupWriter } from '../repository/backup-writer.ts'
import { FORMS } from '../repository/layout.ts'
import { commit, leavePlaceholder } from './commit.ts'
import { type BackupRequest, makePlan } from './plan.ts'
import type { SegmentWriter, SourceResult } from './ports.ts'

/** How often a source that lost its connection for good is read from the start. */
const READS = 2

/**
 * Throws only what went wrong before the source was read (key, store). A failure after that is an outcome, with a
 * placeholder in the store if it could be written.
 */
export async function backup(request: BackupRequest): Promise<BackupOutcome> {
  const { keyring, source, signal } = request
  const plan = await makePlan(request)
  const chain = await keyring.chain(plan.idSalt, plan.iterations)
  // Both take a second or so and are not needed before the first pack is begun, or the manifest written.
  const key = keyring.pack(plan.salt, plan.iterations)
  keyring.prepareId()
  const codec = codecOf(request.codec)
  const writer = new BackupWriter({
    store: request.store,
    component: source.component,
    id: plan.id,
    form: FORMS[source.component],
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
      request.progress({ type: 'bytes', component: source.component, done: read, fresh, stored })
    },
  })
  try {
    const result = await readSource(request, writer)
    return await commit(request, plan, writer, result)
  } catch (cause) {
    const error = signal.aborted ? asComebackError(signal.reason) : asComebackError(cause)
    const placeholder = await leavePlaceholder(request, plan, writer, error)
    const { code, message, hint } = error
    return {
      status: 'failed',
      component: source.component,
      ...(placeholder ? { placeholder: plan.id } : {}),
      error: { code, message, ...(hint === undefined ? {} : { hint }) },
    }
  }
}

async function readSource({ source, progress, signal }: BackupRequest, writer: BackupWriter): Promise<SourceResult> {
  const { component } = source
  const out: SegmentWriter = {
    expect: bytes => progress({ type: 'expect', component, bytes }),
    segment: (head, bytes) => writer.segment(head, bytes),
    phase: text => progress({ type: 'phase', component, text }),
  }
  for (let read = 1; ; read++) {
    try {
      const result = await source.read(out, signal)
      await writer.finish()
      return result
    } catch (error) {
      // Without a byte read the source is simply not there: its own retries were enough.
      if (read >= READS || signal.aborted || writer.totals.chunks === 0 || !hasCode(error, 'connection')) throw error
      progress({ type: 'warning', component, message: `${error.message} The backup starts again from the beginning.` })
      writer.restart()
    }
  }
}
