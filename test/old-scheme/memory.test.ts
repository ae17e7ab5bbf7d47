/** A table of 200 MB passes through in bounded memory. Measured in a process of its own, whose peak nothing else has a part in. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MiB } from '../../src/format/sizes.ts'
import { needTools } from '../support/stock-tool.ts'
import { OLD_KEY, oldPlace } from './old-files.ts'

const ROWS = 4_000_000
/** Bytes that reading may take beyond what the process had at its beginning; the rows are 200 MB. */
const LIMIT = 100 * MiB

const SRC = join(import.meta.dirname, '../../src')

/** Prints the bytes read, and the growth of the process in bytes. */
const READER = `
  const { checkSource } = await import('${SRC}/engine/import.ts')
  const { createScriptSource } = await import('${SRC}/postgres/script.ts')
  const { pbkdf2Derivation } = await import('${SRC}/old-scheme/key-derivation.ts')
  const { readOldFile } = await import('${SRC}/old-scheme/read-old.ts')
  const [path, key] = process.argv.slice(1)
  const search = { name: 'old', path, passphrases: [key], derivations: [pbkdf2Derivation(10000)], others: [] }
  let bytes = 0
  async function* counted(signal) {
    for await (const piece of readOldFile(search, signal)) { bytes += piece.length; yield piece }
  }
  const before = process.memoryUsage.rss()
  await checkSource(createScriptSource({ identity: '', open: counted }), new AbortController().signal)
  console.log(JSON.stringify({ bytes, growth: process.resourceUsage().maxRSS * 1024 - before }))`

const WRITER = `
  { printf '%s\\n' '-- PostgreSQL database dump' '-- Dumped from database version 14.1' '' \\
      '-- Name: t; Type: TABLE; Schema: public; Owner: o' 'CREATE TABLE public.t (' '    i integer' ');' '--' \\
      '-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: o' 'COPY public.t (i) FROM stdin;'
    awk 'BEGIN { for (i = 0; i < ${ROWS}; i++) print i "\\t" i * 7919 % 100003 "\\tsome more text in the row of a table" }'
    printf '%s\\n' '\\.' '' '-- PostgreSQL database dump complete'
  } | gzip -1 | openssl enc -aes-256-cbc -salt -pbkdf2 -pass "pass:$1" -out "$0"`

test('200 MB of rows are read in bounded memory', context => {
  needTools(context, 'openssl', 'gzip', 'awk')
  using place = oldPlace()
  const path = join(place.folder, 'big.sql.gz.enc')
  execFileSync('bash', ['-o', 'pipefail', '-c', WRITER, path, OLD_KEY])
  const args = ['--input-type=module', '--max-old-space-size=64', '-e', READER, path, OLD_KEY]
  const { bytes, growth } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  expect(bytes).toBeGreaterThan(200_000_000)
  expect(growth).toBeLessThan(LIMIT)
})
