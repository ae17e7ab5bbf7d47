/**
 * What a restore of single files is about to do, one JSON value a line, on the disk before the first file moves:
 *
 *     {"kind":"file","path":"a/b","ino":7,"size":3,"mtime":1}   goes from `content/a/b` to `a/b`
 *     {"kind":"folder","path":"a","mode":493,"mtime":1}         what the folder is to have in the end, from root its owner, too
 *     {"kind":"made","path":"a"}                                a folder that is not there yet
 *     {"kind":"overwrite"}                                      folders that are there get modes and times, too
 *
 * The file's name is the state: `journal.part` while the files are being made, `journal` while they are moved, `done` after it.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import * as v from 'valibot'
import { ComebackError } from '../errors.ts'
import { flush } from './durable.ts'
import { memberParts } from './member.ts'
import { presence } from './presence.ts'
import { MOST_MODE } from './tar-writer.ts'
import type { UnpackedMember } from './unpack.ts'
import { writing } from './write-error.ts'

export type JournalEntry =
  | UnpackedMember
  | { readonly kind: 'made'; readonly path: string }
  | { readonly kind: 'overwrite' }
export type JournalState = 'making' | 'moving' | 'done'

const PATH = v.pipe(
  v.string(),
  v.check(path => memberParts(path).join('/') === path && path !== ''),
)
const NUMBER = v.pipe(v.number(), v.finite())
const KNOWN = { path: PATH, ino: v.pipe(v.number(), v.integer()), size: NUMBER, mtime: NUMBER }
const MODE = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_MODE))
const ID = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))
const ENTRY = v.variant('kind', [
  v.strictObject({ kind: v.literal('file'), ...KNOWN }),
  v.strictObject({ kind: v.literal('link'), ...KNOWN }),
  v.strictObject({ kind: v.literal('folder'), path: PATH, mode: MODE, mtime: NUMBER, uid: ID, gid: ID }),
  v.strictObject({ kind: v.literal('made'), path: PATH }),
  v.strictObject({ kind: v.literal('overwrite') }),
])

const FILES = { making: 'journal.part', moving: 'journal', done: 'done' } as const

export interface JournalWriter {
  add(entry: JournalEntry): void
  /** When all of it is on the disk. */
  close(): Promise<void>
}

export function writeJournal(workplace: string): JournalWriter {
  const path = join(workplace, FILES.making)
  const stream = createWriteStream(path, { mode: 0o600, flags: 'wx' })
  let failure: unknown
  // It is told of at the end; without this it would end the process.
  stream.on('error', error => {
    failure = error
  })
  return {
    add(entry) {
      stream.write(`${JSON.stringify(entry)}\n`)
    },
    async close() {
      await writing(path, async () => {
        if (failure !== undefined) throw failure
        stream.end()
        await finished(stream)
      })
      await flush(path)
    },
  }
}

export async function* readJournal(workplace: string, state: JournalState): AsyncGenerator<JournalEntry> {
  const input = createReadStream(join(workplace, FILES[state]))
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield parseEntry(line)
}

/** Only a restore writes it; but what is done by it is done with all that the user may do, so it says nothing else unnoticed. */
function parseEntry(line: string): JournalEntry {
  try {
    return v.parse(ENTRY, JSON.parse(line))
  } catch (cause) {
    throw new ComebackError('damaged', 'The journal of an interrupted restore holds a line that no restore writes.', {
      hint: 'Nothing was done by that line. Look at the folder that the restore worked in, and put it right by hand.',
      cause,
    })
  }
}

export async function journalState(workplace: string): Promise<JournalState> {
  if ((await presence(join(workplace, FILES.done))) !== undefined) return 'done'
  return (await presence(join(workplace, FILES.moving))) === undefined ? 'making' : 'moving'
}

export async function advanceJournal(workplace: string, from: JournalState, to: JournalState): Promise<void> {
  const path = join(workplace, FILES[to])
  await writing(path, () => rename(join(workplace, FILES[from]), path))
  await flush(workplace)
}
