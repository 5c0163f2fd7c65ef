import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { errorOf } from '../../runtime/testkit/sample-actors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { createCorpora } from '../research/corpus.ts'

const test = testSuite('agents/tools/source-folders')

let base = ''
const at = (...parts: readonly string[]): string => join(base, ...parts)

test.before(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'folders-')))
  for (const file of [
    ...['node/docs/a.md', 'node/docs/deep/b.md', 'node/odd[1].md', 'node/.env', 'node/.data/nats.json'],
    ...['secret/key.md', 'node-other/c.md', 'open/.notes/d.md', 'open/e.md'],
  ]) {
    await mkdir(dirname(at(file)), { recursive: true })
    await writeFile(at(file), `Words about ${file}.`)
  }
  await symlink(at('secret'), at('node/docs/out'))
  await symlink(at('secret/key.md'), at('node/docs/key.md'))
  await symlink(at('node/.env'), at('node/docs/env.md'))
  await symlink(at('node/docs/a.md'), at('node/docs/same.md'))
  await symlink(at('node'), at('link'))
})
test.after(() => rm(base, { recursive: true, force: true }))

async function read(sources: readonly string[], folders = [at('node')], cwd = at('node')) {
  const corpus = await createCorpora({ folders }).load(sources, { cwd })
  return {
    read: corpus.documents.map(({ source }) => source).sort(),
    skipped: corpus.skipped.map(({ source, error }) => `${source} ${error.kind}`).sort(),
  }
}

const INSIDE: readonly (readonly [string, string])[] = [
  ['docs/a.md', 'docs/a.md'],
  ['./docs/../docs/a.md', 'docs/a.md'],
  ['docs/deep', 'docs/deep/b.md'],
  ['docs/deep/*.md', 'docs/deep/b.md'],
  ['docs/{deep,none}/*{.md,.txt}', 'docs/deep/b.md'],
  ['odd[1].md', 'odd[1].md'],
  ['docs/same.md', 'docs/same.md'],
]

test('what lies below the folder is read, however it is named', async () => {
  for (const [spec, found] of INSIDE) assert.equal(await read([spec]), { read: [found], skipped: [] }, spec)
  assert.equal((await read([at('node/docs/a.md')])).read, ['docs/a.md'])
  // Also where the folder itself is named by a link.
  assert.equal((await read(['docs/a.md', at('node/odd[1].md')], [at('link')], at('link'))).read.length, 2)
})

test('what leads out of the folder is refused, by whatever way, and whether or not it is there', async () => {
  for (const spec of [
    ...['/etc/passwd', '/etc/no-such-file', '/etc', '/', '/etc/*.conf', '/**/*.md', '/*'],
    ...[at('secret/key.md'), at('secret'), at('node-other/c.md'), at('node-other'), at('*/key.md'), base],
    ...['..', '../secret', '../secret/key.md', 'docs/../../secret/key.md', '../node-other/*.md'],
    ...['docs/*/../../../secret/*.md', '{docs,../secret}/*.md', '{docs,..}/**/*.md', '*/../../secret/key.md'],
    ...[`{${at('secret')},docs}/*.md`, `@(${at('secret')}|docs)/*.md`, '[x]/../../secret/key.md'],
    ...['docs/out', 'docs/out/key.md', 'docs/key.md', '\\.\\./secret/*.md'],
  ]) {
    const error = await errorOf(read([spec]))
    // What is found behind a link only is not named, so it is left out, and then nothing is there.
    assert.ok(
      ['path-refused', 'sources-empty'].includes(error.kind),
      `${spec}: ${error.kind} ${error.message}`,
    )
    if (error.kind === 'path-refused') assert.ok(error.why && error.fix, spec)
  }
  for (const spec of ['/etc/passwd', '../secret/key.md', 'docs/key.md', '/etc/*.conf', 'docs/out/key.md'])
    assert.is((await errorOf(read([spec]))).kind, 'path-refused', spec)
})

test('links that lead out are left out of a folder or glob that holds them, and this is told', async () => {
  for (const spec of ['docs', 'docs/**/*.md', '**']) {
    const { read: found, skipped } = await read([spec])
    assert.ok(found.includes('docs/a.md') && found.includes('docs/deep/b.md'), spec)
    for (const one of found) assert.not.match(one, /key|env|out/, spec)
    assert.ok(
      skipped.includes('docs/key.md path-refused') && skipped.includes('docs/env.md path-refused'),
      spec,
    )
  }
})

test('hidden files are not opened, unless their folder is', async () => {
  for (const spec of ['.env', '.data/nats.json', '.data', '.data/*', '.*', 'docs/env.md', './.env'])
    assert.is((await errorOf(read([spec]))).kind, 'path-refused', spec)
  const folders = [at('node'), at('open')]
  assert.equal((await read([at('open/e.md')], folders)).read.length, 1)
  assert.is((await errorOf(read([at('open/.notes/d.md')], folders))).kind, 'path-refused')
  assert.equal((await read([at('open/.notes/d.md')], [...folders, at('open/.notes')])).read.length, 1)
})

test('without such folders sources may lead anywhere', async () => {
  const corpus = await createCorpora().load([at('secret/key.md')], { cwd: at('node') })
  assert.is(corpus.documents.length, 1)
})

test.run()
