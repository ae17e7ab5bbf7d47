export interface InitReport {
  readonly command: 'init'
}
