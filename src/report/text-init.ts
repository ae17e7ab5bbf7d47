import type { InitReport } from './init-report.ts'
import type { Palette } from './palette.ts'

export function initLines(_report: InitReport, _palette: Palette): readonly string[] {
  return []
}
