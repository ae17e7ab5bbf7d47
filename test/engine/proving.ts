/** What tests of proofs have in common: a prover that finds what it is told to, a history of backups, a run with quiet defaults. */
import type { ProofContext, ProofResult, Prover } from '../../src/engine/ports.ts'
import type { ProofCode, ProofFinding } from '../../src/engine/proof.ts'
import { verify } from '../../src/engine/verify.ts'
import type { VerifyRequest } from '../../src/engine/verify-request.ts'
import type { Store } from '../../src/store/store.ts'
import type { MemoryStore } from '../fakes/memory-store.ts'
import { memorySource } from '../fakes/source.ts'
import { fakeClock, goodBackup, keyring, noise } from './scene.ts'

export const never = new AbortController().signal

export function finding(code: ProofCode): ProofFinding {
  return { code, subject: 'public.secret_table', message: 'What was found.' }
}

export interface Call {
  readonly id: string
  readonly before: ProofContext['before']
}

/** Finds what it is told to, and notes what it was asked. */
export function prover(codes: readonly ProofCode[] = [], calls: Call[] = []): () => Prover {
  return () => ({
    component: 'database',
    async prove(backup, { before }) {
      calls.push({ id: backup.id, before })
      return {
        restoreTime: 90_000,
        compareTime: 30_000,
        server: 'PostgreSQL 18.4',
        checks: [{ name: 'rows', result: 'passed', detail: 'all of them' }],
        findings: codes.map(finding),
        tables: [{ name: 'public.secret_table', rows: 7, bytes: 70 }],
        assertions: [{ name: 'people', result: 'passed', value: 7 }],
      } satisfies ProofResult
    },
  })
}

export function run(store: Store, time: Date, options: Partial<VerifyRequest> = {}) {
  return verify({
    store,
    keyring,
    components: ['database'],
    all: false,
    moment: undefined,
    migrates: false,
    prover: prover(),
    engine: 'comeback test',
    now: () => time,
    progress: () => undefined,
    signal: never,
    ...options,
  })
}

/** So many daily backups, with the last of its days. */
export async function history(store: Store, days: number) {
  const clock = fakeClock()
  const ids: string[] = []
  for (let day = 0; day < days; day++) {
    const source = memorySource([{ name: 'a', bytes: noise(`day ${day}`, 5_000) }])
    ids.push((await goodBackup(store, source, { clock })).id)
    clock.nextDay()
  }
  return { ids, clock }
}

export function proofFiles(store: MemoryStore): readonly string[] {
  return [...store.objects.keys()].filter(name => /\/proof-.*\.json$/.test(name))
}
