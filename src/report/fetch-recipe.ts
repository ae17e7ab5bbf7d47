/**
 * From a store to a folder that holds one backup's files, with the store's own tools, in front of the stock recipe. Whatever else a
 * store may hold under the backup's id stays there: only its manifest and names that a pack can have are fetched, into a new folder.
 */
import type { Component } from '../format/manifest.ts'
import { packGlob, packPattern } from '../format/stock-recipe.ts'
import { shellWord } from './markdown-escape.ts'

export interface FetchedBackup {
  readonly component: Component
  readonly id: string
  /** `artifact:owner/name`, `s3://bucket/prefix`, `file:/folder`. */
  readonly store: string
  readonly s3Endpoint?: string | undefined
}

/**
 * Lines of shell that leave it in that folder. Whether all was fetched is not asked of the tools, which mind what is none of ours, too:
 * `recipe`, which is run next, looks.
 */
export function fetchRecipe(backup: FetchedBackup, recipe: string): readonly string[] {
  return [`mkdir ${backup.id} && cd ${backup.id} && {`, ...fetchLines(backup), ...`${recipe}; }`.split('\n')]
}

function fetchLines(backup: FetchedBackup): readonly string[] {
  const { store, component, id, s3Endpoint } = backup
  const place = store.slice(store.indexOf(':') + 1).replace(/\/$/, '')
  if (store.startsWith('artifact:')) return artifactLines(backup, `repos/${place}/actions/artifacts`)
  if (store.startsWith('s3:')) {
    const endpoint = s3Endpoint === undefined ? '' : ` --endpoint-url ${shellWord(s3Endpoint)}`
    return [
      `aws s3 cp --recursive${endpoint} ${shellWord(`s3:${place}/${component}/${id}`)} . \\`,
      `  --exclude '*' --include manifest.json --include '${packGlob(component)}'`,
    ]
  }
  const folder = shellWord(`${place}/${component}/${id}`)
  return [`cp ${folder}/manifest.json ${folder}/${packGlob(component)} .`]
}

/**
 * An artifact is named `comeback~COMPONENT~ID~FILE~RUN-ATTEMPT.bin`, and is that file, not a zip of it. Runs of pull requests from forks may
 * upload any name, so those count that GitHub says the run of the name made, with this repository's own code.
 */
function artifactLines(backup: FetchedBackup, artifacts: string): readonly string[] {
  const { component, id } = backup
  const files = `manifest\\.json|${packPattern(component)}`.replaceAll('\\', '\\\\')
  return [
    `gh api --paginate ${shellWord(`${artifacts}?per_page=100`)} --jq '.artifacts[] | select(.expired | not)`,
    '  | .workflow_run as $run | select($run.head_repository_id == $run.repository_id) | "\\(.id) \\(.name',
    `  | capture("^comeback~${component}~${id}~(?<file>${files})~\\($run.id)-[0-9]+\\\\.bin$").file)"' |`,
    `while read -r artifact file; do gh api ${shellWord(artifacts)}/$artifact/zip > "$file"; done`,
  ]
}
