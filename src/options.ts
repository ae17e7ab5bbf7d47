/** Every option once: name, type, default, environment variable, help. CLI, Action, action.yml and README come from it. */
export interface Options {
  readonly store: string
  readonly keyFile: string
  readonly databaseUrl: string | undefined
  readonly targetUrl: string | undefined
  readonly mode: 'atomic' | 'parallel' | undefined
  readonly into: string | undefined
  readonly overwrite: boolean
  readonly files: readonly string[]
  readonly exclude: readonly string[]
  readonly configFiles: readonly string[]
  readonly configEnv: readonly string[]
  readonly schemaOnly: boolean
  readonly excludeTableData: readonly string[]
  readonly lanes: number | undefined
  readonly full: boolean
  /** Milliseconds, like every duration here. */
  readonly fullEvery: number
  readonly source: string | undefined
  readonly pgDump: string | undefined
  readonly codec: 'gzip' | 'zstd'
  readonly level: number | undefined
  readonly connectTimeout: number
  readonly timeout: number | undefined
  readonly json: boolean
  readonly quiet: boolean
  readonly logDir: string
}
