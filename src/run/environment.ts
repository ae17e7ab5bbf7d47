/** The environment variables of a process, as the edges hand them on. */

export type Environment = Readonly<Record<string, string | undefined>>

/** Whether a switch such as `CI` is on. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false' && value !== '0'
}

export function isCi(environment: Environment): boolean {
  return isSet(environment.CI) || isSet(environment.GITHUB_ACTIONS)
}
