/** The passphrase and everything derived from it, each derivation made once: one costs half a second by intent. */

import type { PackKey } from '../format/cipher.ts'
import { type ChainKeys, deriveChainKeys, derivePackKey, keyId } from '../format/keys.ts'

export class Keyring {
  readonly #passphrase: string
  readonly #derived = new Map<string, Promise<unknown>>()
  #id: string | undefined

  /** The passphrase must have passed `checkPassphrase`. */
  constructor(passphrase: string) {
    this.#passphrase = passphrase
  }

  /** Names the key without revealing it: 16 hex digits. */
  id(): Promise<string> {
    return this.#once('id', async () => {
      this.#id = await keyId(this.#passphrase)
      return this.#id
    })
  }

  /** If it is known without deriving anything. */
  get knownId(): string | undefined {
    return this.#id
  }

  /** Begins to derive what will be asked for later; whether that fails is told then. */
  prepareId(): void {
    this.id().catch(() => undefined)
  }

  preparePack(salt: string, iterations: number): void {
    this.pack(salt, iterations).catch(() => undefined)
  }

  /** An authentic manifest has named the key: that saves deriving its id. */
  isNamed(id: string): void {
    this.#id = id
    this.#derived.set('id', Promise.resolve(id))
  }

  chain(idSalt: string, iterations: number): Promise<ChainKeys> {
    return this.#once(`chain ${idSalt} ${iterations}`, () =>
      deriveChainKeys(this.#passphrase, Buffer.from(idSalt, 'hex'), iterations),
    )
  }

  pack(salt: string, iterations: number): Promise<PackKey> {
    return this.#once(`pack ${salt} ${iterations}`, () =>
      derivePackKey(this.#passphrase, Buffer.from(salt, 'hex'), iterations),
    )
  }

  #once<T>(name: string, derive: () => Promise<T>): Promise<T> {
    const known = this.#derived.get(name)
    // The name says which derivation it is, and with it the type.
    if (known !== undefined) return known as Promise<T>
    const fresh = derive()
    this.#derived.set(name, fresh)
    return fresh
  }
}
