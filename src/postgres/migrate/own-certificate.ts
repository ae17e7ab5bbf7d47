/**
 * A key and a certificate of the proxy's own, for `localhost` and 127.0.0.1, made anew for each run: clients that insist on TLS get
 * it. It proves nothing to anybody, and need not: what it speaks for never leaves this machine. Node can read certificates and
 * not make them, so this writes the few fields of one (RFC 5280), in DER:
 *
 *   Certificate = { { [0] version, serial, algorithm, issuer, validity, subject, key, [3] extensions }, algorithm, signature }
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'

const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_ID = 0x06
const UTF8_STRING = 0x0c
const GENERALIZED_TIME = 0x18
/** Milliseconds: a run may take days, and clocks differ. */
const DAY = 86_400_000
const VALID = 30 * DAY

// ecdsa-with-SHA256, commonName, subjectAltName
const ECDSA_SHA256 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2a8648ce3d040302', 'hex')))
const COMMON_NAME = der(OBJECT_ID, Buffer.from('550403', 'hex'))
const ALTERNATIVE_NAME = der(OBJECT_ID, Buffer.from('551d11', 'hex'))
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

export function ownContext(now: Date = new Date()): SecureContext {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return createSecureContext({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pem(ownCertificate(privateKey, publicKey, now)),
  })
}

/** In DER. */
export function ownCertificate(privateKey: KeyObject, publicKey: KeyObject, now: Date): Buffer {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('localhost')))))
  // A serial number is positive, and so begins with no 1.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const names = der(SEQUENCE, der(DNS_NAME, Buffer.from('localhost')), der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])))
  const toSign = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    ECDSA_SHA256,
    name,
    der(SEQUENCE, time(new Date(now.getTime() - DAY)), time(new Date(now.getTime() + VALID))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, ALTERNATIVE_NAME, der(OCTET_STRING, names)))),
  )
  const signature = sign('sha256', toSign, privateKey)
  return der(SEQUENCE, toSign, ECDSA_SHA256, der(BIT_STRING, Buffer.from([0]), signature))
}

/** A tag, the length in as many bytes as it takes, and what it holds. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

/** `20261201003000Z` */
function time(date: Date): Buffer {
  return der(GENERALIZED_TIME, Buffer.from(`${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`))
}

function pem(certificate: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}
