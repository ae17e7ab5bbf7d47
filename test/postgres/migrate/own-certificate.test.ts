import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { ownCertificate } from '../../../src/postgres/migrate/own-certificate.ts'

test('the certificate is one of localhost, signed by its own key, and valid for the run', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = new Date('2026-12-01T00:30:00Z')
  const certificate = new X509Certificate(ownCertificate(privateKey, publicKey, now))
  expect(certificate.verify(publicKey)).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.checkHost('example.com')).toBeUndefined()
  expect(new Date(certificate.validFrom).toISOString()).toBe('2026-11-30T00:30:00.000Z')
  expect(new Date(certificate.validTo).toISOString()).toBe('2026-12-31T00:30:00.000Z')
  expect(certificate.serialNumber).toHaveLength(32)
})
