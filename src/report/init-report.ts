export interface InitReport {
  readonly command: 'init'
  readonly files: readonly ChangedFile[]
  /** Lines that .gitignore got. */
  readonly ignored: readonly string[]
  /** Absent in CI if there is none. `file` is absent if the key came from the environment. */
  readonly key?: { readonly id: string; readonly made: boolean; readonly file?: string }
  readonly secrets: readonly Secret[]
  /** The recovery sheet, as Markdown, and the file that it was written to as well, if one was named. */
  readonly sheet: string
  readonly sheetFile?: string
}

export interface ChangedFile {
  readonly path: string
  readonly change: 'written' | 'replaced' | 'unchanged'
}

export interface Secret {
  readonly name: string
  /** Sets it, with its value from a file or typed in. */
  readonly command: string
  readonly what: string
}
