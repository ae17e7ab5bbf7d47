/** From options to a plan: what no option says is asked where somebody can answer, and has a default elsewhere. */
import { hasCode } from '../errors.ts'
import type { JobContext } from '../job-context.ts'
import type { Options } from '../options.ts'
import {
  ARTIFACTS,
  checkPlan,
  DEFAULT_PLAN,
  type Plan,
  parseComponents,
  parseMajor,
  parseStore,
  parseTime,
} from './plan.ts'

/** How often somebody may mistype before it is taken for a script that answers by itself. */
const ATTEMPTS = 5
/** The option's default, for the other verbs: a folder, which a runner cannot keep. So it counts as not given. */
const STANDARD_STORE = 'file:./backups'

/** Throws `usage`. */
export async function planFor(
  options: Options,
  { ask, progress }: Pick<JobContext, 'ask' | 'progress'>,
): Promise<Plan> {
  /** An empty answer means the default. */
  const answer = async <Value>(question: string, standard: string, parse: (text: string) => Value): Promise<Value> => {
    for (let attempt = 1; ; attempt++) {
      const text = (await ask?.(`${question}${standard === '' ? '' : ` [${standard}]`}: `)) ?? ''
      try {
        return parse(text.trim() === '' ? standard : text)
      } catch (error) {
        if (ask === undefined || attempt === ATTEMPTS || !hasCode(error, 'usage')) throw error
        progress({ type: 'notice', message: `${error.message} ${error.hint ?? ''}` })
      }
    }
  }
  const words = (question: string, given: readonly string[]) =>
    given.length > 0 || ask === undefined ? given : answer(question, '', text => text.split(/\s+/).filter(Boolean))

  const components =
    options.components.length > 0
      ? parseComponents(options.components)
      : await answer('What to back up: database, files, config or all', impliedBy(options).join(' '), text =>
          parseComponents([text]),
        )
  const has = (component: Plan['components'][number]) => components.includes(component)
  const files = has('files') ? await words('Folders or globs of the files, with blanks between', options.files) : []
  const configFiles = has('config')
    ? await words('Files or globs of the configuration, with blanks between', options.configFiles)
    : []
  const storeGiven = options.store !== STANDARD_STORE
  const store = storeGiven
    ? parseStore(options.store)
    : await answer('Where to: artifact: or s3://BUCKET/PREFIX', ARTIFACTS, parseStore)
  const time = options.time
    ? parseTime(options.time)
    : await answer('When, in UTC', clock(DEFAULT_PLAN.time), parseTime)
  const standardMajor = String(DEFAULT_PLAN.postgres)
  const postgres =
    options.postgres ??
    (has('database')
      ? await answer('Major version of the PostgreSQL, for the proofs', standardMajor, parseMajor)
      : DEFAULT_PLAN.postgres)
  return checkPlan({
    components,
    time,
    store,
    s3Endpoint: options.s3Endpoint,
    s3Region: options.s3Region,
    s3PathStyle: options.s3PathStyle,
    allowPublicArtifacts: options.allowPublicArtifacts,
    files,
    exclude: has('files') ? options.exclude : [],
    configFiles,
    configEnv: has('config') ? options.configEnv : [],
    retentionDays: options.retentionDays,
    postgres,
  })
}

/** Who says what the files are wants them backed up. */
function impliedBy({ files, configFiles, configEnv }: Options): Plan['components'] {
  return [
    'database',
    ...(files.length > 0 ? (['files'] as const) : []),
    ...(configFiles.length + configEnv.length > 0 ? (['config'] as const) : []),
  ]
}

export function clock({ hour, minute }: Plan['time']): string {
  return [hour, minute].map(part => String(part).padStart(2, '0')).join(':')
}
