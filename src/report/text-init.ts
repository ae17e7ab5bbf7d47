import type { ChangedFile, InitReport } from './init-report.ts'
import type { Palette } from './palette.ts'

const WORDS: Readonly<Record<ChangedFile['change'], string>> = {
  written: 'wrote',
  replaced: 'changed',
  unchanged: 'as it was:',
}

export function initLines(report: InitReport, { bold, dim, yellow }: Palette): readonly string[] {
  const { files, ignored, key, secrets, sheet, sheetFile } = report
  return [
    ...files.map(({ path, change }) => `${WORDS[change]} ${path}${path === '.gitignore' ? added(ignored) : ''}`),
    ...(key?.made === true && key.file !== undefined
      ? [yellow(`made the key ${key.file}: keep a copy of it NOW, away from here, in a password manager for example`)]
      : []),
    '',
    bold('1. Set the secrets of the repository'),
    ...secrets.flatMap(({ command, what }) => [`   ${command}`, dim(`     ${what}`)]),
    dim('   TARGET_URL, if you like: another database, for restores that must not touch the original'),
    '',
    bold('2. Commit, push, and make the first backup'),
    '   gh workflow run comeback-backup.yml',
    '',
    bold('3. Let somebody else agree before a restore begins (optional)'),
    "   gh api --method PUT 'repos/{owner}/{repo}/environments/restore'",
    dim('     then add reviewers: Settings > Environments > restore'),
    '',
    bold('4. Print the recovery sheet, and keep it with the key'),
    ...(sheetFile === undefined ? ['', ...sheet.trimEnd().split('\n')] : [`   ${sheetFile}`]),
  ]
}

function added(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `: ${lines.join(', ')}`
}
