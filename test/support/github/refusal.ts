/** An answer that is not the one hoped for. Each of the services has its own way to write it. */
import type { ServerResponse } from 'node:http'

export class Refusal extends Error {
  readonly status: number
  /** Twirp's or Azure's own code. */
  readonly code: string
  /** They go before those that the service would send. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string = code, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.headers = headers
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
