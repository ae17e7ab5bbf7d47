/**
 * A plain script of pg_dump as a Source: the same segments as a database gives, cut by the same lexer. Whoever could write the
 * file could have written anything into it, so what pg_dump never writes is refused: psql's commands, which could run programs, the ends of
 * transactions, after which a restore could not be undone, and every statement that is not on a closed list.
 */
import { isUtf8 } from 'node:buffer'
import type { Problem, SegmentWriter, Source, SourceResult } from '../engine/ports.ts'
import { ComebackError } from '../errors.ts'
import { MiB } from '../format/sizes.ts'
import type { SchemaDetail } from './detail.ts'
import { headerOf } from './schema/entries.ts'
import { asPsqlReads } from './schema/psql-text.ts'
import { scriptFor } from './schema/script-for.ts'
import { COPY_END, type CopyStatement, copyLine, parseCopy } from './script/copy-statement.ts'
import { describeScript, keyOf, tableCreated } from './script/describe-script.ts'
import { checkStatement } from './script/known-statements.ts'
import { largeObjectLines } from './script/large-objects.ts'
import { type Section, sortSchema } from './script/script-entries.ts'
import { type ScriptPiece, ScriptReader } from './script/script-reader.ts'
import { ScriptSettings } from './script/script-settings.ts'
import { displayName } from './sql-text.ts'

/** Bytes of the script without rows that are held in memory; a schema of 10,000 tables has about 20 MiB. */
const SCHEMA_LIMIT = 512 * MiB

const COMMENT = '--'
const DUMP_END = '-- PostgreSQL database dump complete'
const DATA_HEADER = '-- Data for Name: '
const VIA_ROOT = /^-- load via partition root /
const RESTRICT = /^\\(?:un)?restrict [A-Za-z0-9]+$/
const ENDS_TRANSACTION =
  /^(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\s+TRANSACTION|SET\s+(?:SESSION|LOCAL)?\s*TRANSACTION)\b/i

export interface ScriptSourceOptions {
  /** Names the database for the history of backups. */
  readonly identity: string
  /** The script's bytes, from the first; may be read several times. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Uint8Array>
}

/**
 * Reading throws `damaged` if the script is not complete, `unsupported` for one of another kind (`--inserts`, `--create`, other formats or
 * encodings), `unsafe-archive` for what pg_dump never writes, and what `open` throws.
 */
export function createScriptSource({ identity, open }: ScriptSourceOptions): Source {
  return {
    component: 'database',
    identity,
    async read(out, signal) {
      const reader = new ScriptReader(open(signal))
      try {
        out.phase('Reading the dump')
        return await new ScriptImport(reader, out).read()
      } finally {
        await reader.close()
      }
    },
  }
}

class ScriptImport {
  readonly #reader: ScriptReader
  readonly #out: SegmentWriter
  readonly #settings = new ScriptSettings()
  readonly #schema: Buffer[] = []
  #schemaSize = 0
  readonly #created = new Set<string>()
  readonly #loaded = new Set<string>()
  readonly #rows: Record<string, number> = {}
  readonly #names = new Set<string>()
  #hasExtensions = false
  #largeObjects = 0
  #header: ReturnType<typeof headerOf>
  #inData = false
  #viaRoot = false
  #complete = false

  constructor(reader: ScriptReader, out: SegmentWriter) {
    this.#reader = reader
    this.#out = out
  }

