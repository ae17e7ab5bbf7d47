/**
 * A stand-in for Docker's client that does what the real one does as far as it is asked: lists and pulls images, and runs their
 * pg_dump, which is a program of this machine, with the variables, files and arguments that it was given and nothing else.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface DockerStandIn {
  /** Every call's arguments so far. */
  calls(): Promise<readonly (readonly string[])[]>
}

/** `here` and `toPull`: programs by tag of `postgres`. Lies in the folder as `docker`. */
export async function standInForDocker(
  folder: string,
  images: { readonly here?: Readonly<Record<string, string>>; readonly toPull?: Readonly<Record<string, string>> },
): Promise<DockerStandIn> {
  const log = join(folder, 'calls')
  const state = join(folder, 'images.json')
  await writeFile(log, '')
  await writeFile(state, JSON.stringify(images.here ?? {}))
  const path = join(folder, 'docker')
  await writeFile(
    path,
    SCRIPT.replace('NODE', process.execPath).replace(
      'OPTIONS',
      JSON.stringify({ log, state, toPull: images.toPull ?? {} }),
    ),
  )
  await chmod(path, 0o755)
  return {
    async calls() {
      const lines = (await readFile(log, 'utf8')).split('\n').filter(line => line !== '')
      return lines.map(line => JSON.parse(line))
    },
  }
}

const SCRIPT = `#!NODE
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const { log, state, toPull } = OPTIONS
const args = process.argv.slice(2)
appendFileSync(log, JSON.stringify(args) + '\\n')
const images = JSON.parse(readFileSync(state, 'utf8'))
const fail = (code, text) => { process.stderr.write(text + '\\n'); process.exit(code) }
const tagOf = image => image.replace(/^postgres:/, '')
if (args[0] === 'image') process.stdout.write(Object.keys(images).map(tag => tag + '\\n').join(''))
else if (args[0] === 'pull') {
  const tag = tagOf(args.at(-1))
  if (toPull[tag] === undefined) fail(1, 'manifest unknown')
  writeFileSync(state, JSON.stringify({ ...images, [tag]: toPull[tag] }))
} else {
  const env = {}
  const mounted = []
  let at = 1
  let entrypoint
  for (; args[at].startsWith('--'); at++) {
    const name = args[at]
    if (name === '--rm' || name === '--init') continue
    const value = args[++at]
    if (name === '--env') env[value] = process.env[value]
    if (name === '--volume') mounted.push(value.split(':')[1])
    if (name === '--entrypoint') entrypoint = value
  }
  const program = images[tagOf(args[at])]
  if (program === undefined || entrypoint !== 'pg_dump') fail(125, 'no such image')
  const unseen = ['PGPASSFILE', 'PGSERVICEFILE'].map(name => env[name]).filter(file => file && !mounted.some(path => file.startsWith(path)))
  if (unseen.length > 0) fail(125, 'not mounted: ' + unseen)
  const { status } = spawnSync(program, args.slice(at + 1), { env, stdio: 'inherit' })
  process.exit(status ?? 1)
}
`
