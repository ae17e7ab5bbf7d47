/** How a backup comes back without Comeback: the files out of their store, then the one command that the manifest names. */
import { fetchRecipe } from './fetch-recipe.ts'
import { code, fenced, shellWord } from './markdown-escape.ts'
import { folded } from './markdown-parts.ts'
import type { BackupOutcome } from './report.ts'

export type MadeBackup = Exclude<BackupOutcome, { readonly status: 'failed' }>

export function decryptSection(backup: MadeBackup, store: string): readonly string[] {
  return folded(
    'Decrypt it without Comeback',
    backup.decrypt === undefined ? exported(backup, store) : stock(backup, backup.decrypt, store),
  )
}

function stock(backup: MadeBackup, decrypt: string, store: string): readonly string[] {
  const endpoint = store.startsWith('s3:')
    ? ["Where the bucket is not Amazon's, add <code>--endpoint-url URL</code> to <code>aws s3 cp</code>.", '']
    : []
  return [
    `With the key (its id is ${code(backup.keyId)}) in a file outside of the folder that this makes:`,
    '',
    ...endpoint,
    ...fenced('sh', fetchRecipe({ ...backup, store }, decrypt)),
  ]
}

function exported({ component, id, keyId, leansOn }: MadeBackup, store: string): readonly string[] {
  const why = leansOn > 0 ? 'It leans on older backups' : 'Its files are not one plain script'
  const token = store.startsWith('artifact:') ? 'GITHUB_TOKEN=$(gh auth token) ' : ''
  return [
    `${why}, so <code>comeback export</code> makes it stand on its own first, and prints the command that decrypts it. With the key (its id is ${code(keyId)}) in the file <code>.backup_key</code>:`,
    '',
    ...fenced('sh', [`${token}comeback export ${component} ${id} --into exported --store ${shellWord(store)}`]),
  ]
}
