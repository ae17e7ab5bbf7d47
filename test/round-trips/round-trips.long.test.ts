import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INPUTS } from './inputs.ts'
import { keepRecord, type RoundTripRecord } from './record.ts'
import { createRoles, described, ROLES, roundTrip } from './round-trip.ts'
import { type RoundTripServer, roundTripServers } from './servers.ts'

describe.each(roundTripServers())('on $name', ({ name, major, start }) => {
  const trips: RoundTripRecord['trips'][number][] = []
  let server: RoundTripServer
  beforeAll(async () => {
    server = await start()
    await createRoles(server)
  })
  afterAll(async () => {
    if (trips.length > 0) keepRecord(name, { ...(await described(server)), trips })
    await server.stop()
  })

  describe.each(ROLES)('as %s', role => {
    const inputs = INPUTS.filter(input => major <= input.until && (role === 'superuser' || !input.superuser))
    it.each(inputs)('$name comes back every way', { timeout: 120_000 }, async input => {
      const outcomes = await roundTrip(server, input, role)
      trips.push({ input: input.name, role, outcomes })
      const rows = input.changesRows ? 'other rows' : 'same rows'
      const restored = input.amiss === 0 ? 'same' : `${rows} but ${input.amiss} listed`
      expect(outcomes).toMatchObject({
        parallel: restored,
        atomic: restored,
        swap: restored,
        // psql stops at nothing there, but makes no second try.
        stock: input.amiss === 0 ? 'same' : expect.stringMatching(/^(same|other) rows$/),
        proof: input.amiss === 0 ? (input.proof ?? 'verified') : expect.stringMatching(/^(failed|could-not-verify), /),
      })
    })
  })
})
