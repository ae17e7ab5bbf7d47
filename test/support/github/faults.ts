/** Scripted faults: each meets the requests that it names, so often, and is done. */

export interface Fault {
  /** Tested against `${method} ${path?query}`. */
  readonly match: RegExp
  readonly times?: number
  /** So many matches pass first. */
  readonly skip?: number
  /** Milliseconds to wait before anything else is done; alone it is a slow answer. */
  readonly delay?: number
  /** Answer with this in place of the service. */
  readonly status?: number
  readonly body?: string | object
  readonly headers?: Readonly<Record<string, string>>
  /** Cut the connection before the request is looked at. */
  readonly reset?: boolean
  /** Do what is asked, and cut the connection in place of the answer. */
  readonly lost?: boolean
  /** Cut a download after so many bytes of its body; meets only downloads that are longer. */
  readonly truncate?: number
}

export interface Faults {
  add(fault: Fault): void
  /** The fault that this request meets, whatever it is but a cut download. */
  meet(line: string): Fault | undefined
  /** After how many bytes a download of this length is cut. */
  cut(line: string, length: number): number | undefined
  unmet(): readonly Fault[]
}

export function createFaults(): Faults {
  const scripted: { readonly fault: Fault; skip: number; left: number }[] = []

  function take(line: string, fits: (fault: Fault) => boolean): Fault | undefined {
    for (const entry of scripted) {
      // search(), not test(): it knows no state, whatever flags the expression has.
      if (entry.left === 0 || !fits(entry.fault) || line.search(entry.fault.match) < 0) continue
      if (entry.skip > 0) {
        entry.skip -= 1
        continue
      }
      entry.left -= 1
      return entry.fault
    }
    return undefined
  }

  return {
    add: fault => scripted.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 }),
    meet: line => take(line, fault => fault.truncate === undefined),
    cut: (line, length) => take(line, ({ truncate }) => truncate !== undefined && truncate < length)?.truncate,
    unmet: () => scripted.filter(({ left }) => left > 0).map(({ fault }) => fault),
  }
}
