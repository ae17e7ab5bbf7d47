/** The database's way through Source and Sink, without anything between them. */
import pg from 'pg'
import { expect } from 'vitest'
import type { Sink, SinkProgress, SinkResult, SourceResult, StoredBackup } from '../../src/engine/ports.ts'
import { ComebackError } from '../../src/errors.ts'
import { parseSegmentDetail } from '../../src/postgres/detail.ts'
import { createDatabaseSource } from '../../src/postgres/dump.ts'
import { createDatabaseSink, type DatabaseSinkOptions } from '../../src/postgres/restore.ts'
import { type CollectedSegment, collectSegments, countProgress, storedBackup } from '../fakes/segments.ts'
import type { TestDatabase } from '../support/database.ts'

const never = new AbortController().signal

export interface Read {
  readonly segments: readonly CollectedSegment[]
  readonly result: SourceResult
}

/** By the bundled pg_dump, unless another is asked for. */
export async function read(url: string, pgDump?: string): Promise<Read> {
  const out = collectSegments()
  const source = createDatabaseSource({
    url,
    connectTimeout: 10_000,
    lanes: 2,
    schemaOnly: false,
    excludeTableData: [],
    ...(pgDump === undefined ? {} : { pgDump }),
  })
  return { result: await source.read(out, never), segments: out.segments }
}

export async function backUp(url: string, pgDump?: string): Promise<StoredBackup> {
  const { segments, result } = await read(url, pgDump)
  return storedBackup(segments, result)
}

/** Confirmed by name, unless the options say otherwise. */
export function sinkOf(url: string, options: Partial<DatabaseSinkOptions> = {}): Sink {
  const confirm = new URL(url).pathname.slice(1)
  return createDatabaseSink({ url, connectTimeout: 10_000, lanes: 3, mode: undefined, confirm, ...options })
}

export async function restore(
  url: string,
  backup: StoredBackup,
  options: Partial<DatabaseSinkOptions> = {},
  signal: AbortSignal = never,
  progress: SinkProgress = countProgress(),
): Promise<SinkResult> {
  return await sinkOf(url, options).restore(backup, progress, signal)
}

/** The same backup, its rows of one table cut into ranges, the later ones first. */
export function cutIntoRanges(segments: readonly CollectedSegment[], name: string, count: number): CollectedSegment[] {
  return segments.flatMap(segment => {
    if (segment.head.name !== name) return [segment]
    const detail = parseSegmentDetail(segment.head.detail)
    if (detail.kind !== 'rows') throw new Error(`${name} holds no rows`)
    const { bytes } = segment
    const head = bytes.subarray(0, detail.head)
    const tail = bytes.subarray(bytes.length - detail.tail)
    const lines = bytes.toString('latin1', detail.head, bytes.length - detail.tail).split(/(?<=\n)/)
    const size = Math.ceil(lines.length / count)
    return Array.from({ length: count }, (_, index) => ({
      head: { ...segment.head, name: `${name} [${index}]`, detail: { ...detail, from: index, to: index + 1 } },
      bytes: Buffer.concat([head, Buffer.from(lines.slice(index * size, (index + 1) * size).join(''), 'latin1'), tail]),
    })).reverse()
  })
}

/** A backup whose segments of that name break when so many bytes have been read. */
export function breaking(backup: StoredBackup, name: string, after: number, how: () => void): StoredBackup {
  return {
    ...backup,
    async *read(segment, signal) {
      let read = 0
      for await (const piece of backup.read(segment, signal)) {
        yield piece
        read += piece.length
        if (segment.name === name && read >= after) how()
      }
    },
  }
}

/** Foreign keys in a circle, partitions, views on views, an index on a function, a large object. */
export const SHOP = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.state AS ENUM ('new', 'sent');
  CREATE FUNCTION shop.twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
  CREATE TABLE shop.customer (id serial PRIMARY KEY, name text NOT NULL, boss int REFERENCES shop.customer);
  CREATE TABLE public.orders (id int PRIMARY KEY, customer int REFERENCES shop.customer, state shop.state, note text);
  ALTER TABLE shop.customer ADD favourite int REFERENCES public.orders;
  CREATE INDEX ON public.orders (shop.twice(id));
  CREATE INDEX ON public.orders (customer) WHERE state = 'new';
  CREATE MATERIALIZED VIEW shop.first AS SELECT customer, count(*) FROM public.orders GROUP BY 1;
  CREATE MATERIALIZED VIEW public.a_second AS SELECT max(count) FROM shop.first;
  CREATE TABLE shop.event (at date, n int, PRIMARY KEY (at, n)) PARTITION BY RANGE (at);
  CREATE TABLE shop.event_1 PARTITION OF shop.event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE shop.event_2 PARTITION OF shop.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE INDEX ON shop.event (n);
  INSERT INTO shop.customer (name) SELECT 'name ' || i FROM generate_series(1, 500) i;
  INSERT INTO public.orders SELECT i, i % 500 + 1, 'new', repeat(md5(i::text), 5) FROM generate_series(1, 20000) i;
  UPDATE shop.customer SET boss = 1, favourite = id;
  INSERT INTO shop.event SELECT date '2024-01-01' + i, i FROM generate_series(1, 700) i;
  REFRESH MATERIALIZED VIEW shop.first; REFRESH MATERIALIZED VIEW public.a_second;
  SELECT lo_from_bytea(777, 'large');`

/** The error with which it ends. */
export async function failure(promise: Promise<unknown>): Promise<ComebackError> {
  const error = await promise.then(
    () => undefined,
    thrown => thrown,
  )
  expect(error).toBeInstanceOf(ComebackError)
  return error
}

/** The rows of the last statement. */
export async function run(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const sql of statements) rows = (await client.query(sql)).rows
    return rows
  } finally {
    await client.end()
  }
}

export async function backendsOf({ query, name }: TestDatabase): Promise<number> {
  const [row] = await query(
    'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = $2',
    [name, 'client backend'],
  )
  return Number(row?.n)
}
