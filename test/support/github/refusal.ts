/** An answer that is not the one hoped for. Each of the services has its own way to write it. */
import type { ServerResponse } from 'node:http'

export class Refusal extends Error {
  readonly status: number
  /** Twirp's or Azure's own code. */
  readonly code: string

  constructor(status: number, code: string, message: string = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
