/** Proofs as Markdown. */
import type { VerifyReport } from './verify-report.ts'

export function verifyMarkdown({ verdict }: VerifyReport): readonly string[] {
  return [`## ${verdict}`]
}
