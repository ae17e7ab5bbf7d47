/** Which backups a policy keeps, and why: a pure function over times. */

export interface RetentionPolicy {
  /** Everything younger is kept. */
  readonly days: number
  readonly last: number | undefined
  readonly hourly: number | undefined
  readonly daily: number | undefined
  readonly weekly: number | undefined
  readonly monthly: number | undefined
  readonly yearly: number | undefined
}
