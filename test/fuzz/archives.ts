/** What is inside an archive, a script or an old file: data, whoever wrote it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { unpackArchive } from '../../src/files/unpack.ts'
import { pbkdf2Derivation } from '../../src/old-scheme/key-derivation.ts'
import { readOldFile } from '../../src/old-scheme/read-old.ts'
import { createScriptSource } from '../../src/postgres/script.ts'
import { collectSegments } from '../fakes/segments.ts'
import { type Target, target } from './target.ts'

const PASSPHRASE = 'a passphrase for tests only'
const signal = new AbortController().signal

/** Like pg_dump's, with what a reader must tell apart. */
const SCRIPT = `--
-- PostgreSQL database dump
--

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: f(integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.f(i integer) RETURNS text
    LANGUAGE sql
    AS $_$ SELECT 'it''s; $1' || E'\\\\n' /* ; */ -- ;
 $_$;


SET default_table_access_method = heap;

--
-- Name: person; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.person (
    id integer NOT NULL,
    "odd;name" text DEFAULT 'a;b'::text
);


--
-- Data for Name: person; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.person (id, "odd;name") FROM stdin;
1\tone
2\t\\N
3\ta\\tb\\\\.
\\.


--
-- Name: person person_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

`

export function archiveTargets(): readonly Target[] {
  const folder = mkdtempSync(join(tmpdir(), 'comeback-fuzz-'))
  const end = async (): Promise<void> => rmSync(folder, { recursive: true, force: true })
  const outside = join(folder, 'outside')
  mkdirSync(outside)
  let turn = 0

  return [
    target('tar', 12, tars(folder), async bytes => {
      const into = join(folder, `into-${turn++}`)
      try {
        await unpackArchive(once(bytes), { directory: into, modes: 'kept', advance: () => undefined }, signal)
      } finally {
        remove(into)
      }
      const strange = readdirSync(folder).filter(
        name => name !== 'outside' && name !== 'tree' && !name.startsWith('old-'),
      )
      if (strange.length > 0 || readdirSync(outside).length > 0)
        throw new Error(`written outside: ${strange.join(', ')}`)
    }),
    target('old script', 8, [Buffer.from(SCRIPT)], async bytes => {
      const out = collectSegments()
      await createScriptSource({ identity: 'fuzz', open: () => once(bytes) }).read(out, signal)
    }),
    target(
      'old file',
      5,
      [oldFile()],
      async bytes => {
        const path = join(folder, 'old-file')
        writeFileSync(path, bytes)
        const search = { name: 'old', path, passphrases: [PASSPHRASE], derivations: [pbkdf2Derivation(1)], others: [] }
        for await (const piece of readOldFile(search, signal))
          if (piece.length > 1e8) throw new Error('a piece without bounds')
      },
      { end },
    ),
  ]
}

/** By the system's tar, in its two formats that have names of any length. */
function tars(folder: string): Buffer[] {
  const tree = join(folder, 'tree')
  mkdirSync(join(tree, 'a', 'b'.repeat(120)), { recursive: true })
  writeFileSync(join(tree, 'a', 'file'), 'contents')
  writeFileSync(join(tree, 'a', 'b'.repeat(120), 'größe'), 'x'.repeat(700))
  symlinkSync('a/file', join(tree, 'link'))
  return ['pax', 'gnu'].map(format => execFileSync('tar', ['-C', tree, `--format=${format}`, '-cf', '-', '.']))
}

function oldFile(): Buffer {
  const args = ['enc', '-aes-256-cbc', '-pbkdf2', '-iter', '1', '-pass', `pass:${PASSPHRASE}`]
  return execFileSync('openssl', args, { input: gzipSync(SCRIPT.repeat(20)) })
}

/** Its folders may have got any mode. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    execFileSync('chmod', ['-R', 'u+rwx', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
