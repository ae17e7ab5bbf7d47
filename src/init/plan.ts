/** What a repository's backups shall be: which components, when, and where to. */
import { ComebackError } from '../errors.ts'
import { COMPONENTS, type Component } from '../format/manifest.ts'

export interface Plan {
  readonly components: readonly Component[]
  /** Of the daily backup, UTC. The others come a little later. */
  readonly time: TimeOfDay
  /** `artifact:` or `s3://BUCKET/PREFIX`. */
  readonly store: string
  readonly s3Endpoint: string | undefined
  readonly s3Region: string | undefined
  readonly s3PathStyle: boolean
  readonly allowPublicArtifacts: boolean
  readonly files: readonly string[]
  readonly exclude: readonly string[]
  readonly configFiles: readonly string[]
  readonly configEnv: readonly string[]
  readonly retentionDays: number
  /** Major version of the database's server, and so of the disposable one of a proof. */
  readonly postgres: number
}

export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

export const ARTIFACTS = 'artifact:'

/** What `comeback init` writes when nothing is said; the README shows it. */
export const DEFAULT_PLAN: Plan = {
  components: ['database'],
  time: { hour: 2, minute: 17 },
  store: ARTIFACTS,
  s3Endpoint: undefined,
  s3Region: undefined,
  s3PathStyle: false,
  allowPublicArtifacts: false,
  files: [],
  exclude: [],
  configFiles: [],
  configEnv: [],
  retentionDays: 30,
  postgres: 18,
}

/** Older ones are no longer kept up to date, and the bundled pg_dump cannot read those before 9.2. */
const OLDEST_MAJOR = 10
const DAY = 24 * 60
const GAP = 20
const VERIFY_LATER = 130
const WATCH_LATER = 36

/** One line of crontab each, at odd minutes: GitHub delays, and drops, what is due on the hour. */
export function cronsOf({ hour, minute }: TimeOfDay): Readonly<Record<Component | 'verify' | 'watch', string>> {
  const at = (later: number, days: string) => {
    const due = (hour * 60 + (minute | 1) + later) % DAY
    return `${due % 60} ${Math.floor(due / 60)} ${days}`
  }
  return {
    database: at(0, '* * *'),
    files: at(GAP, '* * 0'),
    config: at(2 * GAP, '1 * *'),
    verify: at(VERIFY_LATER, '* * 1'),
    watch: `${((minute | 1) + WATCH_LATER) % 60} */6 * * *`,
  }
}

/** In their own order, each once. Throws `usage`. */
export function parseComponents(words: readonly string[]): readonly Component[] {
  const named = words.flatMap(word => word.split(/[\s,]+/)).filter(word => word !== '')
  const strange = named.find(word => word !== 'all' && !COMPONENTS.some(component => component === word))
  if (strange !== undefined || named.length === 0) {
    throw new ComebackError('usage', `There is no component ${JSON.stringify(strange ?? '')}.`, {
      hint: `The components are: ${COMPONENTS.join(', ')}; all means the three of them.`,
    })
  }
  return COMPONENTS.filter(component => named.includes('all') || named.includes(component))
}

/** `18`. Throws `usage`. */
export function parseMajor(text: string): number {
  const major = Number(/^\d{1,2}$/.exec(text.trim())?.[0])
  if (major >= OLDEST_MAJOR) return major
  throw new ComebackError('usage', `${JSON.stringify(text)} is no major version of PostgreSQL.`, {
    hint: 'Write its number alone: 17. `SHOW server_version` tells it.',
  })
}

/** `02:17`. Throws `usage`. */
export function parseTime(text: string): TimeOfDay {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? []
  if (hour === undefined || minute === undefined) {
    throw new ComebackError('usage', `${JSON.stringify(text)} is no time of day.`, {
      hint: 'Write hours and minutes, in UTC: 02:17.',
    })
  }
  return { hour: Number(hour), minute: Number(minute) }
}

/** Throws `usage` for a store that a runner could not keep backups in. */
export function parseStore(text: string): string {
  const store = text.trim()
  if (store === ARTIFACTS || /^s3:\/\/[^/\s]+/.test(store)) return store
  throw new ComebackError('usage', `Workflows cannot keep backups in ${store}.`, {
    hint: store.startsWith('file:')
      ? `A runner's disk is gone when the job ends. Use ${ARTIFACTS} or s3://BUCKET/PREFIX.`
      : `Use ${ARTIFACTS}, the artifacts of the repository that runs the workflow, or s3://BUCKET/PREFIX.`,
  })
}

/** Throws `usage` where a component lacks what it needs, or a value could not stand in a workflow. */
export function checkPlan(plan: Plan): Plan {
  const { components, files, configFiles, configEnv } = plan
  if (components.includes('files') && files.length === 0) throw lacking('files', '--files')
  if (components.includes('config') && configFiles.length === 0 && configEnv.length === 0) {
    throw lacking('config', '--config-files or --config-env')
  }
  const values = [plan.store, plan.s3Endpoint ?? '', plan.s3Region ?? '', files, plan.exclude, configFiles, configEnv]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break would end the value and begin something else
  const strange = values.flat().find(value => /[\u0000-\u001f\u007f]|\$\{\{|^\s|\s$/.test(value))
  if (strange === undefined) return plan
  throw new ComebackError('usage', `${JSON.stringify(strange)} cannot stand in a workflow.`, {
    hint: 'Leave out line breaks, blanks at both ends, and ${{.',
  })
}

function lacking(component: Component, option: string): ComebackError {
  return new ComebackError('usage', `The component ${component} needs ${option}.`, {
    hint: `Say what it consists of, or leave it out: --components database.`,
  })
}
