export interface CheckReport {
  readonly command: 'check'
}
