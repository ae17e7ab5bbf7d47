/** The workflows of a plan, as text. They are short: what they do stands in the workflows of Comeback that they call. */
import { COMPONENTS, type Component } from '../format/manifest.ts'
import { ARTIFACTS, cronsOf, type Plan } from './plan.ts'

export interface TextFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Of the workflows and the Action; it moves with compatible releases. */
const VERSION = 'v0'
const CALLED = 'comeback-backup/comeback/.github/workflows'
const FOLDER = '.github/workflows'
const EVERY: Readonly<Record<Component, string>> = { database: 'daily', files: 'weekly', config: 'monthly' }
/** How old the last good backup may be before that is too old: the time to the next, and some for a queue. */
const MOST_AGE: Readonly<Record<Component, string>> = { database: '26h', files: '8d', config: '32d' }
const HEADER = '# Written by `comeback init`. When and what stands here; how, in the workflow that it calls.\n'
const PERMISSIONS = '# No job has a permission that it does not name.\npermissions: {}\n'

export function workflowFiles(plan: Plan): readonly TextFile[] {
  return [
    { path: `${FOLDER}/comeback-backup.yml`, text: backupWorkflow(plan) },
    { path: `${FOLDER}/comeback-restore.yml`, text: restoreWorkflow(plan) },
    { path: `${FOLDER}/comeback-verify.yml`, text: verifyWorkflow(plan) },
    { path: `${FOLDER}/comeback-watch.yml`, text: watchWorkflow(plan) },
  ]
}

/** Names of the repository secrets that the workflows read. */
export function secretsOf(plan: Plan): readonly string[] {
  return [
    'COMEBACK_KEY',
    ...(plan.components.includes('database') ? ['DATABASE_URL'] : []),
    ...(plan.configEnv.length === 0 ? [] : ['CONFIG_ENV']),
    ...bucketSecrets(plan),
  ]
}

function backupWorkflow(plan: Plan): string {
  const { components } = plan
  const crons = cronsOf(plan.time)
  const due = components.map(
    component => `    - cron: '${crons[component]}' # ${component}, ${EVERY[component]}, UTC\n`,
  )
  const choice = components.length === 1 ? '' : `    inputs:\n${componentInput('What to back up', choices(components))}`
  return `${HEADER}name: Comeback backup

on:
  schedule:
${due.join('')}  workflow_dispatch:
${choice}
${PERMISSIONS}
jobs:
  backup:
    permissions:
      actions: write # to list artifacts, and to delete old ones
      contents: read # to check out files and configuration
    uses: ${CALLED}/backup.yml@${VERSION}
    with:
      component: ${componentDue(components, crons)}
${withFiles(plan)}${withStore(plan)}      retention-days: ${plan.retentionDays}
${plan.allowPublicArtifacts ? '      allow-public-artifacts: true\n' : ''}${secrets(secretsOf(plan))}`
}

function restoreWorkflow(plan: Plan): string {
  const { components } = plan
  const database = components.includes('database')
  const folders = components.some(component => component !== 'database')
  const inputs = ['at', ...(database ? ['undo', 'target', 'mode'] : []), 'dry-run', ...(database ? ['confirm'] : [])]
  if (folders) inputs.push('hand-over')
  const asked = [
    ...(components.length === 1 ? [] : [componentInput('What to restore', components)]),
    ...inputs.map(name => RESTORE_INPUTS[name] ?? ''),
  ]
  const component = components.length === 1 ? (components[0] ?? '') : value('inputs.component')
  const targets = database ? ['DATABASE_URL', 'TARGET_URL'] : []
  return `${HEADER}name: Comeback restore

on:
  workflow_dispatch:
    inputs:
${asked.join('')}
${PERMISSIONS}
jobs:
  restore:
    permissions:
      actions: read # to find and download artifacts
      contents: read # to compare restored configuration with what is checked out
    uses: ${CALLED}/restore.yml@${VERSION}
    with:
      component: ${component}
${inputs.map(name => `      ${name}: ${value(`inputs.${name}`)}\n`).join('')}${withStore(plan)}${plan.allowPublicArtifacts ? '      allow-public-artifacts: true\n' : ''}${secrets(
  ['COMEBACK_KEY', ...targets, ...bucketSecrets(plan)],
)}`
}

function verifyWorkflow(plan: Plan): string {
  const { components, postgres } = plan
  const database = components.includes('database')
  const component =
    components.length === COMPONENTS.length
      ? ''
      : `      component: ${components.length === 1 ? components[0] : components.join(' ')}\n`
  return `${HEADER}# COMEBACK_VERIFY_EACH = true, a variable of the repository, asks for a proof after each backup.
name: Comeback verify

on:
  schedule:
    - cron: '${cronsOf(plan.time).verify}' # weekly, UTC
  workflow_dispatch:
    inputs:
      at:
        description: latest, a day such as 2026-11-23 (UTC), a time, or the id of a backup
        default: latest
  workflow_run:
    workflows: [Comeback backup]
    types: [completed]
${database ? GATE_TRIGGER : ''}
${PERMISSIONS}
jobs:
  verify:
    if: github.event_name != 'workflow_run' || vars.COMEBACK_VERIFY_EACH == 'true'
    # The most that any of its jobs asks for; only that of a pull request writes.
    permissions:
      actions: read # to find and download artifacts
      contents: read # to check out assertions and migrations
      pull-requests: write # to write a comment
      checks: write # to write a check
    uses: ${CALLED}/verify.yml@${VERSION}
    with:
${component}      at: ${value('inputs.at')}
${database ? `      postgres: '${postgres}'\n${GATE_INPUTS}` : ''}${withStore(plan)}${secrets(['COMEBACK_KEY', ...bucketSecrets(plan)])}`
}

