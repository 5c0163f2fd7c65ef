import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { EffectContext } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type SearchResult, searchProvider, type WebSearchOptions, webSearchTool } from './web-search.ts'

const test = testSuite('agents/tools/web-search')

interface Call {
  readonly method: string | undefined
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: Server
let base = ''
let answer: (response: ServerResponse) => unknown = response => response.end()
const calls: Call[] = []

test.before(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const url = new URL(request.url ?? '/', base)
    calls.push({ method: request.method, url, headers: request.headers, body })
    answer(response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
test.after(async () => {
  server.closeAllConnections()
  await new Promise(done => server.close(done))
})
test.beforeEach(() => {
  calls.length = 0
})

const json =
  (value: unknown, status = 200) =>
  (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

async function search(
  options: Omit<WebSearchOptions, 'baseUrls'>,
  signal = new AbortController().signal,
): Promise<SearchResult[]> {
  const tool = webSearchTool({ ...options, baseUrls: { tavily: base, brave: `${base}/` } })
  const context: EffectContext = {
    actor: address('tester', '1'),
    signal,
    key: 'k',
    attempt: 1,
    progress: () => {},
    spent: () => {},
  }
  return tool.run(tool.input.parse({ query: ' durable streams ', limit: 2 }), context)
}

async function errorOf(promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, RuntimeError, String(error))
  return error as RuntimeError
}

const hit = (n: number, more: object = {}): object => ({
  title: `Title ${n}`,
  url: `https://example.com/${n}`,
  content: `Text\n  ${n}`,
  ...more,
})
const expected = (n: number): SearchResult => ({
  title: `Title ${n}`,
  url: `https://example.com/${n}`,
  snippet: `Text ${n}`,
})
const BRAVE = { BRAVE_API_KEY: 'brave-secret' }
const TAVILY = { TAVILY_API_KEY: 'tavily-secret' }

test('takes the first configured provider', () => {
  assert.is(searchProvider({}), undefined)
  assert.is(searchProvider({ TAVILY_API_KEY: '', SEARXNG_URL: 'http://x' }), 'searxng')
  assert.is(searchProvider({ ...BRAVE, SEARXNG_URL: 'http://x' }), 'brave')
  assert.is(searchProvider({ ...BRAVE, ...TAVILY }), 'tavily')
})

test('without a provider it names the three ways to get one', async () => {
  const error = await errorOf(search({ env: {} }))
  assert.is(error.kind, 'search-unconfigured')
  for (const name of ['TAVILY_API_KEY', 'BRAVE_API_KEY', 'SEARXNG_URL']) assert.ok(error.fix?.includes(name))
})

test('asks Tavily with a bearer key and reads its results', async () => {
  answer = json({
    query: 'q',
    answer: null,
    images: [],
    results: [hit(1, { score: 0.9, raw_content: null }), hit(2)],
  })
  assert.equal(await search({ env: TAVILY }), [expected(1), expected(2)])
  const [call] = calls
  assert.equal([call?.method, call?.url.pathname], ['POST', '/search'])
  assert.is(call?.headers.authorization, 'Bearer tavily-secret')
  assert.equal(JSON.parse(call?.body ?? ''), {
    query: 'durable streams',
    max_results: 2,
    search_depth: 'basic',
  })
})

test('asks Brave with its token header and takes the tags out of its descriptions', async () => {
  const results = [
    {
      title: 'A &amp; B',
      url: 'https://example.com/1',
      description: 'A <strong>durable</strong> stream &lt;x&gt;',
    },
    { title: 'No text', url: 'https://example.com/2' },
  ]
  answer = json({ type: 'search', query: { original: 'q' }, web: { type: 'search', results } })
  assert.equal(await search({ env: BRAVE }), [
    { title: 'A & B', url: 'https://example.com/1', snippet: 'A durable stream <x>' },
    { title: 'No text', url: 'https://example.com/2', snippet: '' },
  ])
  const [call] = calls
  assert.is(call?.url.pathname, '/res/v1/web/search')
  assert.equal(Object.fromEntries(call?.url.searchParams ?? []), { q: 'durable streams', count: '2' })
  assert.is(call?.headers['x-subscription-token'], 'brave-secret')
})

test('Brave without web results found nothing', async () => {
  answer = json({ type: 'search', query: { original: 'q' } })
  assert.equal(await search({ env: BRAVE }), [])
})

test('asks a private SearXNG instance below its own path for JSON', async () => {
  answer = json({ query: 'q', number_of_results: 3, results: [hit(1, { engine: 'x' }), hit(2), hit(3)] })
  assert.equal(await search({ env: { SEARXNG_URL: `${base}/searx/` } }), [expected(1), expected(2)])
  const [call] = calls
  assert.is(call?.url.pathname, '/searx/search')
  assert.equal(Object.fromEntries(call?.url.searchParams ?? []), { q: 'durable streams', format: 'json' })
})

test('a SearXNG instance without JSON is a fault that its operator can mend', async () => {
  for (const status of [403, 200]) {
    answer = response => response.writeHead(status).end('<html>')
    const error = await errorOf(search({ env: { SEARXNG_URL: base } }))
    assert.equal([error.kind, error.retryable], ['tool-failed', false])
    assert.ok(error.fix?.includes('search.formats'))
  }
})

test('leaves out results that do not lead to the web', async () => {
  answer = json({ results: [hit(1, { url: 'javascript:alert(1)' }), hit(1, { url: 'nonsense' }), hit(1)] })
  assert.equal(await search({ env: TAVILY }), [expected(1)])
})

test('maps statuses and keeps the key out of every error', async () => {
  const cases = [
    [429, 'rate-limited', true],
    [401, 'tool-failed', false],
    [500, 'tool-failed', true],
  ] as const
  for (const [status, kind, retryable] of cases) {
    answer = json({ detail: 'tavily-secret' }, status)
    const error = await errorOf(search({ env: TAVILY }))
    assert.equal([error.kind, error.retryable], [kind, retryable])
    assert.not(JSON.stringify([error.message, error.why, error.fix, error.details]).includes('secret'))
  }
})

test('does not carry the key to where a redirect leads', async () => {
  answer = response => response.writeHead(302, { location: `${base}/elsewhere` }).end()
  assert.is((await errorOf(search({ env: BRAVE }))).kind, 'tool-failed')
  assert.is(calls.length, 1)
})

test('refuses answers of another shape, and answers without end', async () => {
  answer = json({ results: 'none' })
  assert.equal([(await errorOf(search({ env: TAVILY }))).retryable], [false])
  answer = json({ results: [hit(1, { content: 'x'.repeat(3_000_000) })] })
  assert.is((await errorOf(search({ env: TAVILY }))).kind, 'too-large')
})

test('ends when time is up and when it is cancelled', async () => {
  answer = () => {}
  assert.is((await errorOf(search({ env: TAVILY, timeoutMs: 50 }))).kind, 'attempt-timeout')
  assert.is((await errorOf(search({ env: TAVILY }, AbortSignal.abort()))).kind, 'cancelled')
})

test('refuses a SEARXNG_URL that is not a web address', async () => {
  for (const url of ['not a url', 'file:///etc', 'localhost:8080']) {
    assert.is((await errorOf(search({ env: { SEARXNG_URL: url } }))).kind, 'url-refused', url)
  }
})

test('an unreachable provider may be tried again', async () => {
  const closed = createServer()
  await new Promise<void>(done => closed.listen(0, '127.0.0.1', done))
  const { port } = closed.address() as AddressInfo
  await new Promise(done => closed.close(done))
  const error = await errorOf(search({ env: { SEARXNG_URL: `http://127.0.0.1:${port}` } }))
  assert.equal([error.kind, error.retryable], ['tool-failed', true])
})

test('the schema refuses empty and endless queries', () => {
  const { input, untrusted, effect, capability } = webSearchTool({ env: {} })
  assert.equal([untrusted, effect, capability], [true, 'pure', 'net'])
  assert.not(input.safeParse({ query: '  ' }).success)
  assert.not(input.safeParse({ query: 'x'.repeat(401) }).success)
  assert.not(input.safeParse({ query: 'x', limit: 21 }).success)
})

test.run()
