/** What the store says of the last proofs; nothing is restored, and no key is needed. */
import { hasCode } from '../errors.ts'
import { timeOf } from '../format/backup-id.ts'
import type { Component } from '../format/manifest.ts'
import type { Proof } from '../report/proof.ts'
import type { VerifyReport } from '../report/verify-report.ts'
import type { Keyring } from '../repository/keyring.ts'
import type { Store } from '../store/store.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { CHECKS, type ProofCheck, type ProofCode, worst } from './proof.ts'
import { newestProofs } from './proof-history.ts'
import { detailsOf, pointOf } from './proof-recording.ts'
import { Judge } from './standing.ts'
import { nothingThere } from './verify-choice.ts'

/** Points of the past that a report shows. */
const POINTS = 20

export interface RecordedRequest {
  readonly store: Store
  readonly components: readonly Component[]
  readonly keyring: Keyring | undefined
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** Throws `no-such-backup` where there is no backup at all. */
export async function recordedProofs(request: RecordedRequest): Promise<VerifyReport> {
  const { store, components, signal } = request
  const proofs: Proof[] = []
  const absent: Component[] = []
  for (const component of components) {
    const catalog = await readCatalog(store, component, signal)
    const newest = catalog.entries.find(({ kind }) => kind === 'backup')
    if (newest === undefined) absent.push(component)
    else proofs.push((await lastProof(request, component, catalog)) ?? never(request, component, newest.id))
  }
  if (proofs.length === 0) throw nothingThere(store)
  return {
    command: 'verify',
    schema: 1,
    store: store.location,
    kind: 'recorded',
    verdict: worst(proofs.map(({ verdict }) => verdict)),
    proofs,
    absent,
  }
}

async function lastProof(
  { store, keyring, now, signal }: RecordedRequest,
  component: Component,
  catalog: Catalog,
): Promise<Proof | undefined> {
  const found: { readonly proof: Omit<Proof, 'history'>; readonly point: Proof['history'][number] }[] = []
  const judging = { store, catalog, keyring, now: now(), signal }
  const judge = new Judge(judging)
  for (const entry of catalog.entries.filter(({ proofs }) => proofs.length > 0)) {
    if (found.length === POINTS) break
    const { standing, manifest } = await judge.judge(entry)
    if (manifest === undefined || !standing.counts) continue
    try {
      const { newest: recorded } = await newestProofs(judging, entry, manifest)
      if (recorded === undefined) continue
      const { record, authenticated } = recorded
      const details = keyring === undefined ? undefined : await detailsOf(recorded, manifest, keyring)
      const { checks, findings, restoreSeconds, compareSeconds, server } = record
      found.push({
        point: pointOf(recorded),
        proof: {
          component,
          id: record.backup,
          time: timeOf(record.backup).toISOString(),
          verdict: record.verdict,
          provedAt: record.provedAt,
          authenticated,
          ...(restoreSeconds === null ? {} : { restoreSeconds }),
          ...(compareSeconds === null ? {} : { compareSeconds }),
          age: record.age,
          bytes: record.bytes,
          stored: record.stored,
          ...(server === null ? {} : { server }),
          engine: record.engine,
          checks: details?.checks ?? checks.flatMap(check => known(check)),
          findings: details?.findings ?? Object.entries(findings).map(([code, count]) => countOf(code, count)),
          ...(details === undefined ? {} : { tables: details.tables }),
          assertions: details?.assertions ?? [],
          recorded: true,
        },
      })
    } catch (error) {
      if (!hasCode(error, 'damaged', 'unsupported', 'not-found')) throw error
    }
  }
  const byTime = found.toSorted((a, b) => (a.point.time < b.point.time ? -1 : 1))
  const last = byTime.at(-1)
  return last === undefined ? undefined : { ...last.proof, history: byTime.map(({ point }) => point) }
}

/** A backup that was never proved is not verified, and nothing was found wrong with it. */
function never({ now }: RecordedRequest, component: Component, id: string): Proof {
  const message = `No proof of a ${component} backup is recorded here.`
  return {
    component,
    id,
    time: timeOf(id).toISOString(),
    verdict: 'could-not-verify',
    provedAt: now().toISOString(),
    authenticated: false,
    age: Math.max(0, now().getTime() - timeOf(id).getTime()) / 1000,
    bytes: 0,
    stored: 0,
    engine: '',
    checks: [{ name: 'restore', result: 'not-run', detail: message }],
    findings: [{ code: 'never-verified', subject: id, message, hint: `Run comeback verify ${component}.` }],
    assertions: [],
    history: [],
    recorded: false,
  }
}

function known({
  name,
  result,
}: {
  readonly name: string
  readonly result: ProofCheck['result']
}): readonly ProofCheck[] {
  const check = CHECKS.find(one => one === name)
  return check === undefined ? [] : [{ name: check, result, detail: '' }]
}

/** Names stand in the sealed part. The record's schema leaves codes open, since a newer version may know more of them. */
function countOf(code: string, count: number) {
  const message = `${count} of this kind; what it is about stands in the encrypted part of the record.`
  return { code: code as ProofCode, subject: `${count} found`, message }
}
