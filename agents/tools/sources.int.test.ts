import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { resolveSources, type Source } from './sources.ts'

const test = testSuite('agents/tools/sources')

let cwd = ''
const FILES = [
  ...['docs/b.md', 'docs/a.markdown', 'docs/deep/c.TXT', 'docs/page.html', 'docs/old.htm', 'docs/data.json'],
  ...[
    'docs/paper.pdf',
    'docs/picture.png',
    'docs/notes.rst',
    'docs/.secret.md',
    'docs/.git/x.md',
    'odd[1].md',
  ],
  ...[
    'docs/node_modules/pkg/readme.md',
    'node_modules/nats/README.md',
    'node_modules/nats/lib/node_modules/x/y.md',
  ],
  ...['empty/picture.png', '.notes/own.md'],
]

test.before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sources-'))
  for (const file of FILES) {
    await mkdir(dirname(join(cwd, file)), { recursive: true })
    await writeFile(join(cwd, file), file)
  }
})
test.after(() => rm(cwd, { recursive: true, force: true }))

const show = (sources: readonly Source[]): string[] =>
  sources.map(source => (source.kind === 'url' ? source.url : source.path))
const found = async (...specs: string[]): Promise<string[]> => show(await resolveSources(specs, { cwd }))

async function errorOf(promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, RuntimeError)
  return error as RuntimeError
}

const DOCS = [
  ...['docs/a.markdown', 'docs/b.md', 'docs/data.json', 'docs/deep/c.TXT', 'docs/old.htm', 'docs/page.html'],
  'docs/paper.pdf',
]

test('a folder gives its readable files in order, without hidden ones and node_modules', async () => {
  assert.equal(await found('docs'), DOCS)
  assert.equal(await found('./docs/'), DOCS)
  assert.equal(await found(join(cwd, 'docs')), DOCS)
})

test('a folder inside node_modules is searched when it is named, and its own node_modules too', async () => {
  assert.equal(await found('node_modules/nats'), [
    'node_modules/nats/README.md',
    'node_modules/nats/lib/node_modules/x/y.md',
  ])
})

test('a hidden folder is searched when it is named', async () => {
  assert.equal(await found('.notes'), ['.notes/own.md'])
})

test('a file is taken as it is named, whatever its kind, brackets included', async () => {
  const sources = await resolveSources(['odd[1].md', 'docs/notes.rst'], { cwd })
  assert.equal(show(sources), ['odd[1].md', 'docs/notes.rst'])
  assert.ok(sources.every(source => source.kind === 'file' && source.named))
})

test('a glob skips node_modules unless it names it', async () => {
  assert.equal(await found('**/*.md'), ['docs/b.md', 'odd[1].md'])
  assert.equal(await found('node_modules/nats/*.md'), ['node_modules/nats/README.md'])
  assert.equal(await found('node_modules/**/README.md'), ['node_modules/nats/README.md'])
})

test('a glob without a kind gives what can be read, one with a kind gives that kind', async () => {
  assert.equal(
    await found('docs/*'),
    DOCS.filter(path => !path.includes('deep')),
  )
  assert.equal(await found('docs/*.rst'), ['docs/notes.rst'])
  assert.equal(await found('docs/*.{rst,json}'), ['docs/data.json', 'docs/notes.rst'])
})

test('paths outside the working directory are shown as found from it', async () => {
  const sources = await resolveSources(['../docs/b.md', '../docs/*.markdown'], { cwd: join(cwd, 'empty') })
  assert.equal(show(sources), ['../docs/b.md', '../docs/a.markdown'])
})

test('keeps the order of the specs and gives each source once', async () => {
  const specs = [
    'https://example.com/a#top',
    'docs/page.html',
    'docs',
    'docs/**/*.md',
    'HTTPS://example.com/a#top',
  ]
  assert.equal(await found(...specs), [
    'https://example.com/a#top',
    'docs/page.html',
    ...DOCS.filter(path => path !== 'docs/page.html'),
  ])
})

test('a spec that matches nothing is named in the error', async () => {
  for (const spec of ['none', 'none/*.md', 'empty', '', 'docs/b.md/x', 'nul\0', 'x'.repeat(5_000)]) {
    const error = await errorOf(resolveSources(['docs', spec], { cwd }))
    assert.is(error.kind, 'sources-empty')
    assert.is(error.details?.['spec'], spec.slice(0, 200))
    assert.ok(error.fix)
  }
})

test('other schemes are refused', async () => {
  for (const spec of ['file:///etc/passwd', 'ftp://example.com/a', 'gopher://x', 'https://']) {
    assert.is((await errorOf(resolveSources([spec], { cwd }))).kind, 'url-refused')
  }
})

test('too many files are refused', async () => {
  assert.is((await errorOf(resolveSources(['docs'], { cwd, maxFiles: 6 }))).kind, 'too-large')
  assert.is((await resolveSources(['docs'], { cwd, maxFiles: 7 })).length, 7)
})

test('a link that leads in a circle ends', async () => {
  const loop = join(cwd, 'loop')
  await mkdir(loop)
  await writeFile(join(loop, 'a.md'), 'a')
  await symlink(loop, join(loop, 'again'))
  const paths = await found('loop')
  assert.ok(paths.includes('loop/a.md') && paths.length < 50, String(paths.length))
})

test('stops when it is cancelled', async () => {
  const reason = new RuntimeError('cancelled', 'stop')
  const promise = resolveSources(['docs'], { cwd, signal: AbortSignal.abort(reason) })
  assert.is((await errorOf(promise)).kind, 'cancelled')
})

test.run()
