/** Locales of the operating system, made for a test: a machine may have none but C, and few have the same. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Pesos have no cents, and dots between their thousands. */
export const PESOS = 'test_pesos'
/** Francs come after the number, whose fraction stands behind a comma. */
export const FRANCS = 'test_francs'

const MONEY: Readonly<Record<string, string>> = {
  [PESOS]: 'currency_symbol "$"\nmon_decimal_point ","\nmon_thousands_sep "."\nfrac_digits 0\np_cs_precedes 1',
  [FRANCS]: 'currency_symbol "FF"\nmon_decimal_point ","\nmon_thousands_sep " "\nfrac_digits 2\np_cs_precedes 0',
}

/** Servers that are started before it is disposed of know them by `LOCPATH`. */
export function makeLocales(): Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-locales-'))
  chmodSync(folder, 0o755)
  for (const [name, money] of Object.entries(MONEY)) {
    const source = join(folder, `${name}.source`)
    writeFileSync(
      source,
      `LC_CTYPE\nupper <U0041>\nlower <U0061>\nEND LC_CTYPE\nLC_MONETARY\n${money}
int_curr_symbol "XXX "\nmon_grouping 3;3\npositive_sign ""\nnegative_sign "-"\nint_frac_digits 2\np_sep_by_space 0
n_cs_precedes 1\nn_sep_by_space 0\np_sign_posn 1\nn_sign_posn 1\nEND LC_MONETARY\n`,
    )
    mkdirSync(join(folder, name), { mode: 0o755 })
    // It warns of what the locale lacks, and makes it all the same.
    const { stderr } = spawnSync('localedef', ['-c', '-i', source, '-f', 'ANSI_X3.4-1968', join(folder, name)])
    const env = { ...process.env, LOCPATH: folder, LC_ALL: name }
    const { stdout } = spawnSync('locale', ['mon_decimal_point'], { env })
    if (String(stdout) !== ',\n') throw new Error(`localedef made no ${name}: ${stderr}`)
  }
  const before = process.env.LOCPATH
  process.env.LOCPATH = folder
  return {
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.LOCPATH
      else process.env.LOCPATH = before
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
