/** What tells a backup that was made of an old script's file: its id has that file's date, and not the day it was made. */
import type { Manifest } from '../format/manifest.ts'

/** In a manifest's `tools`, the file that the backup came from. */
export const ORIGIN = 'old-file'

export function isImported({ tools }: Pick<Manifest, 'tools'>): boolean {
  return tools[ORIGIN] !== undefined
}
