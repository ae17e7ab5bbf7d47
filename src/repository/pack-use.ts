import type { BackupIndex } from '../format/backup-index.ts'

/** Bytes of a pack that are no chunk's: header, confounder and padding, at most. It matters for tiny packs alone. */
const OVERHEAD = 96

/** Whether at least half of the pack is used. */
export function mostlyUsed(used: number, packSize: number): boolean {
  return (used + OVERHEAD) * 2 >= packSize
}

/** Ciphertext bytes that the index refers to, by pack; each chunk counted once however often it is used. */
export function usedBytes(index: BackupIndex): readonly number[] {
  const used = index.packs.map(() => 0)
  const seen = index.packs.map(() => new Set<number>())
  for (let i = 0; i < index.chunks.length; i++) {
    const { pack, offset, length } = index.chunks.at(i)
    if (seen[pack]?.has(offset)) continue
    seen[pack]?.add(offset)
    used[pack] = (used[pack] ?? 0) + length
  }
  return used
}
