import type { CheckReport } from './check-report.ts'
import type { Palette } from './palette.ts'

export function checkLines(_report: CheckReport, _palette: Palette): readonly string[] {
  return []
}
