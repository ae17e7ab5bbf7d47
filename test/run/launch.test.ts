import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { launch } from '../../src/run/launch.ts'
import { FakePipe } from '../support/terminal.ts'

test.each(['v18.20.4', 'v20.19.0', 'v22.14.0'])(
  'Node %s is told that it is too old, and nothing is loaded',
  version => {
    const stderr = new FakePipe()
    const process = Object.assign(new EventEmitter(), { version, env: {}, stderr, exitCode: 0 })
    launch(process as unknown as NodeJS.Process, () => {
      throw new Error('loaded')
    })
    expect(stderr.text).toBe(`comeback: Node 22.15 or newer is needed; this is ${version}.\n`)
    expect(process.exitCode).toBe(1)
  },
)
