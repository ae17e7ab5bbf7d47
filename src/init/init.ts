/** Writes the workflows into a repository, so that its backups begin, and says what is left to do. */
import { ComebackError } from '../errors.ts'
import { repositoryAround } from '../git-ignore.ts'
import type { JobContext } from '../job-context.ts'
import type { Options } from '../options.ts'
import type { InitReport, Secret } from '../report/init-report.ts'
import type { Plan } from './plan.ts'
import { planFor } from './questions.ts'
import { recoverySheet } from './recovery-sheet.ts'
import { planFiles, planGitignore, repositoryOf, writePlanned } from './repository-files.ts'
import { secretsOf, workflowFiles } from './workflow-files.ts'

export interface KeyAtHand {
  readonly id: string
  /** False if it came from the environment. */
  readonly inFile: boolean
  readonly made: boolean
}

/** Finds the key, or makes it; undefined in CI, where none is made. */
export type FindKey = () => Promise<KeyAtHand | undefined>

/** No workflow is written where any of them stands in the way: `already-exists` without `overwrite`. */
export async function init(options: Options, context: JobContext, findKey: FindKey): Promise<InitReport> {
  const { cwd, github } = context
  const { overwrite, keyFile } = options
  await refuseBelow(cwd)
  const plan = await planFor(options, context)
  const workflows = await planFiles(cwd, workflowFiles(plan), overwrite)
  const gitignore = await planGitignore(cwd, keyFile)
  // Before there is a key that could be committed.
  await writePlanned(cwd, gitignore)

  const key = await findKey()
  const repository = github.repository ?? (await repositoryOf(cwd))
  const sheet = recoverySheet(plan, { repository, keyId: key?.id })
  const { recoverySheet: sheetFile } = options
  const wanted = sheetFile === undefined ? [] : [{ path: sheetFile, text: sheet }]
  const sheets = await planFiles(cwd, wanted, overwrite)
  for (const file of [...workflows, ...sheets]) await writePlanned(cwd, file)
  return {
    command: 'init',
    files: [...workflows, gitignore, ...sheets].map(({ path, change }) => ({
      path,
      change,
    })),
    ignored: gitignore.added,
    ...(key === undefined ? {} : { key: { id: key.id, made: key.made, ...(key.inFile ? { file: keyFile } : {}) } }),
    secrets: secretsOf(plan).map(name => secretNamed(name, plan, keyFile, key)),
    sheet,
    ...(sheetFile === undefined ? {} : { sheetFile }),
  }
}

/** GitHub looks for workflows in the repository's own folder alone, and runs them there. */
async function refuseBelow(cwd: string): Promise<void> {
  const root = await repositoryAround(cwd)
  if (root === undefined || root === cwd) return
  throw new ComebackError('usage', `This folder belongs to the repository in ${root}: GitHub sees no workflow here.`, {
    hint: `Run comeback init in ${root}, and name files and folders from there.`,
  })
}

/** With the command that sets it; the value itself stands in none. */
function secretNamed(name: string, plan: Plan, keyFile: string, key: KeyAtHand | undefined): Secret {
  const asked = `gh secret set ${name}`
  switch (name) {
    case 'COMEBACK_KEY': {
      const command = key?.inFile === false ? `printenv COMEBACK_KEY | ${asked}` : `${asked} < ${shellWord(keyFile)}`
      return { name, command: key === undefined ? `comeback key new && ${command}` : command, what: 'the key' }
    }
    case 'DATABASE_URL':
      return { name, command: asked, what: 'the URL of the database, directly or through a session pooler' }
    case 'CONFIG_ENV':
      return { name, command: `${asked} < .env`, what: `lines NAME=value, for ${plan.configEnv.join(', ')}` }
    default:
      return { name, command: asked, what: 'of a user who may list, read, write and delete in the bucket' }
  }
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
