import type { Palette } from './palette.ts'
import type { StatusReport } from './status-report.ts'

export function statusLines(_report: StatusReport, _palette: Palette): readonly string[] {
  return []
}
