/** What must never show, as far as the edges know it. */
import { readFileSync, statSync } from 'node:fs'
import { kebab, OPTION_NAMES, OPTIONS, variablesOf } from '../options.ts'
import { secretsOfUrl } from '../report/scrub.ts'
import type { Environment } from './environment.ts'

const SECRET_VARIABLES = [
  'COMEBACK_KEY',
  'PGPASSWORD',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  ...variables('value'),
]
const URL_VARIABLES = variables('url')
/** Bytes. A key is far shorter; a larger file is something else. */
const LARGEST_KEY_FILE = 4_096

/** Those of the environment, and any URL among the arguments, whether or not it stands where it belongs. */
export function secretsGiven(argv: readonly string[], environment: Environment): readonly string[] {
  const read = (name: string) => environment[name] ?? ''
  const words = argv.map(argument => argument.replace(/^--?[\w-]+=/, ''))
  const flagged = words.filter((_, at) => isSecretFlag(argv[at] ?? '') || isSecretFlag(`${argv[at - 1]}=`))
  const urls = [...URL_VARIABLES.map(read), ...words]
  return [...SECRET_VARIABLES.map(read), ...flagged, ...urls.flatMap(url => secretsOfUrl(url.trim()))].filter(
    text => text !== '',
  )
}

/** `--github-token=…`. */
function isSecretFlag(argument: string): boolean {
  return OPTION_NAMES.some(name => OPTIONS[name].secret === 'value' && argument.startsWith(`--${kebab(name)}=`))
}

function variables(kind: 'url' | 'value'): readonly string[] {
  return OPTION_NAMES.filter(name => OPTIONS[name].secret === kind).flatMap(variablesOf)
}

/** The key in the key file, if there is one that can be read. */
export function keyInFile(path: string): string | undefined {
  try {
    return statSync(path).size <= LARGEST_KEY_FILE ? readFileSync(path, 'utf8').trim() : undefined
  } catch {
    // No key file, nothing to hide; whoever needs the key reports why it can't be read.
    return undefined
  }
}
