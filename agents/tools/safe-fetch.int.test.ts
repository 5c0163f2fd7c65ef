import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { EffectContext } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { fetchUrlTool } from './fetch-url.ts'
import { type SafeFetchOptions, safeFetch } from './safe-fetch.ts'
import { smallPdf } from './small-pdf.fixture.ts'

const test = testSuite('agents/tools/safe-fetch (sockets)')

let server: Server
let base = ''
let port = 0
const seen: IncomingMessage[] = []
let sentBytes = 0
const allow = (address: string): boolean => address === '127.0.0.1'

const redirect = (response: ServerResponse, location: string, status = 302): unknown =>
  response.writeHead(status, { location }).end('moved')

const ROUTES: Record<string, (response: ServerResponse) => unknown> = {
  '/page': response =>
    response.setHeader('content-type', 'text/html; charset=utf-8').end('<h1>Hi</h1><p>You.</p>'),
  '/text': response => response.setHeader('content-type', 'text/plain').end('plain'),
  '/json': response => response.setHeader('content-type', 'application/json').end('{"a":1}'),
  '/pdf': response => response.setHeader('content-type', 'application/pdf').end(smallPdf(['Paper.'])),
  '/untyped.md': response => response.end('# Untyped'),
  '/image': response => response.setHeader('content-type', 'image/png').end('png'),
  '/bytes': response => response.setHeader('content-type', 'application/octet-stream').end('x'),
  '/hop1': response => redirect(response, '/hop2', 301),
  '/hop2': response => redirect(response, '/hop3', 307),
  '/hop3': response => redirect(response, '/page', 308),
  '/hop0': response => redirect(response, '/hop1', 303),
  '/to-file': response => redirect(response, 'file:///etc/passwd'),
  '/to-metadata': response => redirect(response, 'http://169.254.169.254/latest/'),
  '/to-decimal': response => redirect(response, 'http://2130706434/'),
  '/to-v6': response => redirect(response, `http://[::1]:${port}/page`),
  '/to-login': response => redirect(response, `http://user:pw@127.0.0.1:${port}/page`),
  '/to-private-name': response => redirect(response, 'http://intranet.example/'),
  '/to-nowhere': response => response.writeHead(302).end(),
  '/busy': response => response.writeHead(429, { 'retry-after': '3' }).end(),
  '/broken': response => response.writeHead(503).end(),
  '/missing': response => response.writeHead(404).end('not here'),
  '/declared': response =>
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '10000000' }).write('x'),
  '/endless': response => {
    response.setHeader('content-type', 'text/plain')
    const more = (): void => {
      while (!response.destroyed) {
        sentBytes += 16_384
        if (!response.write('x'.repeat(16_384))) return void response.once('drain', more)
      }
    }
    more()
  },
  '/bomb': response => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
    response.end(gzipSync(Buffer.alloc(20_000_000, 'x')))
  },
  '/silent': () => {},
  '/slow-body': response => response.writeHead(200, { 'content-type': 'text/plain' }).write('start'),
  '/cut': response => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' })
    response.write('half', () => response.destroy())
  },
}