  async read(): Promise<SourceResult> {
    // Text of another kind would be read as one long statement.
    const start = await this.#reader.beginning(COMMENT.length)
    if (start === '') throw incomplete()
    if (start !== COMMENT) this.#settings.check()
    for (let piece = await this.#reader.next(); piece !== undefined; piece = await this.#reader.next()) {
      await this.#take(piece)
    }
    if (!this.#complete) throw incomplete()
    this.#settings.check()
    return await this.#writeSchema()
  }

  async #take(piece: ScriptPiece): Promise<void> {
    if (piece.type === 'command') {
      if (!RESTRICT.test(piece.text)) throw psqlCommand(piece)
    } else if (piece.type === 'statement') {
      if (this.#complete) throw goesOn(piece)
      await this.#statement(piece)
    } else {
      if (piece.text === DUMP_END) this.#complete = true
      this.#comment(piece)
      this.#keep(piece)
    }
  }

  #comment({ text }: ScriptPiece): void {
    this.#settings.comment(text)
    if (this.#inData && VIA_ROOT.test(text)) this.#viaRoot = true
    const header = headerOf(text)
    if (header === undefined) return
    this.#header = header
    // Whatever type the rest of it seems to name: in a name may stand anything.
    this.#inData = text.startsWith(DATA_HEADER)
    this.#viaRoot = false
    if (header.type === 'EXTENSION') this.#hasExtensions = true
  }

  async #statement(piece: ScriptPiece): Promise<void> {
    const { text } = piece
    if (/^COPY\b/i.test(text)) await this.#copy(piece)
    else if (text === 'BEGIN' && this.#inData) await this.#writeLargeObjects()
    else if (ENDS_TRANSACTION.test(text)) throw endsTransaction(piece)
    else if (/^INSERT\b/i.test(text)) throw inserts(piece)
    else if (this.#isKnown(piece)) {
      const table = tableCreated(text)
      if (table !== undefined) this.#created.add(keyOf(table))
      this.#keep(piece)
    }
  }

  /** Whether it belongs to the schema. Throws for what pg_dump does not write. */
  #isKnown(piece: ScriptPiece): boolean {
    if (this.#header === undefined) return this.#settings.statement(piece)
    checkStatement(piece, this.#header.type)
    return true
  }

  #keep({ raw }: ScriptPiece): void {
    // Copied: the piece is a part of a buffer that is mostly rows, perhaps.
    this.#schema.push(Buffer.from(raw))
    this.#schemaSize += raw.length
    if (this.#schemaSize > SCHEMA_LIMIT) {
      throw new ComebackError('unsupported', 'The dump has more schema than can be held in memory.', {
        hint: 'Decrypt it with openssl and gunzip, and restore it with psql.',
      })
    }
  }

  async #copy(piece: ScriptPiece): Promise<void> {
    const copy = parseCopy(piece.text)
    if (copy === undefined || !this.#inData) throw strangeCopy(piece)
    const { into, columns } = copy
    const head = copyLine(copy)
    const table = this.#tableRead(copy)
    const name = this.#newName(displayName(table))
    // An extension brings its table along; the rows join those that are there.
    const rows = this.#created.has(keyOf(into)) ? 'own' : 'added'
    if (rows === 'added' && !this.#hasExtensions) throw dataOnly(piece)
    const shape = { columns: [...columns], head: head.length, tail: COPY_END.length, from: 0, to: null, rows } as const
    await this.#out.segment(
      { name, group: '01-data', detail: { kind: 'rows', table, into, ...shape } },
      this.#block(name, head),
    )
    this.#loaded.add(keyOf(table))
  }

  async *#block(name: string, head: Buffer): AsyncGenerator<Uint8Array> {
    yield head
    this.#rows[name] = yield* this.#reader.rows()
    yield COPY_END
  }

  /** Another than the one to load only where rows go through the partition root; the comment above them names it. */
  #tableRead({ into }: CopyStatement) {
    if (!this.#viaRoot) return into
    return { schema: this.#header?.schema ?? into.schema, name: this.#header?.name ?? into.name }
  }

  #newName(wanted: string): string {
    let name = wanted
    for (let again = 2; this.#names.has(name); again++) name = `${wanted} (${again})`
    this.#names.add(name)
    return name
  }

  async #writeLargeObjects(): Promise<void> {
    this.#largeObjects++
    const detail = { kind: 'script', content: 'large-objects' } as const
    const name = this.#newName('large objects')
    await this.#out.segment({ name, group: '01-data', detail }, largeObjectLines(this.#reader))
  }

