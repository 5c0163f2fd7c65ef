import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type CorporaOptions, type CorpusLimits, createCorpora } from './corpus.ts'

const test = testSuite('agents/research/corpus')

let cwd = ''
let server: Server
let base = ''
let requests = 0
let now = 0
let respond = (): void => {}
const allow = (address: string): boolean => address === '127.0.0.1'

test.before(async () => {
  server = createServer((request, response) => {
    requests++
    if (request.url === '/gone') response.writeHead(404).end()
    else if (request.url === '/waits') {
      respond = () => response.setHeader('content-type', 'text/plain').end('Late.')
    } else response.setHeader('content-type', 'text/html').end('<h1>Page</h1><p>About llamas.</p>')
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
test.after(async () => {
  server.closeAllConnections()
  await new Promise(done => server.close(done))
})
test.beforeEach(async () => {
  requests = 0
  cwd = await mkdtemp(join(tmpdir(), 'corpus-'))
  await mkdir(join(cwd, 'docs'))
  await writeFile(join(cwd, 'docs', 'a.md'), '# A\n\nAlpacas eat grass.\n')
  await writeFile(join(cwd, 'docs', 'b.txt'), 'Badgers dig.')
  await writeFile(join(cwd, 'docs', 'binary.md'), Uint8Array.of(0, 255))
})
test.afterEach(() => rm(cwd, { recursive: true, force: true }))

const corpora = (options: CorporaOptions = {}): ReturnType<typeof createCorpora> =>
  createCorpora({ fetch: { allow }, now: () => now, ...options })

async function errorOf(promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, RuntimeError, String(error))
  return error as RuntimeError
}

test('reads files and pages into one corpus and tells what it skipped', async () => {
  const corpus = await corpora().load(['docs', `${base}/page`], { cwd })
  assert.equal(
    corpus.documents.map(({ source, title }) => [source, title]),
    [
      ['docs/a.md', 'A'],
      ['docs/b.txt', 'b.txt'],
      [`${base}/page`, 'Page'],
    ],
  )
  assert.equal(
    corpus.skipped.map(({ source, error }) => [source, error.kind]),
    [['docs/binary.md', 'document-unreadable']],
  )
  assert.is(corpus.search('alpaca')[0]?.source, 'docs/a.md')
  assert.is(corpus.search('llama')[0]?.source, `${base}/page`)
  assert.is(corpus.quote('docs/a.md', 'Alpacas eat grass.')?.start, 5)
})

test('agents that name the same sources share one corpus, also while it loads', async () => {
  const { load } = corpora()
  const [first, second] = await Promise.all([load(['docs'], { cwd }), load(['./docs'], { cwd })])
  assert.is(first, second)
  assert.is(await load(['docs'], { cwd }), first)
  assert.is.not(await load(['docs/a.md'], { cwd }), first)
  assert.is.not(await corpora().load(['docs'], { cwd }), first)
})

test('reads again when a file changed, came or went', async () => {
  const { load } = corpora()
  const first = await load(['docs'], { cwd })
  await writeFile(join(cwd, 'docs', 'a.md'), 'Antelopes.')
  const second = await load(['docs'], { cwd })
  assert.is(second.search('antelope').length, 1)
  await utimes(join(cwd, 'docs', 'a.md'), new Date(5), new Date(5))
  assert.is.not(await load(['docs'], { cwd }), second)
  await rm(join(cwd, 'docs', 'b.txt'))
  assert.is((await load(['docs'], { cwd })).documents.length, 1)
  assert.is(first.search('badger').length, 1)
})

test('fetches a page again when it is no longer fresh', async () => {
  const { load } = corpora({ limits: { freshMs: 1_000 } })
  now = 0
  await load([`${base}/page`], { cwd })
  now = 999
  await load([`${base}/page`], { cwd })
  assert.is(requests, 1)
  now = 1_000
  await load([`${base}/page`], { cwd })
  assert.is(requests, 2)
})

test('keeps no more corpora than it may, the ones asked for last', async () => {
  const { load } = corpora({ limits: { kept: 2 } })
  const first = await load(['docs/a.md'], { cwd })
  const second = await load(['docs/b.txt'], { cwd })
  assert.is(await load(['docs/a.md'], { cwd }), first)
  await load(['docs'], { cwd })
  assert.is(await load(['docs/a.md'], { cwd }), first)
  assert.is.not(await load(['docs/b.txt'], { cwd }), second)
})

test('a file or page that is named must be readable, also when a folder holds it', async () => {
  const { load } = corpora()
  for (const specs of [
    ['docs/binary.md', 'docs'],
    ['docs', 'docs/binary.md'],
  ]) {
    assert.is((await errorOf(load(specs, { cwd }))).kind, 'document-unreadable')
  }
  assert.is((await errorOf(load(['docs', `${base}/gone`], { cwd }))).kind, 'tool-failed')
  assert.is((await errorOf(createCorpora().load([`${base}/page`], { cwd }))).kind, 'url-refused')
})

test('a failure is not remembered', async () => {
  const { load } = corpora()
  await errorOf(load(['docs/b.txt', `${base}/gone`], { cwd }))
  await errorOf(load(['docs/b.txt', `${base}/gone`], { cwd }))
  assert.is(requests, 2)
})

test('sources that hold nothing readable are an error that says why', async () => {
  await mkdir(join(cwd, 'bad'))
  await writeFile(join(cwd, 'bad', 'x.md'), Uint8Array.of(0))
  const error = await errorOf(corpora().load(['bad'], { cwd }))
  assert.is(error.kind, 'sources-empty')
  assert.equal(error.details?.['skipped'], [{ source: 'bad/x.md', code: 'AC-3105' }])
  assert.is((await errorOf(corpora().load([], { cwd }))).kind, 'sources-empty')
})

test('limits the files, one document and all of them', async () => {
  const load = (limits: CorpusLimits, spec = 'docs'): ReturnType<ReturnType<typeof corpora>['load']> =>
    corpora({ limits }).load([spec], { cwd })
  assert.is((await errorOf(load({ files: 2 }))).kind, 'too-large')
  assert.is((await errorOf(load({ totalBytes: 20 }))).kind, 'too-large')
  assert.is((await errorOf(load({ documentBytes: 5 }, 'docs/b.txt'))).kind, 'too-large')
  const corpus = await load({ documentBytes: 15 })
  assert.equal(
    corpus.skipped.map(({ error }) => error.kind),
    ['too-large', 'document-unreadable'],
  )
})

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => setImmediate(resolve))
}

test('one agent that gives up does not stop the others', async () => {
  const { load } = corpora()
  const source = [`${base}/waits`]
  const stop = new AbortController()
  const given = errorOf(load(source, { cwd, signal: stop.signal }))
  const waiting = load(source, { cwd, signal: new AbortController().signal })
  await until(() => requests === 1)
  stop.abort(new RuntimeError('cancelled', 'enough'))
  assert.is((await given).kind, 'cancelled')
  respond()
  assert.is((await waiting).documents[0]?.text, 'Late.')
  assert.is(requests, 1)
})

test('when the last one gives up the work stops and the next one starts anew', async () => {
  const { load } = corpora()
  const source = [`${base}/waits`]
  const stop = new AbortController()
  const given = errorOf(load(source, { cwd, signal: stop.signal }))
  await until(() => requests === 1)
  stop.abort(new RuntimeError('cancelled', 'enough'))
  assert.is((await given).kind, 'cancelled')
  const again = load(source, { cwd })
  await until(() => requests === 2)
  respond()
  assert.is((await again).documents[0]?.text, 'Late.')
  const cancelled = load(source, { cwd, signal: AbortSignal.abort(new RuntimeError('cancelled', 'x')) })
  assert.is((await errorOf(cancelled)).kind, 'cancelled')
})

test.run()