test.before(async () => {
  server = createServer((request, response) => {
    seen.push(request)
    const route = ROUTES[request.url ?? '']
    if (route === undefined) response.writeHead(404).end()
    else route(response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
  base = `http://127.0.0.1:${port}`
})
test.after(async () => {
  server.closeAllConnections()
  await new Promise(done => server.close(done))
})
test.beforeEach(() => {
  seen.length = 0
})

const get = (path: string, options: SafeFetchOptions = {}): ReturnType<typeof safeFetch> =>
  safeFetch(`${base}${path}`, { allow, ...options })

async function errorOf(promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, RuntimeError, String(error))
  return error as RuntimeError
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(done => probe.listen(0, '127.0.0.1', done))
  const free = (probe.address() as AddressInfo).port
  await new Promise(done => probe.close(done))
  return free
}

const text = async (path: string, options?: SafeFetchOptions): Promise<string> =>
  Buffer.from((await get(path, options)).bytes).toString()

test('does not reach this machine unless an operator allows it', async () => {
  assert.is((await errorOf(safeFetch(`${base}/page`))).kind, 'url-refused')
  assert.is((await errorOf(safeFetch(`http://localhost:${port}/page`))).kind, 'url-refused')
  assert.is(seen.length, 0)
})

test('reads text, HTML, JSON, PDF and untyped responses', async () => {
  assert.is(await text('/text'), 'plain')
  assert.is(await text('/json'), '{"a":1}')
  assert.is(await text('/untyped.md'), '# Untyped')
  assert.ok((await get('/pdf')).bytes.byteLength > 100)
})

test('sends neither cookies nor credentials nor a referrer', async () => {
  await get('/hop3')
  for (const { headers, method } of seen) {
    assert.is(method, 'GET')
    for (const name of ['cookie', 'authorization', 'referer']) assert.is(headers[name], undefined)
  }
})

test('follows three redirects and tells where it ended, but not four', async () => {
  assert.is((await get('/hop1')).url, `${base}/page`)
  assert.is((await errorOf(get('/hop0'))).kind, 'url-refused')
})

for (const path of ['/to-file', '/to-metadata', '/to-decimal', '/to-v6', '/to-login', '/to-private-name']) {
  test(`refuses the redirect ${path}`, async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(['10.1.2.3'])
    assert.is((await errorOf(get(path, { resolve }))).kind, 'url-refused')
    assert.is(seen.length, 1)
  })
}

test('connects to the address that was checked, whatever the name means elsewhere', async () => {
  let asked = 0
  const resolve = (): Promise<string[]> =>
    Promise.resolve(asked++ === 0 ? ['127.0.0.1'] : ['169.254.169.254'])
  const fetched = await safeFetch(`http://name.invalid:${port}/text`, { allow, resolve })
  assert.is(Buffer.from(fetched.bytes).toString(), 'plain')
  assert.is(asked, 1)
  assert.is(seen[0]?.headers.host, `name.invalid:${port}`)
})

test('takes no proxy from the environment', async () => {
  const before = process.env['HTTP_PROXY']
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:1'
  process.env['http_proxy'] = 'http://127.0.0.1:1'
  try {
    assert.is(await text('/text'), 'plain')
  } finally {
    delete process.env['http_proxy']
    if (before === undefined) delete process.env['HTTP_PROXY']
    else process.env['HTTP_PROXY'] = before
  }
})

test('maps statuses to errors that say whether to try again', async () => {
  const busy = await errorOf(get('/busy'))
  assert.equal([busy.kind, busy.retryAfterMs], ['rate-limited', 3_000])
  const broken = await errorOf(get('/broken'))
  assert.equal([broken.kind, broken.retryable], ['tool-failed', true])
  for (const path of ['/missing', '/to-nowhere']) {
    const missing = await errorOf(get(path))
    assert.equal([missing.kind, missing.retryable], ['tool-failed', false])
  }
})

test('refuses types that are not text', async () => {
  for (const path of ['/image', '/bytes']) assert.is((await errorOf(get(path))).kind, 'document-unreadable')
})

test('stops reading at the cap, declared or not, packed or not', async () => {
  assert.is((await errorOf(get('/declared', { maxBytes: 1_000 }))).kind, 'too-large')
  assert.is((await errorOf(get('/bomb', { maxBytes: 1_000_000 }))).kind, 'too-large')
  assert.is((await errorOf(get('/endless', { maxBytes: 100_000 }))).kind, 'too-large')
  assert.ok(sentBytes < 20_000_000, `${sentBytes} bytes were sent`)
})

test('gives up on a server that is silent or stops half way', async () => {
  assert.is((await errorOf(get('/silent', { timeoutMs: 100 }))).kind, 'attempt-timeout')
  assert.is((await errorOf(get('/slow-body', { timeoutMs: 100 }))).kind, 'attempt-timeout')
})

test('a broken connection may be tried again', async () => {
  for (const url of [`${base}/cut`, `http://127.0.0.1:${await freePort()}/`]) {
    const error = await errorOf(safeFetch(url, { allow }))
    assert.equal([error.kind, error.retryable], ['tool-failed', true])
  }
})

test('refuses the ports of mail servers and the like', async () => {
  assert.is((await errorOf(safeFetch('http://127.0.0.1:25/', { allow }))).kind, 'url-refused')
})

test('a cancelled fetch ends with the reason it was given', async () => {
  const stop = new AbortController()
  const promise = errorOf(get('/silent', { signal: stop.signal }))
  stop.abort(new RuntimeError('cancelled', 'stop'))
  assert.is((await promise).kind, 'cancelled')
})

test('fetch_url gives a document whose source is where it ended', async () => {
  const tool = fetchUrlTool({ allow })
  assert.equal([tool.name, tool.effect, tool.capability, tool.untrusted], ['fetch_url', 'pure', 'net', true])
  const context: EffectContext = {
    actor: address('tester', '1'),
    signal: new AbortController().signal,
    key: 'k',
    attempt: 1,
    progress: () => {},
    spent: () => {},
  }
  const document = await tool.run(tool.input.parse({ url: `${base}/hop3` }), context)
  assert.equal(document, { source: `${base}/page`, title: 'Hi', text: '# Hi\n\nYou.', format: 'html' })
  const refused = Promise.resolve(fetchUrlTool().run({ url: `${base}/page` }, context))
  assert.is((await errorOf(refused)).kind, 'url-refused')
})

test.run()