  async #writeSchema(): Promise<SourceResult> {
    const { serverVersion, encoding, pgDump } = this.#settings.facts()
    const text = Buffer.concat(this.#schema)
    if (encoding === 'UTF8' && !isUtf8(text)) throw notUtf8()
    const { preData, postData, sequences, all } = sortSchema(asPsqlReads(scriptFor(text, 'schema', { serverVersion })))
    await this.#writeSection('pre-data', preData)
    if (sequences !== '') {
      const detail = { kind: 'script', content: 'sequences' } as const
      await this.#out.segment({ name: 'sequence values', group: '99-schema', detail }, once(Buffer.from(sequences)))
    }
    await this.#writeSection('post-data', postData)
    const detail = describeScript(all, {
      serverVersion,
      encoding,
      pgDump,
      rows: this.#rows,
      loaded: this.#loaded,
      otherData: sequences !== '' || this.#largeObjects > 0,
    })
    const problems: readonly Problem[] = detail.schemaOnly
      ? [{ severity: 'warning', message: 'The dump is schema-only: tables will come back without rows.' }]
      : []
    const holds = detail.schemaOnly ? 'structure' : detail.excludedData.length > 0 ? 'some-rows' : undefined
    return { detail: { ...detail }, ...(holds === undefined ? {} : { holds }), problems }
  }

  async #writeSection(section: SchemaDetail['section'], { text, entries }: Section): Promise<void> {
    const group = section === 'pre-data' ? '00-schema' : '99-schema'
    const detail = { kind: 'schema', section, entries: [...entries] } as const
    await this.#out.segment({ name: `schema, ${section}`, group, detail }, once(text))
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

const BY_HAND = 'Decrypt it with openssl and gunzip, and restore it with psql.'
const CHANGED = 'pg_dump writes no such script. Find out who changed it; use another backup.'

function incomplete(): ComebackError {
  return new ComebackError('damaged', 'The dump is not complete: what pg_dump writes at its end is missing.', {
    hint: 'pg_dump failed when it was made. Use another backup.',
  })
}

function goesOn({ line }: ScriptPiece): ComebackError {
  return new ComebackError('damaged', `The dump goes on behind its end, in line ${line}.`, { hint: CHANGED })
}

function psqlCommand({ text, line }: ScriptPiece): ComebackError {
  const word = /^\\[A-Za-z!?]*/.exec(text)?.[0] ?? '\\'
  if (word === '\\connect') {
    return new ComebackError('unsupported', `Line ${line} of the dump connects to a database of its own choice.`, {
      hint: `It was made with pg_dump --create. ${BY_HAND}`,
    })
  }
  return new ComebackError('unsafe-archive', `Line ${line} of the dump is a command of psql: ${word}`, {
    hint: CHANGED,
  })
}

function endsTransaction({ line }: ScriptPiece): ComebackError {
  return new ComebackError('unsafe-archive', `Line ${line} of the dump begins or ends a transaction.`, {
    hint: CHANGED,
  })
}

function strangeCopy({ line }: ScriptPiece): ComebackError {
  return new ComebackError('unsafe-archive', `Line ${line} of the dump is a COPY that pg_dump does not write.`, {
    hint: CHANGED,
  })
}

function inserts({ line }: ScriptPiece): ComebackError {
  return new ComebackError('unsupported', `Line ${line} of the dump is an INSERT: its rows are not COPY data.`, {
    hint: `It was made with pg_dump --inserts. ${BY_HAND}`,
  })
}

function dataOnly({ line }: ScriptPiece): ComebackError {
  return new ComebackError('unsupported', `Line ${line} of the dump fills a table that the dump does not create.`, {
    hint: `It was made with pg_dump --data-only. ${BY_HAND}`,
  })
}

function notUtf8(): ComebackError {
  return new ComebackError('damaged', 'The dump says that its text is UTF-8, and it is not.', {
    hint: 'It was altered or damaged. Use another backup.',
  })
}
