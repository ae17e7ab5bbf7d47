/** How a backup comes back without Comeback: the files out of their store, then the one command that the manifest names. */
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
  return [
    `In an empty folder, with the key (its id is ${code(backup.keyId)}) in the file <code>.backup_key</code>:`,
    '',
    ...fenced('sh', [...fetchLines(backup, store), decrypt]),
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

/** Leaves the shell in a folder that holds the backup's files under their own names, and the key. */
function fetchLines({ component, id }: MadeBackup, store: string): readonly string[] {
  const [kind, rest] = [store.slice(0, store.indexOf(':')), store.slice(store.indexOf(':') + 1)]
  if (kind === 'artifact') {
    const artifacts = `repos/${rest}/actions/artifacts`
    return [
      `gh api --paginate ${shellWord(`${artifacts}?per_page=100`)} \\`,
      `  --jq '.artifacts[] | select(.expired | not) | "\\(.id) \\(.name)"' |`,
      `  grep ' comeback~${component}~${id}~' |`,
      '  while read -r artifact name; do',
      `    gh api ${shellWord(artifacts)}/$artifact/zip > "$(echo "$name" | cut -d'~' -f4)"`,
      '  done',
    ]
  }
  if (kind === 's3') {
    return [
      "# Where the bucket is not Amazon's, add --endpoint-url URL.",
      `aws s3 cp --recursive ${shellWord(`${store}/${component}/${id}`)} .`,
    ]
  }
  return [`cp ${shellWord(`${rest}/${component}/${id}`)}/* .`]
}
