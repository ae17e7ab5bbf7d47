/** The packs that a backup can read: its own and those of older backups that it leans on, as its manifest lists them. */
import { ComebackError } from '../errors.ts'
import type { Component, Manifest } from '../format/manifest.ts'
import { objectName } from './layout.ts'

export interface Pack {
  readonly backup: string
  readonly file: string
  /** Bytes of ciphertext. */
  readonly size: number
  readonly sha256: string
  /** What its key derives from. */
  readonly salt: string
  readonly iterations: number
}

export function packsOf(manifest: Manifest): readonly Pack[] {
  const { salt, iterations } = manifest.kdf
  const own = { backup: manifest.id, salt, iterations, objects: manifest.objects }
  return [own, ...manifest.leansOn].flatMap(({ backup, objects, salt, iterations }) =>
    objects.map(({ name, size, sha256 }) => ({ backup, file: name, size, sha256, salt, iterations })),
  )
}

/** Finds packs by backup and file; a pack that the manifest doesn't list is damage. */
export function packFinder(manifest: Manifest): (backup: string, file: string) => Pack {
  const packs = new Map(packsOf(manifest).map(pack => [`${pack.backup}/${pack.file}`, pack]))
  return (backup, file) => {
    const pack = packs.get(`${backup}/${file}`)
    if (pack !== undefined) return pack
    throw new ComebackError(
      'damaged',
      `The index of ${manifest.id} names the pack ${backup}/${file}, its manifest does not.`,
    )
  }
}

export function packName(component: Component, pack: { readonly backup: string; readonly file: string }): string {
  return objectName({ component, id: pack.backup, file: pack.file })
}
