import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { EffectContext } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type ReadFilesOutput, readFilesTool } from './read-files.ts'
import { smallPdf } from './small-pdf.fixture.ts'

const test = testSuite('agents/tools/read-files')

let folder = ''
let root = ''

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-files-'))
  root = join(folder, 'root')
  await mkdir(join(root, 'docs (1)'), { recursive: true })
  await writeFile(join(root, 'a.md'), '# A\n\nAlpha \u{1F600}.\n')
  await writeFile(join(root, 'docs (1)', 'b.txt'), 'Beta')
  await writeFile(join(root, 'docs (1)', 'c.html'), '<h1>C</h1><p>Gamma</p>')
  await writeFile(join(root, 'paper.pdf'), smallPdf(['Delta.']))
  await writeFile(join(root, 'binary.md'), Uint8Array.of(1, 0, 2))
  await writeFile(join(folder, 'secret.md'), 'secret')
  await symlink(join(folder, 'secret.md'), join(root, 'docs (1)', 'link.md'))
})
test.after(() => rm(folder, { recursive: true, force: true }))

const context = (signal = new AbortController().signal): EffectContext => ({
  actor: address('tester', '1'),
  signal,
  key: 'k',
  attempt: 1,
  progress: () => {},
  spent: () => {},
})

async function read(paths: string[], maxCharacters?: number, maxBytes?: number): Promise<ReadFilesOutput> {
  const tool = readFilesTool({ root, ...(maxBytes !== undefined && { maxBytes }) })
  return tool.run(tool.input.parse({ paths, maxCharacters }), context())
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    value => value,
    (thrown: unknown) => thrown,
  )
  return error instanceof RuntimeError ? error.kind : `no RuntimeError: ${JSON.stringify(error)}`
}

test('declares what it may do', () => {
  const tool = readFilesTool({ root })
  assert.equal(
    [tool.name, tool.effect, tool.capability, tool.untrusted],
    ['read_files', 'pure', 'fs.read', true],
  )
})

test('reads files, folders and globs, each file once', async () => {
  const { documents, note } = await read(['a.md', 'docs (1)', '[a].md', '**/*.pdf'])
  assert.is(note, undefined)
  assert.equal(
    documents.map(({ source, title, format }) => [source, title, format]),
    [
      ['a.md', 'A', 'markdown'],
      ['docs (1)/b.txt', 'b.txt', 'text'],
      ['docs (1)/c.html', 'C', 'html'],
      ['paper.pdf', 'paper.pdf', 'pdf'],
    ],
  )
})

test('clips over all documents and says so, without halving a character', async () => {
  const { documents, note } = await read(['a.md', 'docs (1)/b.txt'], 12)
  assert.equal(documents, [
    { source: 'a.md', title: 'A', text: '# A\n\nAlpha ', format: 'markdown', clippedFrom: 15 },
    { source: 'docs (1)/b.txt', title: 'b.txt', text: 'B', format: 'text', clippedFrom: 4 },
  ])
  assert.ok(note?.includes('a.md (11 of 15)'))
})

test('refuses what leads outside and what is not text', async () => {
  assert.is(await kindOf(read(['../secret.md'])), 'path-refused')
  assert.is(await kindOf(read(['docs (1)/link.md'])), 'path-refused')
  assert.is(await kindOf(read(['/etc/hostname'])), 'path-refused')
  assert.is(await kindOf(read(['binary.md'])), 'document-unreadable')
  assert.is(await kindOf(read(['none.md'])), 'tool-failed')
  assert.is(await kindOf(read(['none/*.md'])), 'tool-failed')
})

test('refuses a file above its limit', async () => {
  assert.is(await kindOf(read(['a.md'], undefined, 10)), 'too-large')
})

test('refuses a call that matches too many files', async () => {
  await mkdir(join(root, 'many'))
  await Promise.all(Array.from({ length: 101 }, (_, n) => writeFile(join(root, 'many', `${n}.md`), 'x')))
  assert.is(await kindOf(read(['many'])), 'too-large')
})

test('the schema refuses empty and oversized input', () => {
  const { input } = readFilesTool({ root })
  assert.not(input.safeParse({ paths: [] }).success)
  assert.not(input.safeParse({ paths: ['x'.repeat(1_001)] }).success)
  assert.not(input.safeParse({ paths: ['a.md'], maxCharacters: 0 }).success)
})

test('stops when the call is cancelled', async () => {
  const tool = readFilesTool({ root })
  const reason = new RuntimeError('cancelled', 'stop')
  const run = async (): Promise<unknown> =>
    tool.run(tool.input.parse({ paths: ['a.md'] }), context(AbortSignal.abort(reason)))
  assert.is(await kindOf(run()), 'cancelled')
})

test.run()
