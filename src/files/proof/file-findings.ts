/** Findings about files, so many by name and the rest counted: a folder of ten thousand like ones makes a short report. */
import type { ProofCode, ProofFinding } from '../../engine/proof.ts'
import { count } from '../left-out.ts'

/** Of one code. */
const NAMED = 50

type FileCode = Extract<ProofCode, 'file-missing' | 'file-differs' | 'file-extra'>

const HINTS: Readonly<Record<FileCode, string>> = {
  'file-missing':
    'Restore another backup if that file is needed, and look at what the disk and its file system report.',
  'file-differs':
    'Restore another backup if that file is needed, and look at what the disk and its file system report.',
  'file-extra': 'Something else writes into the temporary folder, or the restore made what it should not have.',
}

export interface FileFindings {
  add(code: FileCode, path: string, message: string): void
  list(): readonly ProofFinding[]
}

export function gatherFileFindings(): FileFindings {
  const found = new Map<FileCode, { readonly named: ProofFinding[]; count: number }>()
  return {
    add(code, path, message) {
      const entry = found.get(code) ?? { named: [], count: 0 }
      found.set(code, entry)
      entry.count++
      if (entry.named.length < NAMED)
        entry.named.push({ code, subject: path.toWellFormed(), message, hint: HINTS[code] })
    },
    list: () =>
      [...found].flatMap(([code, { named, count: all }]) => {
        const more = all - named.length
        if (more === 0) return named
        return [...named, { code, subject: `${count(more, 'other')}`, message: 'Likewise; only the first are named.' }]
      }),
  }
}
