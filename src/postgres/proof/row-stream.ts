/** COPY's text as rows, a batch at a time: one line each, whose bytes are the value's own as long as they are compared alone. */
const NEWLINE = 0x0a
const TAB = 0x09

/** The bytes without the first `head` and the last `tail`: a segment's COPY line and its end. */
export async function* inner(
  bytes: AsyncIterable<Uint8Array>,
  { size, head, tail }: { readonly size: number; readonly head: number; readonly tail: number },
): AsyncGenerator<Uint8Array> {
  const end = size - tail
  let at = 0
  for await (const slice of bytes) {
    const from = Math.max(0, head - at)
    const to = Math.min(slice.length, end - at)
    at += slice.length
    if (to > from) yield slice.subarray(from, to)
  }
}

/** Batches of lines without their ends. Copies: what comes in may be used again. A line is put together once, however long. */
export async function* rowBatches(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  let begun: Buffer[] = []
  for await (const slice of bytes) {
    const data = Buffer.from(slice)
    const rows: Buffer[] = []
    let start = 0
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      const line = data.subarray(start, end)
      rows.push(begun.length === 0 ? line : Buffer.concat([...begun, line]))
      begun = []
      start = end + 1
    }
    if (start < data.length) begun.push(data.subarray(start))
    if (rows.length > 0) yield rows
  }
  if (begun.length > 0) yield [Buffer.concat(begun)]
}

export function fieldsOf(row: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let start = 0
  for (let end = row.indexOf(TAB); end >= 0; end = row.indexOf(TAB, start)) {
    fields.push(row.subarray(start, end))
    start = end + 1
  }
  fields.push(row.subarray(start))
  return fields
}
