export interface StatusReport {
  readonly command: 'status'
}
