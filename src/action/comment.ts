/**
 * One comment of a pull request, kept up to date. It is known again by a hidden marker at its beginning and by its author: anybody
 * can write a marker, and would keep the right to change what stands below it. Runs side by side may each write one, as GitHub
 * has no way to write only if there is none; so each looks again, and all keep the oldest.
 */
import * as v from 'valibot'
import { allOf, type GitHubApi, statusOf } from './github-api.ts'

const PER_PAGE = 100
const MARKER = /^\s*<!-- comeback:verify (\S+) run (\d+)\.(\d+) -->/

const COMMENT = v.object({
  id: v.number(),
  body: v.nullish(v.string()),
  user: v.nullish(v.object({ login: v.string(), type: v.optional(v.string()) })),
})
const PULLS = v.array(v.object({ number: v.number(), head: v.object({ sha: v.string() }) }))

export interface Comment {
  /** Of the pull request. */
  readonly pull: number
  /** Keeps the comments of several workflows apart. */
  readonly name: string
  readonly run: { readonly id: string; readonly attempt: string }
  readonly markdown: string
}

export type Commented = 'written' | 'updated' | 'newer'

interface Found {
  readonly id: number
  readonly run: number
  readonly attempt: number
}

/** May be repeated after any failure. `newer`: a later run has written already. */
export async function putComment(api: GitHubApi, comment: Comment): Promise<Commented> {
  const { pull, run } = comment
  const body = `${markerOf(comment)}\n${comment.markdown}`
  const before = await ours(api, comment)
  if (before.length === 0) {
    await api.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { issue_number: pull, body })
    const [oldest, ...younger] = await ours(api, comment)
    if (oldest !== undefined && younger.length > 0) await settle(api, oldest, younger, body, comment)
    return 'written'
  }
  const [oldest, ...younger] = before
  if (before.some(other => isLater(other, run))) return 'newer'
  if (oldest !== undefined) await settle(api, oldest, younger, body, comment)
  return 'updated'
}

/** The number of the open pull request whose last commit that is. */
export async function pullBehind(
  api: GitHubApi,
  { head, sha }: { readonly head: string; readonly sha: string },
): Promise<number | undefined> {
  const { data } = await api.ask('GET /repos/{owner}/{repo}/pulls', { state: 'open', head, per_page: PER_PAGE })
  return v.parse(PULLS, data).find(pull => pull.head.sha === sha)?.number
}

/** The oldest one gets the text, the others go. */
async function settle(
  api: GitHubApi,
  oldest: Found,
  younger: readonly Found[],
  body: string,
  { run }: Comment,
): Promise<void> {
  // A later run that wrote at the same time looks again, too, and settles it.
  if (younger.some(other => isLater(other, run))) return
  const route = '/repos/{owner}/{repo}/issues/comments/{comment_id}'
  if (!isLater(oldest, run)) await api.ask(`PATCH ${route}`, { comment_id: oldest.id, body })
  for (const { id } of younger) {
    await api.ask(`DELETE ${route}`, { comment_id: id }).catch((error: unknown) => {
      // The other run was faster.
      if (statusOf(error) !== 404) throw error
    })
  }
}

/** Those of this name, the oldest first. */
async function ours(api: GitHubApi, { pull, name }: Comment): Promise<readonly Found[]> {
  const me = await api.whoAmI()
  const found: Found[] = []
  const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments'
  for await (const item of allOf(api, route, { issue_number: pull })) {
    const { id, body, user } = v.parse(COMMENT, item)
    const [, itsName, run, attempt] = MARKER.exec(body ?? '') ?? []
    if (itsName === encoded(name) && isMine(user, me)) found.push({ id, run: Number(run), attempt: Number(attempt) })
  }
  return found.sort((a, b) => a.id - b.id)
}

/** Where GitHub does not tell whose token it is: a bot's, as no person can write as one. */
function isMine(
  user: { login: string; type?: string | undefined } | null | undefined,
  me: string | undefined,
): boolean {
  if (user === null || user === undefined) return false
  const plain = (login: string) => login.replace(/\[bot\]$/, '')
  return me === undefined ? user.type === 'Bot' : plain(user.login) === plain(me)
}

function isLater(other: Found, { id, attempt }: Comment['run']): boolean {
  return other.run > Number(id) || (other.run === Number(id) && other.attempt > Number(attempt))
}

function markerOf({ name, run }: Comment): string {
  return `<!-- comeback:verify ${encoded(name)} run ${run.id}.${run.attempt} -->`
}

/** Without blanks, and without what could end the marker. */
function encoded(name: string): string {
  return encodeURIComponent(name).replaceAll('--', '-%2D')
}
