/**
 * A release: a commit on top of what is released, in which the workflows that others call name the action by its commit, and the tag
 * on it. Whoever calls a workflow by that commit, or locks it, thereby pins all that it runs. On the main branch they name the major
 * tag, since no commit can name its own hash.
 *
 *     node scripts/pin-release.ts           makes commit and tag, and says how to push the tag
 *     node scripts/pin-release.ts --check   whether the commit at hand is such a one, and nothing more
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '../src/version.ts'

const FOLDER = '.github/workflows'
/** Lines of steps alone: a workflow that is called is named by who calls it. */
const OURS = /^(\s*(?:- )?uses: comeback-backup\/comeback)@v\d+$/gm
const HASH = /^[0-9a-f]{40}$/

/** The text of a workflow in which the action goes by a commit, with its version beside it. */
export function pinned(text: string, commit: string, version: string): string {
  return text.replace(OURS, (_, name: string) => `${name}@${commit} # v${version}`)
}

/** What keeps the commit at hand in `root` from being a release, in words. */
export function releaseProblems(root: string, version: string): readonly string[] {
  const git = gitIn(root)
  const before = git('rev-parse', 'HEAD^')
  const changed = git('diff', '--name-only', 'HEAD^', 'HEAD')
    .split('\n')
    .filter(path => path !== '')
  const others = changed.filter(path => !path.startsWith(`${FOLDER}/`))
  const texts = workflowsIn(root).map(file => {
    const path = `${FOLDER}/${file}`
    const wanted = pinned(git('show', `HEAD^:${path}`), before, version)
    return { path, isPinned: readFileSync(join(root, path), 'utf8').trim() === wanted.trim() }
  })
  return [
    ...others.map(path => `${path} is another than in the commit that the workflows name.`),
    ...texts
      .filter(({ isPinned }) => !isPinned)
      .map(({ path }) => `${path} does not name the action by ${before.slice(0, 7)}.`),
  ]
}

/** Returns the tag. Throws where something is not committed. */
export function makeRelease(root: string, version: string): string {
  const git = gitIn(root)
  if (git('status', '--porcelain') !== '') throw new Error('Something is not committed.')
  const tag = `v${version}`
  const commit = git('rev-parse', 'HEAD')
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD')
  git('checkout', '--quiet', '--detach')
  try {
    for (const file of workflowsIn(root)) {
      const path = join(root, FOLDER, file)
      writeFileSync(path, pinned(readFileSync(path, 'utf8'), commit, version))
    }
    git('commit', '--quiet', '--all', '--message', `${tag}: the workflows name the action by its commit`)
    git('tag', tag)
  } finally {
    git('checkout', '--quiet', '--force', HASH.test(branch) || branch === 'HEAD' ? commit : branch)
  }
  return tag
}

function workflowsIn(root: string): readonly string[] {
  return readdirSync(join(root, FOLDER)).filter(file => file.endsWith('.yml'))
}

function gitIn(root: string): (...args: string[]) => string {
  return (...args) =>
    execFileSync('git', ['-c', `safe.directory=${root}`, ...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  if (process.argv.includes('--check')) {
    const problems = releaseProblems(root, VERSION)
    for (const problem of problems) process.stdout.write(`::error::${problem}\n`)
    process.exitCode = problems.length === 0 ? 0 : 1
  } else process.stdout.write(`${makeRelease(root, VERSION)} is tagged: git push origin ${`v${VERSION}`}\n`)
}
