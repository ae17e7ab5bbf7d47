/** The data that must come back: a database and a folder whose every state is known by its number and told apart by its contents. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { digests } from '../support/fingerprint.ts'
import { startServer, type TestServer } from '../support/postgres.ts'
import type { Dice } from './dice.ts'

/** What a place held: one line for the whole of it. */
export type Contents = string

export interface Ground extends AsyncDisposable {
  readonly server: TestServer
  readonly source: string
  /** Another state of the database. */
  changeDatabase(): Promise<void>
  /** Another state of the folder's files, which lie in `uploads` of it. */
  changeFiles(folder: string): void
  /** An empty database. */
  emptyDatabase(): Promise<string>
  drop(url: string): Promise<void>
  query(sql: string, url?: string): Promise<Record<string, string>[]>
}

const ROWS = 4_000
const FILES = 300
/** Bytes of noise, so that a backup has several packs. */
const BLOB = 500_000
const BLOBS = 40

const SCHEMA = `
  CREATE TABLE state (number int PRIMARY KEY);
  INSERT INTO state VALUES (0);
  CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, number int NOT NULL);
  INSERT INTO person SELECT i, 'person ' || i, 0 FROM generate_series(1, ${ROWS}) i;
  CREATE TABLE purchase (id serial PRIMARY KEY, person int REFERENCES person, cents int CHECK (cents > 0));
  INSERT INTO purchase (person, cents) SELECT 1 + i % ${ROWS}, 1 + i FROM generate_series(1, ${ROWS}) i;
  CREATE INDEX ON purchase (person);
  CREATE TABLE blob (id int PRIMARY KEY, bytes bytea);
  CREATE VIEW spent AS SELECT person, sum(cents) AS cents FROM purchase GROUP BY person;
  CREATE MATERIALIZED VIEW most AS SELECT * FROM spent ORDER BY cents DESC, person LIMIT 10;
  SELECT lo_from_bytea(4711, 'a large object');`

/** One transaction: a snapshot holds all of a state or nothing of it. */
const CHANGE = `
  BEGIN;
  UPDATE state SET number = number + 1;
  UPDATE person SET number = number + 1;
  INSERT INTO purchase (person, cents) SELECT id, id FROM person WHERE id % 97 = 0;
  REFRESH MATERIALIZED VIEW most;
  COMMIT;`

export async function prepareGround(dice: Dice): Promise<Ground> {
  const server = await startServer(18)
  const source = await server.createDatabase('torture')
  let made = 0
  const ground: Ground = {
    server,
    source,
    async changeDatabase() {
      await query(source, CHANGE)
      await execute(source, 'UPDATE blob SET bytes = $2 WHERE id = $1', [dice.whole(BLOBS), dice.bytes(BLOB)])
    },
    changeFiles(folder) {
      const uploads = join(folder, 'uploads')
      const whole = !existsSync(uploads)
      for (let file = 0; file < FILES; file++) {
        if (!whole && dice.whole(10) > 0) continue
        mkdirSync(join(uploads, String(file % 7)), { recursive: true })
        writeFileSync(join(uploads, String(file % 7), `${file}.bin`), dice.bytes(dice.whole(60_000)))
      }
    },
    emptyDatabase: () => server.createDatabase(`target_${made++}`),
    drop: url =>
      query(source, `DROP DATABASE IF EXISTS "${new URL(url).pathname.slice(1)}" WITH (FORCE)`).then(() => undefined),
    query: (sql, url = source) => query(url, sql),
    async [Symbol.asyncDispose]() {
      await server.stop()
    },
  }
  await query(source, SCHEMA)
  for (let id = 0; id < BLOBS; id++) await execute(source, 'INSERT INTO blob VALUES ($1, $2)', [id, dice.bytes(BLOB)])
  return ground
}

export async function databaseContents(url: string): Promise<Contents> {
  return hashed(JSON.stringify(await digests(url)))
}

/** Paths and bytes; `none` where there is no such folder. */
export function folderContents(folder: string): Contents {
  if (!existsSync(folder)) return 'none'
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  return hashed(paths.map(path => `${path.slice(folder.length)} ${hashed(readFileSync(path))}`).join('\n'))
}

export function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

function hashed(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

async function query(url: string, sql: string): Promise<Record<string, string>[]> {
  return await execute(url, sql)
}

async function execute(url: string, sql: string, values?: unknown[]): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}
