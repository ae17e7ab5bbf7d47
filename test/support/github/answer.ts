/** What the parts of api.github.com that serve people's things have in common: answers, pages, bodies, rights, refusals. */
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { pageOf } from './pages.ts'
import { Refusal } from './refusal.ts'
import type { RestServer } from './rest.ts'
import type { Right } from './settings.ts'

/** Characters of the body of an issue or a comment. */
const TEXT_LIMIT = 65_536

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Body = Readonly<Record<string, unknown>>

/** A run of a fork's pull request may read all and write nothing. */
export function allow({ backend: { settings } }: RestServer, right: Right): void {
  if (!settings.mayWrite.includes(right)) throw new Refusal(403, '', 'Resource not accessible by integration')
}

export function paged<Item>(server: RestServer, url: URL, all: readonly Item[], shown: (item: Item) => object): Answer {
  const { items, headers } = pageOf(server.origin, url, all)
  return { status: 200, body: items.map(shown), headers }
}

export async function bodyOf(request: IncomingMessage): Promise<Body> {
  return (await json(request)) as Body
}

export function textOf(body: Body, field: string): string {
  const text = body[field]
  if (typeof text !== 'string' || text.trim() === '') throw invalid(`${field} can't be blank`)
  if (text.length > TEXT_LIMIT) throw invalid(`${field} is too long (maximum is ${TEXT_LIMIT} characters)`)
  return text
}

export function userOf(login: string) {
  return { login, type: login.endsWith('[bot]') ? 'Bot' : 'User' }
}

export function invalid(message: string): Refusal {
  return new Refusal(422, '', `Validation Failed: ${message}`)
}

export function notFound(): Refusal {
  return new Refusal(404, '', 'Not Found')
}
