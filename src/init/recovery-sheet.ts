/** The page that somebody needs who has the key, and neither the repository's workflows nor anyone to ask. */
import { PBKDF2_ITERATIONS } from '../format/keys.ts'
import type { Component } from '../format/manifest.ts'
import { stockRecipe } from '../format/stock-recipe.ts'
import { fetchRecipe } from '../report/fetch-recipe.ts'
import { ARTIFACTS, cronsOf, type Plan } from './plan.ts'
import { clock } from './questions.ts'

export interface SheetFacts {
  /** `owner/name`, as far as it is known. */
  readonly repository: string | undefined
  readonly keyId: string | undefined
}

const EXAMPLE_ID = '20261123T020000Z-7f3a91'

const EVERY: Readonly<Record<Component, string>> = {
  database: 'every day',
  files: 'every Sunday',
  config: 'on the first of every month',
}

/** Markdown; holds no secret. Ends in a line break. */
export function recoverySheet(plan: Plan, { repository = 'OWNER/REPO', keyId }: SheetFacts): string {
  const store = plan.store === ARTIFACTS ? `artifact:${repository}` : plan.store
  const crons = cronsOf(plan.time)
  const rows = plan.components.map(
    component => `| ${component} | ${whatIs(component, plan)} | ${EVERY[component]} (\`${crons[component]}\`, UTC) |`,
  )
  const first = plan.components[0] ?? 'database'
  return `# Recovery sheet of ${repository}

Print this, and keep it with the key, apart from the repository and its backups. Without the key nobody can read them.

| what | of what | when |
|---|---|---|
${rows.join('\n')}

* Backups: \`${store}\`, kept for ${plan.retentionDays} days. The day begins at ${clock(plan.time)} UTC.
* Key: the repository secret \`COMEBACK_KEY\`, and wherever you keep the file \`.backup_key\`.${
    keyId === undefined
      ? ''
      : ` Its id is \`${keyId}\`;\n  \`comeback key show-id\` names the id of a key, \`comeback list\` the one that each backup needs.`
  }

## From GitHub

Actions > Comeback restore > Run workflow. Leave "dry run" on at first: it shows what would happen.

## With Comeback, on any machine with Node

\`\`\`sh
${environmentOf(plan)}comeback list --store ${store}
${plan.components.map(component => restoreCommand(component, store)).join('\n')}
\`\`\`

Instead of \`latest\` write a day (\`2026-11-23\`), a time or the id of a backup.

## Without Comeback

\`openssl\`, \`gunzip\` and \`${first === 'database' ? 'psql' : 'tar'}\` are enough for a backup whose \`manifest.json\` says \`"stock": true\`; the others need the files of
older ones, and \`comeback export\`. In bash or zsh, with the id that you want instead of
\`${EXAMPLE_ID}\`, and with the place of the key:

${plan.components.map(component => `\`\`\`sh\n${recipe(component, plan, store)}\n\`\`\``).join('\n\n')}

Where \`manifest.json\` says other \`iterations\`, they go behind \`-iter\`; where files end in \`.zst.enc\`, \`zstd -dc\` takes the place of \`gunzip\`.
Do not run the \`decrypt\` that it holds without having read it: who can write to the store can write that, too. What is opened has
the SHA-256 of the manifest, but these tools cannot tell whether the manifest itself was altered; Comeback can.
${plan.components.includes('database') ? DATABASE_BESIDES : ''}`
}

/** What an application may rest on, and a restored database would lack without a word. */
const DATABASE_BESIDES = `
## What a database needs besides

* Roles with their passwords, tablespaces and settings of the whole server are in no backup of a database. Write them down, or keep
  what \`pg_dumpall --globals-only\` prints with the key.
* The database's own settings (\`search_path\`, \`timezone\` …), who may connect to it, its comment and its limit are in the backup:
  \`comeback restore --database-settings\` applies them. \`psql\` alone makes none of them.
* A new database should sort text as the old one did. A restore says so where it does not, with the statement that makes one that does.
`

function whatIs(component: Component, { files, configFiles, configEnv }: Plan): string {
  switch (component) {
    case 'database':
      return 'the secret `DATABASE_URL`'
    case 'files':
      return files.map(code).join(', ')
    case 'config':
      return [...configFiles.map(code), ...configEnv.map(name => `${code(name)} of \`CONFIG_ENV\``)].join(', ')
  }
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function environmentOf(plan: Plan): string {
  const options = [
    ...(plan.s3Endpoint === undefined ? [] : [`export COMEBACK_S3_ENDPOINT=${plan.s3Endpoint}`]),
    ...(plan.s3Region === undefined ? [] : [`export COMEBACK_S3_REGION=${plan.s3Region}`]),
    ...(plan.s3PathStyle ? ['export COMEBACK_S3_PATH_STYLE=true'] : []),
  ]
  const access =
    plan.store === ARTIFACTS
      ? 'export GITHUB_TOKEN=…                # one that may read Actions of the repository'
      : 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…'
  return ['# the file .backup_key lies here, or COMEBACK_KEY is set', access, ...options]
    .map(line => `${line}\n`)
    .join('')
}

function restoreCommand(component: Component, store: string): string {
  const target =
    component === 'database' ? '--target-url postgresql://…/new_database' : `--into ./restored-${component}`
  return `comeback restore ${component} latest --store ${store} ${target}`
}

function recipe(component: Component, { s3Endpoint }: Plan, store: string): string {
  const stock = stockRecipe({ component, codec: 'gzip', iterations: PBKDF2_ITERATIONS })
  return fetchRecipe({ component, id: EXAMPLE_ID, store, s3Endpoint }, stock).join('\n')
}
