/**
 * A real S3 server: Ceph's RADOS gateway with one monitor and one storage daemon that keeps everything in memory, on the
 * loopback, in a temporary folder. Debian: `radosgw ceph-mon ceph-osd ceph-common`. About 14 seconds to start.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { S3Credentials } from '../../src/store/s3-client.ts'

export const CEPH_PROGRAMS = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph', 'radosgw-admin'] as const

/** Milliseconds; busy machines take a multiple of the usual. */
const START_LIMIT = 110_000

/** Standard input is each daemon's life line: when this process dies, in whatever way, the daemon goes too. */
const LIFE_LINE = 'exec 3<&0; "$0" "$@" < /dev/null & daemon=$!; (cat <&3; kill -KILL $daemon) & wait $daemon'

export interface CephServer {
  readonly endpoint: string
  readonly credentials: S3Credentials
  stop(): Promise<void>
}

const run = promisify(execFile)

export async function startCeph(): Promise<CephServer> {
  const home = mkdtempSync(join(tmpdir(), 'comeback-ceph-'))
  const daemons: ChildProcess[] = []
  const stop = async () => {
    // Nothing of it is to be kept, and a storage daemon whose monitor is gone would not end otherwise.
    for (const daemon of daemons.reverse()) {
      daemon.stdin?.end()
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit')
    }
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const deadline = Date.now() + START_LIMIT
    const [mon = 0, monOld = 0, gateway = 0] = await freePorts(3)
    const conf = join(home, 'ceph.conf')
    for (const folder of ['mon', 'osd', 'run']) mkdirSync(join(home, folder))
    const cluster = randomUUID()
    writeFileSync(conf, configuration(home, cluster, mon, monOld, gateway))

    const tool = async (program: string, ...args: readonly string[]) => {
      const { stdout } = await run(program, [...args], { cwd: home, env: { ...process.env, CEPH_CONF: conf } })
      return stdout
    }
    const start = (program: string, ...args: readonly string[]) => {
      const log = openSync(join(home, `${program}.log`), 'a')
      const command = ['-c', LIFE_LINE, program, '-c', conf, ...args, '-f']
      const child = spawn('sh', command, { cwd: home, stdio: ['pipe', log, log], detached: true })
      daemons.push(child)
      return child
    }

    const addresses = `[v2:127.0.0.1:${mon},v1:127.0.0.1:${monOld}]`
    await tool('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', addresses, 'monmap')
    const keyring = ['ceph-authtool', 'keyring', '--gen-key'] as const
    await tool(...keyring, '--create-keyring', '-n', 'mon.', '--cap', 'mon', 'allow *')
    for (const user of ['client.admin', 'client.rgw.a', 'osd.0']) {
      await tool(...keyring, '-n', user, ...['mon', 'osd', 'mgr'].flatMap(service => ['--cap', service, 'allow *']))
    }
    await tool('ceph-mon', '-c', conf, '--mkfs', '-i', 'a', '--monmap', 'monmap', '--keyring', 'keyring')
    const monitor = start('ceph-mon', '-i', 'a')
    const disk = randomUUID()
    const fails = async (...args: readonly string[]) => {
      try {
        return await tool('timeout', '5', 'ceph', '-c', conf, ...args)
      } catch (error) {
        if (Date.now() > deadline) throw error
        return undefined
      }
    }
    await until(monitor, deadline, async () => (await fails('osd', 'new', disk)) !== undefined)
    await tool('ceph', '-c', conf, 'osd', 'crush', 'add', 'osd.0', '1.0', 'host=h', 'root=default')
    await tool('ceph-osd', '-c', conf, '-i', '0', '--mkfs', '--osd-uuid', disk)
    const storage = start('ceph-osd', '-i', '0')
    await until(storage, deadline, async () => (await fails('osd', 'stat'))?.includes('1 up') === true)
    const credentials = { accessKeyId: 'CEPHTEST', secretAccessKey: randomBytes(20).toString('hex') }
    const server = start('radosgw', '-n', 'client.rgw.a')
    const endpoint = `http://127.0.0.1:${gateway}`
    await until(server, deadline, async () => await answers(endpoint))
    const keys = ['--access-key', credentials.accessKeyId, '--secret', credentials.secretAccessKey]
    await tool('radosgw-admin', '-c', conf, 'user', 'create', '--uid=test', '--display-name=test', ...keys)
    return { endpoint, credentials, stop }
  } catch (error) {
    const log = ['ceph-mon', 'ceph-osd', 'radosgw'].map(program => tail(join(home, `${program}.log`))).join('\n')
    await stop()
    throw new Error(`Ceph did not start:\n${log}`, { cause: error })
  }
}

async function until(daemon: ChildProcess, deadline: number, done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) {
    if (daemon.exitCode !== null) throw new Error('It ended by itself.')
    if (Date.now() > deadline) throw new Error('It did not get ready in time.')
    await sleep(200)
  }
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint)
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => server.address()).map(at => (typeof at === 'object' ? (at?.port ?? 0) : 0))
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}

function tail(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').slice(-3000) : ''
}

/** `auth … = none` won't do: the gateway waits for tickets all the same. */
function configuration(home: string, cluster: string, mon: number, monOld: number, gateway: number): string {
  return `[global]
fsid = ${cluster}
mon initial members = a
mon host = [v2:127.0.0.1:${mon}/0,v1:127.0.0.1:${monOld}/0]
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${home}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
ms bind ipv4 = true
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = ${home}/run
admin socket = ${home}/run/$name.asok
log file = ${home}/run/$name.log
mon data = ${home}/mon
osd data = ${home}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd max object name len = 2048
mon max pg per osd = 5000
setuser match path = ${home}/osd
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw run sync thread = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable usage log = false
rgw dns name = localhost
`
}
