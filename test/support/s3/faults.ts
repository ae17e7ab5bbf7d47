/** What goes wrong, by script: which call of which operation, and how. */
import type { Operation } from './request.ts'

export interface Fault {
  readonly operation: Operation
  /** Which call of it, from 1. */
  readonly call: number
  /** That call and every later one. */
  readonly lasting?: boolean
  readonly how: Mishap
}

export type Mishap =
  /** Refused; without a code the body is a proxy's web page. */
  | { readonly status: number; readonly code?: string; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is reset, before or after the effect. */
  | { readonly reset: 'before' | 'after' }
  /** The body of the answer ends after that many bytes. */
  | { readonly cut: number }
  /** After that many bytes of the body nothing more comes, but the connection stays. */
  | { readonly stall: number }
  /** Nothing is ever answered. */
  | { readonly silent: true }

export interface FaultScript {
  /** The mishap that this call meets. */
  meet(operation: Operation): Mishap | undefined
  /** Faults that no call has met: a test that never met its fault tested nothing. */
  unmet(): readonly Fault[]
}

export function faultScript(faults: readonly Fault[]): FaultScript {
  const calls = new Map<Operation, number>()
  const met = new Set<Fault>()
  return {
    meet(operation) {
      const call = (calls.get(operation) ?? 0) + 1
      calls.set(operation, call)
      const fault = faults.find(
        each => each.operation === operation && (each.call === call || (each.lasting === true && each.call < call)),
      )
      if (fault !== undefined) met.add(fault)
      return fault?.how
    },
    unmet: () => faults.filter(fault => !met.has(fault)),
  }
}
