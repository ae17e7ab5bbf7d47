/**
 * The rows that the bench measures with: one big table (uuid, jsonb, text, timestamps, numeric; a GIN index, a foreign key) and a
 * small one of 4 %. The server makes them, from a fixed seed. Their COPY text is as long as asked for and compresses, with
 * gzip -6, to about 30 % of it, as that of ordinary applications does.
 */
import type { Client } from 'pg'

/** COPY text of a row, as measured. */
const BIG_ROW_BYTES = 872
const SMALL_ROW_BYTES = 124
const SMALL_SHARE = 0.04
/** Sentences that texts are put together from; a power of two. Gzip sees one in fifty of them at a time. */
const SENTENCES = 32_768
const SENTENCES_A_ROW = 12
const BATCH_ROWS = 50_000
const MB = 1e6

/** Fills an empty database; `megabytes` of COPY text. */
export async function fillMixed(client: Client, megabytes: number): Promise<void> {
  const small = Math.max(1, Math.round((megabytes * MB * SMALL_SHARE) / SMALL_ROW_BYTES))
  const big = Math.max(1, Math.round((megabytes * MB * (1 - SMALL_SHARE)) / BIG_ROW_BYTES))
  await prepare(client)
  await client.query(TABLES)
  await client.query(`
    INSERT INTO accounts (id, public_id, email, plan, settings, created_at)
    SELECT i, md5('account' || i)::uuid, 'person' || i || '@example.org', (ARRAY['free', 'team', 'company'])[1 + i % 3],
      jsonb_build_object('theme', i % 2 = 0, 'weekly', i % 7), timestamptz '2020-01-01' + i * interval '97 seconds'
    FROM generate_series(1, ${small}) AS i`)
  await insertOrders(client, 1, big)
  await client.query(`
    ALTER TABLE accounts ADD PRIMARY KEY (id);
    ALTER TABLE orders ADD PRIMARY KEY (id), ADD FOREIGN KEY (account_id) REFERENCES accounts;
    CREATE INDEX orders_details ON orders USING gin (details jsonb_path_ops);
    CREATE INDEX orders_account ON orders (account_id, created_at);`)
  // No VACUUM: it would offer the gaps at the ends of pages to new rows; in a table that has lived for a while they are filled.
  await client.query('ANALYZE')
  await client.query('CHECKPOINT')
}

/** Updates one row in a hundred, scattered; other ones in each round (0 to 99). */
export async function updateOnePercent(client: Client, round: number): Promise<void> {
  await client.query(
    `UPDATE orders SET amount = amount + 1, updated_at = updated_at + interval '1 day', details = details || '{"changed": true}'
     WHERE abs(hashint8(id) % 100) = ${round % 100}`,
  )
}

/** Adds a hundredth of the big table's rows at its end. */
export async function appendOnePercent(client: Client): Promise<void> {
  const { rows } = await client.query<{ last: string }>('SELECT max(id) AS last FROM orders')
  const last = Number(rows[0]?.last)
  await prepare(client)
  await insertOrders(client, last + 1, last + Math.ceil(last / 100))
}

/** A session's worth of words and sentences: those of a made-up language, a few of them far more frequent than the rest. */
async function prepare(client: Client): Promise<void> {
  await client.query(`
    SET client_min_messages = warning;
    CREATE TEMPORARY TABLE IF NOT EXISTS sentences (id integer PRIMARY KEY, text text NOT NULL);
    TRUNCATE sentences;
    SELECT setseed(0.42);
    WITH words AS MATERIALIZED (
      SELECT i / 9 AS id, substr(syllables, 1 + 2 * (rank % 24), 2) || substr(syllables, 1 + 2 * (rank / 24 % 23), 2)
        || CASE WHEN rank > 150 THEN substr(syllables, 1 + 2 * (rank / 552), 2) ELSE '' END AS word
      FROM (SELECT i, (random() ^ 9 * 8000)::integer AS rank, 'kalominerusotavibedofagihujepewazeoranesingulekopyfy' AS syllables
            FROM generate_series(0, ${SENTENCES * 9 - 1}) AS i) AS ranks
    )
    INSERT INTO sentences SELECT id, string_agg(word, ' ') || '.' FROM words GROUP BY id;
    ANALYZE sentences;
    SET enable_nestloop = off; SET enable_mergejoin = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '256MB';`)
}

/** In batches that are sorted in memory, so that the table lies in the order of its ids. */
async function insertOrders(client: Client, from: number, to: number): Promise<void> {
  const texts = Array.from({ length: SENTENCES_A_ROW }, (_, n) => `s${n + 1}`)
  const joins = texts.map((s, n) => `JOIN sentences ${s} ON ${s}.id = hashint4extended(i, ${n}) & ${SENTENCES - 1}`)
  for (let first = from; first <= to; first += BATCH_ROWS) {
    await client.query(`
      INSERT INTO orders (id, public_id, account_id, status, amount, created_at, updated_at, details, note)
      SELECT i, md5('order' || i)::uuid, 1 + abs(hashint4(i) % (SELECT count(*) FROM accounts)), (ARRAY['open', 'paid', 'sent', 'returned'])[1 + i % 4],
        abs(hashint4extended(i, 77) % 1000000) / 100.0, t, t + (i % 500) * interval '61 seconds',
        jsonb_build_object('source', (ARRAY['web', 'mobile', 'partner'])[1 + abs(hashint4(i) % 3)], 'quantity', i % 17, 'tags', jsonb_build_array('tag' || i % 40, 'group' || i % 9),
          'address', jsonb_build_object('street', split_part(s1.text, ' ', 2), 'number', i % 300, 'city', split_part(s2.text, ' ', 3))),
        concat_ws(' ', ${texts.map(s => `${s}.text`).join(', ')})
      FROM generate_series(${first}, ${Math.min(to, first + BATCH_ROWS - 1)}) AS i ${joins.join(' ')},
        LATERAL (SELECT timestamptz '2024-01-01' + i * interval '7.13 seconds') AS c (t)
      ORDER BY i`)
  }
}

const TABLES = `
  CREATE TABLE accounts (id integer NOT NULL, public_id uuid NOT NULL, email text NOT NULL, plan text NOT NULL, settings jsonb NOT NULL, created_at timestamptz NOT NULL);
  CREATE TABLE orders (id bigint NOT NULL, public_id uuid NOT NULL, account_id integer NOT NULL, status text NOT NULL, amount numeric(12, 2) NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, details jsonb NOT NULL, note text NOT NULL);`
