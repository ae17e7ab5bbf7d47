/** Recovery by openssl, gunzip, psql and tar alone, as the manifest, the README and the others tell it: the very text is run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { KEY_PLACE } from '../../src/format/stock-recipe.ts'
import { TEST_KEY } from './cli.ts'

export interface StockTools {
  readonly psql?: string
  /** Otherwise psql goes on. */
  readonly stopOnError?: boolean
  readonly key?: string
  readonly shell?: 'bash' | 'zsh'
  readonly env?: Readonly<Record<string, string>>
}

export interface Ran {
  readonly code: number | null
  readonly said: string
}

/** Runs the text in the folder, with the key outside of it. */
export async function runRecipe(text: string, cwd: string, tools: StockTools = {}): Promise<Ran> {
  const { psql, key = TEST_KEY, shell = 'bash', env = {} } = tools
  const place = mkdtempSync(join(tmpdir(), 'comeback-recipe-'))
  try {
    const keyFile = join(place, 'key')
    writeFileSync(keyFile, `${key}\n`)
    if (psql !== undefined) symlinkSync(psql, join(place, 'psql'))
    const gh = `#!/bin/sh\nexec ${process.execPath} ${join(import.meta.dirname, 'gh.ts')} "$@"\n`
    writeFileSync(join(place, 'gh'), gh, { mode: 0o755 })
    const child = spawn(shell, ['-c', text.replaceAll(KEY_PLACE, keyFile)], {
      cwd,
      env: { ...process.env, ...env, PATH: `${place}:${env.PATH ?? process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = Promise.all([readText(child.stdout), readText(child.stderr), once(child, 'close')])
    const [stdout, stderr, [code]] = await ended
    return { code, said: stdout + stderr }
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** `folder` holds the files of one backup. Throws with what was said. */
export async function applyStockRecipe(folder: string, url = '', tools: StockTools = {}): Promise<void> {
  const { decrypt } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { readonly decrypt: string }
  const text = tools.stopOnError === false ? decrypt.replace('ON_ERROR_STOP=1', 'ON_ERROR_STOP=0') : decrypt
  const { code, said } = await runRecipe(text, folder, { ...tools, env: { ...tools.env, DATABASE_URL: url } })
  if (code !== 0) throw new Error(`The recipe ended with ${code}:\n${said}`)
}
