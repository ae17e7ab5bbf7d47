/** Bytes that almost are what a reader expects. */
import type { Dice } from '../torture/dice.ts'

/** Values that readers have stumbled over. */
const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 31,
  2 ** 53,
  0.1,
  '',
  '\0',
  '../../etc/passwd',
  '__proto__',
  '\u{d800}',
  '\u001b[31m\r\n::error::',
  '9999-12-31T23:59:59Z',
  'a'.repeat(100_000),
  [],
  {},
  { constructor: { prototype: {} } },
  Array.from({ length: 10_000 }, () => 0),
]
const DEPTH = 20_000

/** One to four changes, each of a piece, a byte or a bit; the length may change. */
export function mutate(sample: Buffer, dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(sample)
  for (let changes = 1 + dice.whole(4); changes > 0; changes--) bytes = changed(bytes, dice)
  return bytes
}

/** The text of JSON with one value or key replaced, doubled or taken out; or one that is no JSON at all. */
export function mutateJson(sample: Buffer, dice: Dice): Buffer {
  if (dice.whole(3) === 0) return mutate(sample, dice)
  const json = JSON.parse(sample.toString())
  const places = [...placesIn({ root: json })]
  const { parent, key } = dice.of(places)
  const choice = dice.whole(5)
  if (choice === 0) delete parent[key]
  else if (choice === 1) Object.assign(parent, { [`${key}x`]: dice.of(NASTY) })
  else if (choice === 2) Object.assign(parent, { [key]: dice.of(places).parent })
  else parent[key] = dice.of(NASTY)
  const text = written(json, sample)
  if (dice.whole(20) === 0) return Buffer.from(text.replace(/[:[]/, match => match + '['.repeat(DEPTH)))
  // A key that is there twice.
  return Buffer.from(dice.whole(20) === 0 ? text.replace(/"(\w+)":/, '"$1":1,"$1":') : text)
}

function changed(bytes: Buffer, { whole, of, bytes: random }: Dice): Buffer {
  const at = whole(bytes.length + 1)
  const length = Math.min(bytes.length - at, 1 + whole(of([4, 64, 2048])))
  const piece = bytes.subarray(at, at + length)
  const before = bytes.subarray(0, at)
  const after = bytes.subarray(at + length)
  switch (whole(9)) {
    case 0:
      return Buffer.concat([before, after])
    case 1:
      return Buffer.concat([before, piece, piece, after])
    case 2:
      return Buffer.concat([before, random(length), after])
    case 3:
      return Buffer.concat([before, random(whole(40)), piece, after])
    case 4:
      return Buffer.from(before)
    case 5:
      return Buffer.concat([before, ...Array.from({ length: 50 }, () => piece), after])
    case 6:
      return Buffer.concat([before, after, piece])
    case 7: {
      const other = Buffer.from(bytes)
      if (other.length > 0) other[whole(other.length)] = of([0, 1, 0x2e, 0x2f, 0x5c, 0x7f, 0x80, 0xff])
      return other
    }
    default: {
      const other = Buffer.from(bytes)
      const place = whole(Math.max(1, other.length))
      if (other.length > 0) other[place] = (other[place] ?? 0) ^ (1 << whole(8))
      return other
    }
  }
}

interface Place {
  /** An object or an array. */
  readonly parent: Record<string, unknown>
  readonly key: string
}

function* placesIn(value: unknown): Generator<Place> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    if (key !== 'root') yield { parent: value as Record<string, unknown>, key }
    yield* placesIn(child)
  }
}

/** A change may have made it refer to itself. */
function written(json: unknown, sample: Buffer): string {
  try {
    return JSON.stringify(json)
  } catch {
    return sample.toString()
  }
}
