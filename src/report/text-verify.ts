/** Proofs as text for people. */
import type { Palette } from './palette.ts'
import type { VerifyReport } from './verify-report.ts'

export function verifyLines({ verdict }: VerifyReport, { bold }: Palette): readonly string[] {
  return [bold(verdict)]
}
