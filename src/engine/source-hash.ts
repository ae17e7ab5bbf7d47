/** Under which name a store knows what was backed up. */
import { createHmac } from 'node:crypto'
import type { Component, Manifest } from '../format/manifest.ts'
import type { Keyring } from '../repository/keyring.ts'

const SOURCE_BYTES = 16

/** The keyed hash under which a source is known; nobody without the key can tell what it names. */
export async function sourceHash(
  keyring: Keyring,
  idSalt: string,
  iterations: number,
  component: Component,
  identity: string,
): Promise<string> {
  const { source } = await keyring.chain(idSalt, iterations)
  return createHmac('sha256', source)
    .update(`${component}\0${identity}`)
    .digest()
    .subarray(0, SOURCE_BYTES)
    .toString('hex')
}

/** Whether the backup, whose key this is, was made of what has this identity. */
export async function isOf(
  { source, idSalt, kdf, component }: Manifest,
  identity: string,
  keyring: Keyring,
): Promise<boolean> {
  return source === (await sourceHash(keyring, idSalt, kdf.iterations, component, identity))
}
