/** Files as a Prover: extracted into a temporary folder by the restore itself, read again and compared by SHA-256. */
import type { Prover } from '../engine/ports.ts'
import { createFilesSink } from './extract.ts'
import { count } from './left-out.ts'
import type { ComparedFolder } from './proof/compare-folder.ts'
import { proveFolder } from './proof/prove-folder.ts'

export interface FilesProverOptions {
  /** A folder to work in; it needs room for all of the backup. */
  readonly temporary: string
}

export function createFilesProver({ temporary }: FilesProverOptions): Prover {
  return {
    component: 'files',
    prove: (backup, context, signal) =>
      proveFolder(
        {
          temporary,
          openSink: (directory, cwd) =>
            createFilesSink({ directory, cwd, overwrite: false, include: [], confirm: undefined, fleeting: true }),
          comparison: { modes: 'kept', made: [] },
          describe: describeFiles,
        },
        backup,
        context,
        signal,
      ),
  }
}

/** `1,234 files, 56 folders and 3 links, 5,600,000,000 bytes, by SHA-256`. */
export function describeFiles({ files, folders, links, bytes }: ComparedFolder): string {
  const parts = [count(files, 'file'), count(folders, 'folder'), ...(links === 0 ? [] : [count(links, 'link')])]
  return `${parts.join(', ')}, ${sizeOf(bytes)}, by SHA-256`
}

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const

function sizeOf(bytes: number): string {
  const step = Math.min(UNITS.length, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const unit = UNITS[step - 1]
  if (unit === undefined) return count(bytes, 'byte')
  const value = bytes / 1000 ** step
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}
