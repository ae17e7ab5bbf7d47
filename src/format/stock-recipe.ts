/**
 * How a person without Comeback gets a backup back, with nothing that its store or its server says becoming a command:
 *
 * - Only files that the manifest names, by names that a pack can have, are opened, and only if all have the SHA-256 that it says.
 * - The key lies elsewhere, so that no file of the store can take its place.
 * - psql is restricted, by a key made on the spot, before it sees a byte: a backslash in the script ends it and runs nothing. One
 *   from before August 2025 does not know the word, and stops at once.
 * - A step that fails ends all that come after it.
 *
 * For bash and zsh, and for the sed, xargs and tar of Linux, macOS and Busybox.
 */
import type { CodecName } from './compression.ts'
import type { Component } from './manifest.ts'

/** To be replaced by where the key is. */
export const KEY_PLACE = '/safe/place/.backup_key'

const DECOMPRESS: Readonly<Record<CodecName, string>> = { gzip: 'gunzip', zstd: 'zstd -dc' }

export interface StockFiles {
  readonly component: Component
  readonly codec: CodecName
  readonly iterations: number
}

/** Shell, in several lines, to be run in a folder that holds the files of one full backup. */
export function stockRecipe({ component, codec, iterations }: StockFiles): string {
  const list = [
    `( set -euo pipefail; key=${KEY_PLACE}`,
    String.raw`packs=$(tr -d ' \n' < manifest.json | tr '{' '\n' |`,
    String.raw`  sed -nE 's/^"name":"(${packPattern(component)})","size":[0-9]+,"sha256":"([0-9a-f]{64})".*/\2 *\1/p')`,
    String.raw`files=$(printf '%s\n' "$packs" | cut -d '*' -f 2)`,
    String.raw`test -n "$packs" && test "$(printf '%s\n' "$files" | xargs openssl dgst -sha256 -r)" = "$packs" || { echo 'Not what the manifest says.'; exit 1; }`,
  ]
  const decrypt = [
    String.raw`printf '%s\n' "$files" | while read -r f; do`,
    `  openssl enc -d -aes-256-cbc -pbkdf2 -iter ${iterations} -md sha256 -pass "file:$key" -in "$f" | ${DECOMPRESS[codec]}`,
  ].join('\n')
  if (component !== 'database') {
    return [...list, 'mkdir restored', decrypt, 'done | tar -xf - -C restored )'].join('\n')
  }
  return [
    ...list,
    String.raw`{ printf '\\restrict %s\n' "$(openssl rand -hex 16)"; ` + decrypt,
    'done; } | psql --no-psqlrc -v ON_ERROR_STOP=1 "$DATABASE_URL" )',
  ].join('\n')
}

/** The name of a pack, as an extended regular expression. */
export function packPattern(component: Component): string {
  return String.raw`[0-9]{2}-[a-z]+-[0-9]+\.${formOf(component)}\.[a-z]+\.enc`
}

/** The same, as a shell has it. */
export function packGlob(component: Component): string {
  return `[0-9][0-9]-*.${formOf(component)}.*.enc`
}

function formOf(component: Component): string {
  return component === 'database' ? 'sql' : 'tar'
}
