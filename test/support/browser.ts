/** A real Chromium, driven over its DevTools protocol: a page is opened, keys are pressed, and what it asks for is written down. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Milliseconds for the browser to start, and for each answer. */
const PATIENCE = 20_000
const KEY_CODES: Readonly<Record<string, number>> = {
  Tab: 9,
  Enter: 13,
  PageUp: 33,
  PageDown: 34,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
}

export interface Page {
  /** URLs of everything that it asked for, its own among them. */
  readonly requests: readonly string[]
  /** Texts of errors on its console and of exceptions. */
  readonly errors: readonly string[]
  /** The value of an expression, as JSON carries it; promises are waited for. */
  evaluate<Value = unknown>(expression: string): Promise<Value>
  press(key: string): Promise<void>
  click(selector: string): Promise<void>
  resize(width: number, height: number): Promise<void>
  prefer(scheme: 'light' | 'dark', medium?: 'screen' | 'print'): Promise<void>
  open(url: string): Promise<void>
  screenshot(): Promise<Buffer>
}

export interface Browser {
  newPage(): Promise<Page>
  close(): Promise<void>
}

type Send = (method: string, parameters?: object, session?: string) => Promise<Record<string, unknown>>
type Listener = (session: string | undefined, method: string, parameters: Record<string, unknown>) => void

export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'comeback-browser-'))
  const child = spawn(
    'chromium',
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = new Promise<void>(done => child.once('close', () => done()))
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const listeners = new Set<Listener>()
    const { send, socket } = await connect(await endpointOf(child.stderr), listeners)
    return {
      newPage: () => openPage(send, listeners),
      close: async () => {
        socket.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function endpointOf(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((done, failed) => {
    let text = ''
    const timer = setTimeout(() => failed(new Error(`Chromium did not start: ${text}`)), PATIENCE)
    stderr.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      done(url)
    })
    stderr.once('end', () => failed(new Error(`Chromium ended: ${text}`)))
  })
}

async function connect(url: string, listeners: ReadonlySet<Listener>): Promise<{ send: Send; socket: WebSocket }> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, { done: (value: Record<string, unknown>) => void; failed: (error: Error) => void }>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error, method, params, sessionId } = JSON.parse(String(data))
    if (id === undefined) {
      for (const listener of listeners) listener(sessionId, method, params)
      return
    }
    const caller = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) caller?.done(result)
    else caller?.failed(new Error(error.message))
  })
  await new Promise((done, failed) => {
    socket.addEventListener('open', done, { once: true })
    socket.addEventListener('error', failed, { once: true })
  })
  const send: Send = (method, parameters = {}, session) =>
    new Promise((done, failed) => {
      const id = ++last
      const timer = setTimeout(() => failed(new Error(`${method} was not answered`)), PATIENCE)
      const settled = (then: () => void) => {
        clearTimeout(timer)
        then()
      }
      waiting.set(id, { done: value => settled(() => done(value)), failed: error => settled(() => failed(error)) })
      socket.send(
        JSON.stringify({ id, method, params: parameters, ...(session === undefined ? {} : { sessionId: session }) }),
      )
    })
  return { send, socket }
}

async function openPage(browser: Send, listeners: Set<Listener>): Promise<Page> {
  const { targetId } = await browser('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await browser('Target.attachToTarget', { targetId, flatten: true })
  const session = String(sessionId)
  const send = (method: string, parameters?: object) => browser(method, parameters, session)
  const requests: string[] = []
  const errors: string[] = []
  let loaded = () => {}
  listeners.add((from, method, parameters) => {
    if (from !== session) return
    if (method === 'Page.loadEventFired') loaded()
    if (method === 'Network.requestWillBeSent') requests.push((parameters.request as { url: string }).url)
    if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(parameters))
    if (method === 'Runtime.consoleAPICalled' && parameters.type === 'error') errors.push(JSON.stringify(parameters))
    if (method === 'Log.entryAdded') errors.push((parameters.entry as { text: string }).text)
  })
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`)

  async function evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
      userGesture: true,
    })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value: Value }).value
  }
  return {
    requests,
    errors,
    evaluate,
    async press(key) {
      const event = { key, code: key, windowsVirtualKeyCode: KEY_CODES[key] ?? 0 }
      await send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event })
      // What a button does on Enter hangs on the character.
      if (key === 'Enter') await send('Input.dispatchKeyEvent', { type: 'char', ...event, text: '\r' })
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
    },
    async click(selector) {
      const { x, y } = await evaluate<{ x: number; y: number }>(
        `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: 'center', inline: 'center' }); const r = e.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 } })()`,
      )
      for (const type of ['mousePressed', 'mouseReleased']) {
        await send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 })
      }
    },
    async resize(width, height) {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 })
    },
    async prefer(scheme, medium = 'screen') {
      await send('Emulation.setEmulatedMedia', {
        media: medium,
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      })
    },
    async open(url) {
      const done = new Promise<void>(resolve => {
        loaded = resolve
      })
      await send('Page.navigate', { url })
      await done
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(String(data), 'base64')
    },
  }
}
