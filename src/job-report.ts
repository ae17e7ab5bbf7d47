/** The report as a page: what the store lists, drawn and written. A part of the composition root, as it knows the options. */
import { list } from './engine/list.ts'
import { historyOf } from './engine/report-history.ts'
import { ComebackError } from './errors.ts'
import type { Component } from './format/manifest.ts'
import type { JobContext } from './job-context.ts'
import { flag, type Options } from './options.ts'
import type { HistoryReport } from './report/history-report.ts'
import { htmlPage } from './report/html-page.ts'
import { scrubbed, scrubber } from './report/scrub.ts'
import type { Keyring } from './repository/keyring.ts'
import { writePage } from './run/html-file.ts'
import type { Store } from './store/store.ts'

interface Reading {
  readonly store: Store
  readonly components: readonly Component[]
  readonly keyring: Keyring | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** Throws `usage` without `html`, what keeps the store from being listed and the page from being written. */
export async function writeReport(
  { store, components, keyring, now, signal }: Reading,
  options: Options,
  { key, cwd }: JobContext,
): Promise<HistoryReport> {
  const { html, githubToken } = options
  if (html === undefined) {
    throw new ComebackError('usage', 'The report needs a file.', { hint: 'Name it with --html FILE.' })
  }
  const listed = await list(store, components, keyring, signal, now())
  const storeArguments = ['--store', store.location, ...serverArguments(options)]
  // The edge masks secrets in what it shows; the page never passes it, and reasons quote what others wrote.
  const scrub = scrubber([key, githubToken].filter(secret => secret !== undefined))
  const report = scrubbed(historyOf(listed, now(), { html, storeArguments }), scrub)
  writePage(htmlPage(report), html, cwd)
  return report
}

/** What the store's server needs besides its location, wherever this run had it from. */
function serverArguments({ store, s3Endpoint, s3Region, s3PathStyle }: Options): readonly string[] {
  if (!store.startsWith('s3:')) return []
  return [
    ...(s3Endpoint === undefined ? [] : [flag('s3Endpoint'), s3Endpoint]),
    ...(s3Region === undefined ? [] : [flag('s3Region'), s3Region]),
    ...(s3PathStyle ? [flag('s3PathStyle')] : []),
  ]
}
