/**
 * Just enough of the PostgreSQL protocol (version 3) to sit between pg_dump and a server: where messages end, what an error
 * says, and the greeting of a server that has let us in already.
 *
 *   +------+---------------------+---------+
 *   | type | length, 4 bytes, BE | payload |   the length counts itself, but not the type
 *   +------+---------------------+---------+
 */
import type { SaidFields } from '../connection/said-fields.ts'

const HEADER = 5
/** Bytes of an error response that are kept. */
const KEPT_LIMIT = 64 * 1024
const NOTHING = Buffer.alloc(0)

export const ERROR_RESPONSE = 0x45 // E
export const READY_FOR_QUERY = 0x5a // Z
export const QUERY = 0x51 // Q
export const SYNC = 0x53 // S
export const TERMINATE = 0x58 // X

/** Follows the ends of messages in a byte stream that arrives in any pieces, without joining them. */
export class MessageScanner {
  readonly #header = Buffer.alloc(HEADER)
  #headerBytes = 0
  #left = 0
  #kept: Uint8Array[] = []
  #keptBytes = 0
  readonly #limitOf: (type: number) => number

  /** `limitOf`: how many bytes of such a message's payload are kept; what is longer is cut. */
  constructor(limitOf: (type: number) => number = type => (type === ERROR_RESPONSE ? KEPT_LIMIT : 0)) {
    this.#limitOf = limitOf
  }

  /**
   * Calls back once for each message that ends in these bytes, at offset `end` of them. `payload` is what was kept of it, of
   * the default an error response's alone.
   */
  scan(bytes: Uint8Array, onMessage: (type: number, payload: Buffer, end: number) => void): void {
    let position = 0
    while (position < bytes.length) {
      if (this.#headerBytes < HEADER) {
        this.#header[this.#headerBytes++] = bytes[position++] ?? 0
        if (this.#headerBytes < HEADER) continue
        this.#left = this.#header.readUInt32BE(1) - 4
      } else {
        const part = bytes.subarray(position, position + this.#left)
        this.#keep(part, this.#limitOf(this.#header[0] ?? 0))
        position += part.length
        this.#left -= part.length
      }
      if (this.#left <= 0) {
        onMessage(this.#header[0] ?? 0, this.#keptBytes === 0 ? NOTHING : Buffer.concat(this.#kept), position)
        this.#headerBytes = 0
        if (this.#keptBytes > 0) this.#kept = []
        this.#keptBytes = 0
      }
    }
  }

  #keep(part: Uint8Array, limit: number): void {
    if (part.length === 0 || this.#keptBytes >= limit) return
    const copy = Buffer.from(part.subarray(0, limit - this.#keptBytes))
    this.#kept.push(copy)
    this.#keptBytes += copy.length
  }
}

/** Fields are a letter and a zero-terminated text each. */
export function parseErrorResponse(payload: Buffer): SaidFields {
  const fields = new Map(
    payload
      .toString('utf8')
      .split('\0')
      .map(field => [field.slice(0, 1), field.slice(1)]),
  )
  return {
    message: fields.get('M') ?? 'an error without a message',
    code: fields.get('C'),
    detail: fields.get('D'),
    hint: fields.get('H'),
    where: fields.get('W'),
    schema: fields.get('s'),
    table: fields.get('t'),
    column: fields.get('c'),
    dataType: fields.get('d'),
    constraint: fields.get('n'),
    routine: fields.get('R'),
    file: fields.get('F'),
    position: fields.get('P'),
  }
}

/** AuthenticationOk, the parameters, a made-up cancel key, ReadyForQuery. */
export function greeting(parameters: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    ...Object.entries(parameters).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
    message('K', Buffer.alloc(8)),
    message('Z', Buffer.from('I')),
  ])
}

/** Asks the server to read a statement, and to say when it has: Parse without a name or types, Sync. */
export function parseMessage(sql: Buffer): Buffer {
  return Buffer.concat([
    message('P', Buffer.concat([Buffer.of(0), sql, Buffer.alloc(3)])),
    message('S', Buffer.alloc(0)),
  ])
}

function message(type: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER)
  head.write(type, 'latin1')
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}
