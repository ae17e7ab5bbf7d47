import { artifactPlace } from './artifact-place.ts'
import { storeContract } from './contract.ts'

storeContract('artifact', async () => {
  const place = await artifactPlace()
  return { store: place.inAction(), close: async () => place[Symbol.asyncDispose]() }
})
