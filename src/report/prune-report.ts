export interface PruneReport {
  readonly command: 'prune'
}
