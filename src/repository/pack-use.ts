import type { BackupIndex } from '../format/backup-index.ts'

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
