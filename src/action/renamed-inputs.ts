/** Names of inputs that other backup actions have, or that a person would guess, and what they are called here. */

const RENAMED: Readonly<Record<string, readonly string[]>> = {
  command: ['action', 'operation', 'verb', 'task'],
  component: ['components', 'type', 'backup-type', 'what'],
  at: ['date', 'backup-date', 'time', 'timestamp', 'id', 'backup-id', 'version', 'point-in-time'],
  key: ['encryption-key', 'backup-key', 'passphrase', 'encryption-password'],
  store: ['s3-bucket', 'bucket', 'aws-s3-bucket', 's3-path', 's3-prefix', 'storage', 'backend', 'destination'],
  's3-region': ['aws-region', 'region'],
  's3-endpoint': ['endpoint', 'endpoint-url', 'aws-endpoint', 'aws-endpoint-url', 's3-url'],
  'github-token': ['token', 'repo-token', 'gh-token'],
  'database-url': ['db-url', 'connection-string', 'connection-url', 'postgres-url', 'postgresql-url', 'pg-url', 'dsn'],
  'target-url': ['target', 'target-database', 'target-database-url', 'restore-url'],
  'retention-days': ['retention', 'keep-days', 'retain-days'],
  files: ['path', 'paths', 'directories', 'folders'],
  exclude: ['excludes', 'ignore'],
  'config-files': ['config', 'config-paths'],
  into: ['output', 'output-dir', 'directory', 'target-dir', 'target-folder', 'restore-path'],
  lanes: ['jobs', 'parallel', 'parallelism', 'connections'],
  codec: ['compression', 'compress'],
  level: ['compression-level'],
}

export const MIGRATE_ELSEWHERE =
  'Code of others would run beside the key: call the workflow verify.yml, or leave the database with gate-into, and run `comeback verify --gate-from` in a step of its own.'

/** What is no input of ours, and what to do instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  json: 'The output report names a file that holds the result as JSON.',
  quiet: 'The log of a step is folded by itself.',
  migrate: MIGRATE_ELSEWHERE,
  'gate-from': MIGRATE_ELSEWHERE,
  'aws-access-key-id': 'Credentials come from the environment: use aws-actions/configure-aws-credentials, or env.',
  'aws-secret-access-key': 'Credentials come from the environment: use aws-actions/configure-aws-credentials, or env.',
  password: 'The key of the backups is the input key. The password of a database is part of database-url.',
  host: 'The whole address is one input: database-url.',
  port: 'The whole address is one input: database-url.',
  user: 'The whole address is one input: database-url.',
  username: 'The whole address is one input: database-url.',
  database: 'The whole address is one input: database-url. What to back up is called component.',
}

const NAMES = new Map(Object.entries(RENAMED).flatMap(([ours, theirs]) => theirs.map(name => [name, ours])))

/** The input that somebody means who writes `name`, if it is one of those names. */
export function renamedInput(name: string): string | undefined {
  return NAMES.get(dashed(name))
}

/** What to do about an input that there is not. */
export function adviceOnInput(name: string): string | undefined {
  const ours = renamedInput(name)
  return ours === undefined ? ELSEWHERE[dashed(name)] : `It is called ${ours} here.`
}

function dashed(name: string): string {
  return name.replaceAll('_', '-')
}
