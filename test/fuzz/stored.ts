/** What a store holds, as whoever may write to it can leave it. */
import { isDeepStrictEqual } from 'node:util'
import { decodeMemory, encodeMemory } from '../../src/action/cache-blob.ts'
import { parseMoment } from '../../src/engine/catalog.ts'
import { findBackup } from '../../src/engine/find-backup.ts'
import { restore } from '../../src/engine/restore.ts'
import { ComebackError } from '../../src/errors.ts'
import { decodeIndex } from '../../src/format/backup-index.ts'
import { decryptPack } from '../../src/format/cipher.ts'
import { codecOfFile } from '../../src/format/compression.ts'
import { deriveChainKeys, derivePackKey } from '../../src/format/keys.ts'
import { isAuthentic, parseManifest } from '../../src/format/manifest.ts'
import { isAuthenticProof, openDetails, parseProof, sealProof } from '../../src/format/proof-record.ts'
import { objectName, parseObjectName } from '../../src/repository/layout.ts'
import { artifactName, parseArtifactName } from '../../src/store/artifact-names.ts'
import { goodBackup, KEY, keyring, noise } from '../engine/scene.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { memorySink, memorySource } from '../fakes/source.ts'
import { RECORD } from '../format/tiny-proof.ts'
import { type Target, target } from './target.ts'

const SEGMENTS = ['01-data', '02-data'].map(group => ({
  name: `table ${group}`,
  group: group as '01-data',
  bytes: noise(group, 60_000),
}))
/** Files of the memory of a folder: hashes of names. */
const REMEMBERED = ['0', '1', '2'].map(digit => digit.repeat(64))
const signal = new AbortController().signal

export async function storedTargets(): Promise<readonly Target[]> {
  const store = createMemoryStore({ packSize: 40_000 })
  await goodBackup(store, memorySource(SEGMENTS))
  const written = [...store.objects].map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }))
  const manifestFile = written.find(({ name }) => name.endsWith('manifest.json'))
  if (manifestFile === undefined) throw new Error('no manifest')
  const manifest = parseManifest(manifestFile.bytes, 'manifest')
  const chain = await deriveChainKeys(KEY, Buffer.from(manifest.idSalt, 'hex'), manifest.kdf.iterations)
  const pack = await derivePackKey(KEY, Buffer.from(manifest.kdf.salt, 'hex'), manifest.kdf.iterations)
  const proof = await sealProof(RECORD, { tables: [{ name: 'public.users', rows: 7 }] }, { mac: chain.mac, pack })
  const sealed = parseProof(proof, 'proof')

  const { index } = manifest
  const stored = written.find(({ name }) => index !== null && name.endsWith(`/${index.name}`))
  if (index === null || stored === undefined) throw new Error('no index')
  const codec = codecOfFile(index.name)
  const plain = await codec.decompress(decryptPack(pack, stored.bytes).subarray(codec.confounder().length), index.plain)

  return [
    target(
      'manifest',
      18,
      [manifestFile.bytes],
      async bytes => {
        const parsed = parseManifest(bytes, 'manifest')
        if (isAuthentic(parsed, chain.mac) && !isDeepStrictEqual(parsed, manifest)) throw new Error('a forged manifest')
      },
      { mutate: 'json' },
    ),
    target(
      'proof',
      15,
      [proof],
      async bytes => {
        const parsed = parseProof(bytes, 'proof')
        if (!isAuthenticProof(parsed, chain.mac)) return void (await openDetails(parsed, pack))
        if (!isDeepStrictEqual(parsed, sealed)) throw new Error('a forged proof')
      },
      { mutate: 'json' },
    ),
    // As if its hash were right: what is inside an archive comes from whoever had the key, who may be an attacker, too.
    target('index, decrypted', 15, [Buffer.from(plain)], async bytes => {
      const { segments, packs, chunks } = decodeIndex(bytes)
      for (const { first, count } of segments) {
        for (let chunk = first; chunk < first + Math.min(count, 1000); chunk++) {
          if (packs[chunks.at(chunk).pack] === undefined) throw new Error('a chunk in no pack')
        }
      }
    }),
    target(
      'object of a store',
      12,
      written.map(({ bytes }) => bytes),
      async (bytes, sample) => {
        const objects = written.map(({ name, bytes: whole }, at): [string, Uint8Array] => [
          name,
          at === sample ? bytes : whole,
        ])
        const sink = memorySink()
        const damaged = createMemoryStore({ objects, packSize: 40_000 })
        const moment = parseMoment('latest')
        await findBackup(damaged, 'database', moment, keyring, signal)
        const request = { store: damaged, keyring, component: 'database', moment, sink } as const
        await restore({ ...request, now: () => new Date('2026-11-02'), progress: () => undefined, signal })
        for (const { name, bytes: right } of SEGMENTS) {
          if (sink.restored.get(name)?.equals(right) !== true) throw new Error(`other rows of ${name}`)
        }
      },
    ),
    target('names', 5, names(written.map(({ name }) => name)), async bytes => {
      const text = bytes.toString()
      const place = parseObjectName(text)
      if (place !== undefined && objectName(place) !== text) throw new Error(`${text} is read as ${objectName(place)}`)
      const artifact = parseArtifactName(text)
      if (artifact !== undefined && artifactName(artifact) !== text) throw new Error(`${text} is read otherwise`)
    }),
    target('cache', 5, [encodeMemory(new Map(REMEMBERED.map(name => [name, proof])))], async bytes => {
      let files: ReadonlyMap<string, unknown>
      try {
        files = decodeMemory(bytes)
      } catch (cause) {
        // Its caller takes any error for an entry that is not there.
        throw new ComebackError('damaged', 'The entry is not one of ours.', { cause })
      }
      for (const name of files.keys()) if (/[/\\]|^\./.test(name)) throw new Error(`a file ${name}`)
    }),
  ]
}

function names(objects: readonly string[]): Buffer[] {
  const artifacts = objects.map(object => artifactName({ object, run: '7000000001', attempt: '1', turn: 1 }) ?? '')
  return [...objects, ...artifacts].map(name => Buffer.from(name))
}
