/** How a connection begins: the packets before the first message, and the server's offer of ways to authenticate. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'

const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const CANCEL_REQUEST = 80_877_102
/** Bytes; the server's own limit. */
const PACKET_LIMIT = 10_000
const NO = Buffer.from('N')
const YES = Buffer.from('S')
/** A client that begins with TLS itself, without asking. */
const TLS_HANDSHAKE = 0x16
const ALPN = 'postgresql'

const AUTHENTICATION = 0x52 // R
const SASL = 10
/** Bytes of the server's first messages. */
const OFFER_LIMIT = 64 * 1024

export interface Startup {
  readonly packet: Buffer
  readonly isCancel: boolean
  /** What is said from now on, encrypted or not. */
  readonly stream: Duplex
}

/** A client that hung up, or speaks another protocol; `secured` if it had begun to encrypt. */
export interface NoStartup {
  readonly packet?: undefined
  readonly secured: boolean
}

/** Encrypts if the client wants it, with a certificate that nobody can verify: it ends at this machine. */
export async function readStartup(client: Socket, context: SecureContext): Promise<Startup | NoStartup> {
  let stream: Duplex = client
  let bytes: Buffer = Buffer.alloc(0)
  const secured = () => stream !== client
  for (;;) {
    if (!secured() && bytes[0] === TLS_HANDSHAKE) {
      client.unshift(bytes)
      stream = secure(client, context)
      bytes = Buffer.alloc(0)
    }
    while (bytes.length >= 8) {
      const length = bytes.readUInt32BE(0)
      if (length < 8 || length > PACKET_LIMIT) return { secured: secured() }
      if (bytes.length < length) break
      const code = bytes.readUInt32BE(4)
      const packet = bytes.subarray(0, length)
      bytes = bytes.subarray(length)
      if (code !== SSL_REQUEST && code !== GSS_REQUEST) {
        if (bytes.length > 0) stream.unshift(bytes)
        return { packet, isCancel: code === CANCEL_REQUEST, stream }
      }
      if (code === SSL_REQUEST && !secured()) {
        // What comes in clear before the encryption would pass for a part of what is encrypted.
        if (bytes.length > 0) return { secured: false }
        client.write(YES)
        stream = secure(client, context)
      } else stream.write(NO)
    }
    const more = await nextBytes(stream)
    if (more === undefined) return { secured: secured() }
    bytes = Buffer.concat([bytes, more])
  }
}

function secure(client: Socket, secureContext: SecureContext): Duplex {
  const secured = new TLSSocket(client, { isServer: true, secureContext, ALPNProtocols: [ALPN] })
  // `close` follows.
  secured.on('error', () => undefined)
  return secured
}

/** Leaves the stream paused, so that none of it is lost to whoever reads on. */
function nextBytes(client: Duplex): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const onData = (bytes: Buffer) => {
    client.pause()
    finish(bytes)
  }
  const onEnd = () => finish(undefined)
  const finish = (bytes: Buffer | undefined) => {
    client.off('data', onData).off('end', onEnd).off('close', onEnd)
    resolve(bytes)
  }
  client.on('data', onData).on('end', onEnd).on('close', onEnd)
  client.resume()
  return promise
}

/**
 * Takes channel binding out of the offer of a server that is reached by TLS: a client that is not would take the offer for an attack.
 * All else passes; what is not whole yet is held until it is.
 */
export class OfferFilter {
  #held: Buffer | undefined = Buffer.alloc(0)

  pass(bytes: Buffer): Buffer {
    if (this.#held === undefined) return bytes
    this.#held = Buffer.concat([this.#held, bytes])
    const held = this.#held
    let position = 0
    while (held.length >= position + 5) {
      const end = position + 1 + held.readUInt32BE(position + 1)
      const type = held[position]
      if (type === AUTHENTICATION && held.length >= end) return this.#release(offerAt(held, position, end))
      // The protocol's version is negotiated before that; whatever else comes, no offer will.
      if (type !== AUTHENTICATION && type !== 0x76) return this.#release(held)
      if (end > held.length) break
      position = end
    }
    return held.length > OFFER_LIMIT ? this.#release(held) : Buffer.alloc(0)
  }

  #release(bytes: Buffer): Buffer {
    this.#held = undefined
    return bytes
  }
}

function offerAt(held: Buffer, start: number, end: number): Buffer {
  if (end - start < 9 || held.readUInt32BE(start + 5) !== SASL) return held
  const mechanisms = held
    .toString('latin1', start + 9, end)
    .split('\0')
    .filter(name => name !== '' && !name.endsWith('-PLUS'))
  const payload = Buffer.from(`${mechanisms.join('\0')}\0\0`, 'latin1')
  const head = Buffer.alloc(9)
  head[0] = AUTHENTICATION
  head.writeUInt32BE(8 + payload.length, 1)
  head.writeUInt32BE(SASL, 5)
  return Buffer.concat([held.subarray(0, start), head, payload, held.subarray(end)])
}
