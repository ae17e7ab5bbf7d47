/** The results service's calls: `POST /twirp/github.actions.results.api.v1.{Service}/{Method}`, JSON both ways. */

import type { Blobs } from './blobs.ts'
import type { Records, Run } from './records.ts'
import type { Settings } from './settings.ts'
import type { Grant } from './signed-url.ts'

/** What the services work with. */
export interface Backend {
  readonly settings: Settings
  readonly records: Records
  readonly blobs: Blobs
  /** A URL that lives so many seconds. */
  readonly sign: (grant: Omit<Grant, 'until'>, seconds: number) => string
}

/** Fields as the clients send them: snake_case, wrapper types as bare values, 64-bit numbers as text. Unknown ones are ignored. */
export type TwirpBody = Readonly<Record<string, unknown>>
export type TwirpMethod = (body: TwirpBody, run: Run) => object | Promise<object>
export type TwirpService = Readonly<Record<string, TwirpMethod>>

export const TWIRP_PATH = /^\/twirp\/github\.actions\.results\.api\.v1\.(\w+)\/(\w+)$/

/** A field that must be there; one that JSON leaves out for being empty reads ''. */
export function stringOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

/** An empty 64-bit number is left out on the wire. */
export function numberOf(value: unknown): number {
  return Number(value ?? 0)
}
