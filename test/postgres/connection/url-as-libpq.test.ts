/** Database URLs as libpq itself reads them: psql and we knock at the same door, which notes who says what. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/postgres/connection/connection.ts'
import { needTools } from '../../support/stock-tool.ts'

/** User, database, options and application of the startup packet, and the password. */
type Said = Readonly<Record<string, string | undefined>>

let port = 0
let heard: ((said: Said) => void) | undefined
const door = createServer(socket => listen(socket, said => heard?.(said)))

beforeAll(async () => {
  door.listen(0, '::')
  await once(door, 'listening')
  port = Object(door.address()).port
})
afterAll(() => {
  door.close()
})

const URLS = [
  'postgresql://u:p@HOST/d',
  'postgres://u:p@HOST/d',
  'postgresql://u:p@HOST',
  'postgresql://u:p@HOST/',
  'postgresql://u@HOST/d?password=p',
  'postgresql://HOST/d?user=u&password=p',
  'postgresql://u:p@localhost/d?host=127.0.0.1&port=PORT',
  'postgresql:///d?host=127.0.0.1&port=PORT&user=u&password=p',
  'postgresql://u:p@/d?host=127.0.0.1&port=PORT',
  'postgresql://u:p@:PORT/d?host=127.0.0.1',
  'postgresql://u:p@/d?hostaddr=127.0.0.1&port=PORT',
  'postgresql://u:p@[::1]:PORT/d',
  'postgresql://u:p@[0:0:0:0:0:0:0:1]:PORT/d',
  'postgresql://u:p@127.0.0.1:PORT/d?hostaddr=127.0.0.1',
  'postgresql://u:p@HOST/a?dbname=b',
  'postgresql://u:p@HOST/d?user=v&password=q',
  'postgresql://u:p@HOST/d?application_name=one&application_name=two',
  'postgresql://u:p@HOST/d?application_name=a+b',
  'postgresql://u:p+q@HOST/d',
  'postgresql://u:p%2Bq%20r@HOST/d',
  'postgresql://u+v:p@HOST/d+e',
  'postgresql://us%40er:p%3A%2F%3F%23%5B%5D%40@HOST/d%2Fe%20f',
  'postgresql://u:p:q@HOST/d',
  'postgresql://u:p@HOST/d/e',
  'postgresql://u:p@HOST/%C3%BC',
  'postgresql://u:p@HOST/d?password=a+b%26c',
  'postgresql://u:p@HOST/d?options=-c%20work_mem%3D1MB%20-c+x',
  'postgresql://u:p@HOST/d?options=endpoint%3Dep-cool-name-123',
  'postgresql://u:p@HOST/d?application%5Fname=x',
  'postgresql://u:p@HOST/d?connect_timeout=7&keepalives_idle=3&target_session_attrs=any&gssencmode=disable',
]

test.for(URLS)('%s', async (form, context) => {
  needTools(context, 'psql')
  const url = form.replace('HOST', '127.0.0.1:PORT').replaceAll('PORT', String(port))
  const ours = await at(() =>
    connect({ url: withoutTls(url), connectTimeout: 10_000, signal: AbortSignal.timeout(20_000) }),
  )
  const theirs = await at(() => psql(withoutTls(url)))
  const given = theirs.application_name !== 'psql'
  expect({ ...ours, ...(given ? {} : { application_name: 'psql' }) }).toEqual(theirs)
})