function watchWorkflow(plan: Plan): string {
  const { components } = plan
  return `${HEADER}# Opens an issue when backups or proofs are missing or old, and closes it when all is well again.
name: Comeback watch

on:
  schedule:
    - cron: '${cronsOf(plan.time).watch}' # every six hours
  workflow_run:
    workflows: [Comeback backup, Comeback verify]
    types: [completed]
  workflow_dispatch:

${PERMISSIONS}
jobs:
  watch:
    permissions:
      actions: write # to read artifacts, and to switch on workflows that GitHub switched off
      issues: write # to open and close the issue
    uses: ${CALLED}/watch.yml@${VERSION}
    with:
      component: ${components.join(' ')}
      max-age: ${components.map(component => `${component}=${MOST_AGE[component]}`).join(' ')}
      max-proof-age: 8d
      workflows: comeback-backup.yml comeback-verify.yml comeback-watch.yml
${withStore(plan)}${secrets(['COMEBACK_KEY', ...bucketSecrets(plan)])}`
}

/** Which files are migrations, and what runs them, only the repository's people know: so all of it is a comment at first. */
const GATE_TRIGGER = `  # Migrations of pull requests can be tried on the last verified backup: take out the # here and below.
  # pull_request:
  #   paths: ['migrations/**']
`
const GATE_INPUTS = `      # setup: npm ci # your own set-up, without root: node, python, java and ruby are there
      # migrate: npm run migrate # with DATABASE_URL set to the restored database
      # assertions: test/assertions # a folder of .sql files, each a query that must return true, or no rows
`

const RESTORE_INPUTS: Readonly<Record<string, string>> = {
  at: `      at:
        description: latest, a day such as 2026-11-23 (UTC), a time, or the id of a backup
        default: latest
`,
  undo: `      undo:
        description: Instead of that, what the database held before the last restore
        type: boolean
        default: false
`,
  target: `      target:
        description: The secret that names the database to restore into
        type: choice
        options: [TARGET_URL, DATABASE_URL]
`,
  mode: `      mode:
        description: 'atomic: replaces a database in one transaction. swap: fills a new one beside it and keeps the old. parallel: fills an empty one. auto: parallel into an empty one, atomic over any other'
        type: choice
        options: [auto, atomic, swap, parallel]
`,
  'dry-run': `      dry-run:
        description: Show what would be done, and do nothing
        type: boolean
        default: true
`,
  confirm: `      confirm:
        description: The name of the database that may be replaced
`,
  'hand-over': `      hand-over:
        description: Files and config, as an artifact for a day. plain can be read by everyone who can read the repository
        type: choice
        options: [nothing, encrypted, plain]
`,
}

function choices(components: readonly Component[]): readonly string[] {
  return components.length === 3 ? [...components, 'all'] : components
}

function componentInput(description: string, options: readonly string[]): string {
  return `      component:
        description: ${description}
        type: choice
        options: [${options.join(', ')}]
`
}

/** Chosen by hand, or by the line of the schedule that is due; the first component is the one that is left. */
function componentDue(components: readonly Component[], crons: Readonly<Record<Component, string>>): string {
  const [first = 'database', ...others] = components
  if (others.length === 0) return first
  const due = others.map(component => `(github.event.schedule == '${crons[component]}' && '${component}')`)
  return `>-\n        \${{ inputs.component\n        || ${[...due, `'${first}'`].join('\n        || ')} }}`
}

function withFiles({ components, files, exclude, configFiles, configEnv }: Plan): string {
  return [
    ...(components.includes('files') ? [list('files', files), list('exclude', exclude)] : []),
    ...(components.includes('config') ? [list('config-files', configFiles), list('config-env', configEnv)] : []),
  ].join('')
}

function withStore({ store, s3Endpoint, s3Region, s3PathStyle }: Plan): string {
  if (store === ARTIFACTS) return ''
  return [
    `      store: ${quoted(store)}\n`,
    ...(s3Endpoint === undefined ? [] : [`      s3-endpoint: ${quoted(s3Endpoint)}\n`]),
    ...(s3Region === undefined ? [] : [`      s3-region: ${quoted(s3Region)}\n`]),
    ...(s3PathStyle ? ['      s3-path-style: true\n'] : []),
  ].join('')
}

function bucketSecrets({ store }: Plan): readonly string[] {
  return store === ARTIFACTS ? [] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
}

function secrets(names: readonly string[]): string {
  return `    secrets:\n${names.map(name => `      ${name}: ${value(`secrets.${name}`)}\n`).join('')}`
}

function list(name: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `      ${name}: |\n${values.map(line => `        ${line}\n`).join('')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function value(expression: string): string {
  return `\${{ ${expression} }}`
}
