import type { Palette } from './palette.ts'
import type { PruneReport } from './prune-report.ts'

export function pruneLines(_report: PruneReport, _palette: Palette): readonly string[] {
  return []
}
