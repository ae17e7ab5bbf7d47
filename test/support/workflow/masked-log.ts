/** The log of a job: what a step prints, without workflow commands and secrets. */

export interface MaskedLog {
  readonly text: string
  mask(value: string): void
  /** A line that a process printed; `::add-mask::` is obeyed and not shown. */
  line(text: string): void
}

export function createMaskedLog(): MaskedLog {
  const masks = new Set<string>()
  const lines: string[] = []
  const mask = (value: string) => {
    for (const part of [value, ...value.split(/\r?\n/)]) if (part.trim() !== '') masks.add(part)
  }
  return {
    get text() {
      return lines.join('\n')
    },
    mask,
    line(text) {
      const [, secret] = /^::add-mask::(.*)$/.exec(text) ?? []
      if (secret !== undefined) return mask(unescaped(secret))
      // The longest first: one secret may be part of another.
      const found = [...masks].sort((a, b) => b.length - a.length)
      lines.push(found.reduce((shown, value) => shown.replaceAll(value, '***'), text))
    },
  }
}

function unescaped(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