test.each([
  ['postgresql://u:s3cret@h1:5432,h2:5433/d', 'several hosts'],
  ['postgresql://u:s3cret@h1,h2/d?target_session_attrs=primary', 'several hosts'],
  ['postgresql://u:s3cret@/d?host=h1,h2', 'several hosts'],
  ['postgresql://u:s3cret@h%2Ci/d', 'several hosts'],
  ['postgresql://u:s3cret@/d?host=h&port=1,2', 'several hosts'],
  ['postgresql://u:s3cret@/d?hostaddr=::1,::2', 'several hosts'],
  ['postgresql://u:s3cret@h/d?hostaddr=10.0.0.1', 'both host and hostaddr'],
  ['postgresql://u:s3cret@/d?hostaddr=db.example.com', 'hostaddr that is no address'],
  ['postgresql:///?service=s3cret', 'parameter service,'],
  ['postgresql://u:s3cret@h/d?servicefile=/s3cret', 'parameter servicefile,'],
  ['postgresql://u@h/d?passfile=/s3cret', 'parameter passfile,'],
  ['postgresql://u:s3cret@h/d?requirepeer=postgres', 'parameter requirepeer,'],
  ['postgresql://u:s3cret@h/d?require_auth=scram-sha-256', 'parameter require_auth,'],
  ['postgresql://u:s3cret@h/d?gssencmode=require', 'parameter gssencmode,'],
  ['postgresql://u:s3cret@h/d?replication=database', 'parameter replication,'],
  ['postgresql://u:s3cret@h/d?hots=elsewhere', 'parameter hots,'],
  ['postgresql://u:s3cret@h/d?Host=elsewhere', 'parameter Host,'],
  ['postgresql://u:s3cret@h/d?sslmode', 'parameter without a value'],
  ['postgresql://u:s3cret@h/d?application_name=%zz', 'a % that is not part'],
  ['host=h user=u password=s3cret dbname=d', 'list of keywords'],
  ['postgresql://u:p?s3cret@h/d', ''],
  ['postgresql://u:p@q?s3cret=1@h/d', 'a parameter that'],
  ['postgresql://u:p s3cret@h /d', 'cannot be read'],
])('%s is refused without being repeated: %s', async (url, why) => {
  const error: unknown = await connect({ url, connectTimeout: 100, signal: AbortSignal.timeout(2_000) }).catch(e => e)
  expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(why) })
  expect(JSON.stringify([String(error), Object(error).hint])).not.toContain('s3cret')
})

test('parameters of well-known programs are left alone, in whatever case they write them', async () => {
  const url =
    `postgresql://u:p@127.0.0.1:${port}/d?schema=public&connection_limit=1&pool_timeout=0&pgbouncer=false&supa=base-pooler.x` +
    '&serverVersion=16&charset=utf8&currentSchema=app&prepareThreshold=0&ApplicationName=x&pool_max_conns=4&x-migrations-table=m' +
    '&prepared_statements=false&sslmode=disable'
  expect(await at(() => connect({ url, connectTimeout: 10_000, signal: AbortSignal.timeout(20_000) }))).toMatchObject({
    user: 'u',
    database: 'd',
    application_name: 'comeback',
  })
})

function withoutTls(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}sslmode=disable`
}

/** Runs it, and resolves with what it said at the door. */
async function at(run: () => Promise<unknown>): Promise<Said> {
  const said = Promise.withResolvers<Said>()
  heard = said.resolve
  await run().then(
    () => said.reject(new Error('it was let in')),
    (error: Error) => setTimeout(() => said.reject(error), 500),
  )
  return await said.promise
}

function psql(url: string): Promise<unknown> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/nonexistent', USER: 'nobody' }
  return new Promise((resolve, reject) => {
    execFile('psql', ['--no-psqlrc', '-w', '-c', '', url], { env }, error =>
      error ? reject(error) : resolve(undefined),
    )
  })
}

/** Asks for a password in clear, and shows whoever comes the door. */
function listen(socket: Socket, tell: (said: Said) => void): void {
  let bytes = Buffer.alloc(0)
  let startup: Said | undefined
  socket.on('error', () => {})
  socket.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk])
    if (startup === undefined && bytes.length >= 4 && bytes.length >= bytes.readUInt32BE(0)) {
      const words = bytes.toString('utf8', 8, bytes.readUInt32BE(0)).split('\0')
      bytes = bytes.subarray(bytes.readUInt32BE(0))
      const all = Object.fromEntries(
        words.flatMap((word, i) => (i % 2 === 0 && word !== '' ? [[word, words[i + 1]]] : [])),
      )
      const { user, database, options, application_name } = all
      startup = { user, database, application_name, ...(options === undefined ? {} : { options }) }
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    }
    if (startup !== undefined && bytes.length >= 5 && bytes.length > bytes.readUInt32BE(1)) {
      tell({ ...startup, password: bytes.toString('utf8', 5, bytes.readUInt32BE(1)) })
      const fields = 'SFATAL\0VFATAL\0C28P01\0Mno\0\0'
      const head = Buffer.from([0x45, 0, 0, 0, fields.length + 4])
      socket.end(Buffer.concat([head, Buffer.from(fields)]))
    }
  })
}
