/** Recovery by openssl, gunzip and psql alone, as the manifest tells it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TEST_KEY } from './cli.ts'

export interface StockTools {
  readonly psql?: string
  /** Otherwise psql goes on, as it does by itself. */
  readonly stopOnError?: boolean
}

/** `folder` holds the files of one backup. Throws with what psql said. */
export function applyStockRecipe(folder: string, url: string, { psql = 'psql', stopOnError = true }: StockTools = {}) {
  writeFileSync(join(folder, '.backup_key'), `${TEST_KEY}\n`)
  const script = `for f in [0-9]*.sql.gz.enc; do
    openssl enc -d -aes-256-cbc -pbkdf2 -iter 600000 -md sha256 -pass file:.backup_key -in "$f" | gunzip || exit 1
  done | ${psql} -q -X -v ON_ERROR_STOP=${stopOnError ? 1 : 0} "$DATABASE_URL"`
  execFileSync('bash', ['-o', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
