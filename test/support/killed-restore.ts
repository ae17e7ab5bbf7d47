/**
 * A restore that is killed like a process that the machine has no more memory for: SOURCE is backed up and restored into TARGET
 * by MODE, and when a phase begins that starts with PHASE, there is no more of it.
 */
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { createDatabaseSink } from '../../src/postgres/restore.ts'
import { collectSegments, storedBackup } from '../fakes/segments.ts'

const { SOURCE = '', TARGET = '', MODE, PHASE = '' } = process.env
const never = new AbortController().signal
const connection = { connectTimeout: 10_000, lanes: 2 }

const out = collectSegments()
const source = createDatabaseSource({ url: SOURCE, ...connection, schemaOnly: false, excludeTableData: [] })
const backup = storedBackup(out.segments, await source.read(out, never))
const sink = createDatabaseSink({
  url: TARGET,
  ...connection,
  mode: MODE === 'swap' || MODE === 'parallel' ? MODE : 'atomic',
  confirm: new URL(TARGET).pathname.slice(1),
})
let advanced = 0
const progress = {
  phase(text: string) {
    // Once the server works on what the phase begins with.
    if (text.startsWith(PHASE)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.env.DELAY ?? 0))
  },
  advance(bytes: number) {
    advanced += bytes
    if (PHASE === 'amid the rows' && advanced > 2_000_000) process.kill(process.pid, 'SIGKILL')
  },
}
await sink.restore(backup, progress, never)
