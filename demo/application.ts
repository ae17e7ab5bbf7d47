/**
 * The application that the demo and the end-to-end tests back up: a database, a folder of uploads, configuration. All of it
 * follows from a seed, so that two runs tell the same story.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Client } from 'pg'

const UPLOADS = 160
const KiB = 1024

/** What the configuration names; the values stand in the environment of the application, as secrets do. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  APP_SECRET: 'correct-horse-battery-staple-0123456789',
  SMTP_PASSWORD: 'p@ss w0rd "quoted" $HOME #not-a-comment',
  FEATURE_FLAGS: '{"beta":true}',
}

interface Upload {
  readonly id: number
  readonly path: string
  readonly mediaType: string
  readonly bytes: Buffer
}

/** Fills an empty database and makes `uploads/` and `config/` in the folder; `seed` lies between -1 and 1. */
export async function createApplication(client: Client, folder: string, seed = 0.42): Promise<void> {
  await client.query(`SELECT set_config('demo.seed', $1, false)`, [String(seed)])
  await client.query(await readFile(new URL('application.sql', import.meta.url), 'utf8'))
  for (let id = 1; id <= UPLOADS; id++) await addUpload(client, join(folder, 'uploads'), makeUpload(id, seed))
  // No VACUUM: it would offer the gaps at the ends of pages to new rows, all over the tables. In a database that has lived for
  // a while those are filled. For the same reason the demo's server runs without autovacuum, and new rows are long enough.
  await client.query('ANALYZE')
  await writeConfig(folder)
}

/**
 * A day in the application's life: 1 % of users and posts change, some rows come and go, one upload of each kind. As in life,
 * what is recent is touched far more often than what is old.
 */
export async function changeOnePercent(client: Client, uploads: string, seed = 0.43): Promise<void> {
  const recent = (table: string, count: number) =>
    `(SELECT last - (random() ^ 16 * last)::bigint FROM (SELECT max(id) - 1 AS last FROM ${table}) AS m, generate_series(1, ${count}))`
  await client.query('BEGIN')
  await client.query('SELECT setseed($1)', [seed])
  await client.query(`UPDATE users SET settings = settings || '{"seen": true}' WHERE id IN ${recent('users', 120)}`)
  await client.query(
    `UPDATE posts SET body = body || ' Edited.', score = score + 1 WHERE id IN ${recent('posts', 180)}`,
  )
  await client.query(
    `INSERT INTO posts (author_id, slug, title, body, status)
     SELECT 1 + i * 37 % 12000, 'new-' || i || random(), 'New post ' || i, repeat(md5(random()::text) || ' ', 24 + i % 30), 'published'
     FROM generate_series(1, 200) AS i`,
  )
  await client.query(
    `INSERT INTO comments (post_id, author_id, body)
     SELECT 18000 - i * i / 1440, 1 + i * 31 % 12000, repeat(md5(random()::text) || ' ', 4 + i % 9) FROM generate_series(1, 600) AS i`,
  )
  await client.query(`DELETE FROM comments WHERE id IN ${recent('comments', 60)}`)
  await client.query(`DELETE FROM sessions WHERE upper(lasts) < '2026-10-16'`)
  await client.query(
    `INSERT INTO audit.events (at, user_id, kind, payload)
     SELECT timestamptz '2026-11-24' + i * interval '1 minute', i, 'view', '{"day": 2}' FROM generate_series(1, 1000) AS i`,
  )
  await client.query(`SELECT nextval('ticket_numbers')`)
  await client.query('REFRESH MATERIALIZED VIEW tag_statistics')
  await client.query('COMMIT')
  const changed = makeUpload(7, seed)
  await client.query('DELETE FROM uploads WHERE id = $1', [changed.id])
  await addUpload(client, uploads, changed)
  await addUpload(client, uploads, makeUpload(UPLOADS + 1, seed))
}

/** The classic: a DELETE whose WHERE got lost, a table dropped in the wrong window, a migration that stopped half way. */
export async function wreck(client: Client): Promise<void> {
  await client.query('DELETE FROM users')
  await client.query('DROP TABLE tags CASCADE')
  await client.query('ALTER TABLE posts RENAME COLUMN body TO content')
  await client.query('ALTER TABLE audit.events DROP COLUMN payload')
  await client.query(`INSERT INTO schema_migrations VALUES ('20261124_split_body', now())`)
  await client.query('CREATE TABLE post_bodies (post_id bigint PRIMARY KEY, body text)')
}

async function addUpload(client: Client, uploads: string, upload: Upload): Promise<void> {
  const file = join(uploads, upload.path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, upload.bytes)
  await client.query('INSERT INTO uploads VALUES ($1, $2, $3, $4, $5, $6)', [
    upload.id,
    1 + ((upload.id * 53) % 12000),
    upload.path,
    upload.mediaType,
    upload.bytes.length,
    createHash('sha256').update(upload.bytes).digest(),
  ])
}

/** Three of four look like photographs, which no compression helps; the fourth is text. */
function makeUpload(id: number, seed: number): Upload {
  const month = String(1 + (id % 12)).padStart(2, '0')
  const noise = keystream(`${seed}/${id}`, 40 * KiB + ((id * 7919) % (240 * KiB)))
  if (id % 4 !== 0) {
    const head = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')
    return { id, path: `2026/${month}/photo ${id}.jpg`, mediaType: 'image/jpeg', bytes: Buffer.concat([head, noise]) }
  }
  const lines = Array.from(noise.subarray(0, 4 * KiB), (byte, i) => `${i},reading ${byte % 16},${byte}\n`)
  return { id, path: `2026/${month}/täble ${id}.csv`, mediaType: 'text/csv', bytes: Buffer.from(lines.join('')) }
}

function keystream(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

async function writeConfig(folder: string): Promise<void> {
  await mkdir(join(folder, 'config'), { recursive: true })
  await writeFile(
    join(folder, 'config/app.yml'),
    'site:\n  name: The Commons\n  locale: uk\nuploads:\n  directory: ./uploads\n  limit: 20MB\nfeatures: "%FEATURE_FLAGS%"\n',
  )
  await writeFile(
    join(folder, 'config/production.env'),
    'PORT=8080\nAPP_SECRET=correct-horse-battery-staple-0123456789\n# the mail server\nSMTP_HOST=mail.example.org\n',
  )
}
