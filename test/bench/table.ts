/** Markdown tables and the figures in them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line), ''].join('\n')
}

export function megabytes(bytes: number): string {
  const value = bytes / 1e6
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

export function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`
}

export function seconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1)
}

/** How the value compares with the yardstick, `0.42 ×`. */
export function ratio(value: number, yardstick: number): string {
  return Number.isFinite(value / yardstick) ? `${(value / yardstick).toFixed(2)} ×` : ''
}
