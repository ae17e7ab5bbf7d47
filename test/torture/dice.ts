/** Chance that can be had again: the same seed throws the same dice. */

export interface Dice {
  /** At least `low`, below `high`. */
  between(low: number, high: number): number
  whole(below: number): number
  of<Thing>(things: readonly Thing[]): Thing
  bytes(length: number): Buffer
}

/** Mulberry32: one word of state, more than good enough to choose moments. */
export function dice(seed: number): Dice {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number): number => Math.floor(next() * below)
  return {
    between: (low, high) => low + next() * (high - low),
    whole,
    of(things) {
      const thing = things[whole(things.length)]
      if (thing === undefined) throw new Error('Nothing to choose from')
      return thing
    },
    bytes: length => Buffer.from(Uint8Array.from({ length }, () => whole(256))),
  }
}
