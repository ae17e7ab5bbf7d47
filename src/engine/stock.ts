/** How a person without Comeback gets a backup back. */
import type { CodecName } from '../format/compression.ts'
import type { Component } from '../format/manifest.ts'
import { FORMS } from '../repository/layout.ts'

const DECOMPRESS: Readonly<Record<CodecName, string>> = { gzip: 'gunzip', zstd: 'zstd -dc' }
const APPLY = { sql: 'psql -v ON_ERROR_STOP=1 "$DATABASE_URL"', tar: 'tar -x' } as const
const EXTENSIONS: Readonly<Record<CodecName, string>> = { gzip: 'gz', zstd: 'zst' }

/** One line of shell, to be run in the backup's folder with the key in `.backup_key`. */
export function stockCommand(component: Component, codec: CodecName, iterations: number): string {
  const form = FORMS[component]
  const decrypt = `openssl enc -d -aes-256-cbc -pbkdf2 -iter ${iterations} -md sha256 -pass file:.backup_key -in "$f"`
  return `for f in [0-9]*.${form}.${EXTENSIONS[codec]}.enc; do ${decrypt} | ${DECOMPRESS[codec]}; done | ${APPLY[form]}`
}
