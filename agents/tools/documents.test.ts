import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { toDocument } from './documents.ts'
import { smallPdf } from './small-pdf.fixture.ts'

const test = testSuite('agents/tools/documents', { limitMs: 30_000 })

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof RuntimeError ? error.kind : `no RuntimeError: ${String(error)}`
}

test('Markdown keeps every character and takes its first heading as title', async () => {
  const text = '\uFEFFIntro\r\n\r\n## The `core` of *it*\r\n\r\nBody \u{1F600}.\n'
  const document = await toDocument(bytes(text), { source: 'docs/a.md' })
  assert.equal(document, { source: 'docs/a.md', title: 'The core of it', text, format: 'markdown' })
})

test('the text is what readFile gives for the same file', async () => {
  const path = 'node_modules/nats/README.md'
  const document = await toDocument(readFileSync(path), { source: path })
  assert.is(document.text, readFileSync(path, 'utf8'))
  assert.is(document.format, 'markdown')
})

test('plain text and JSON stay as they are and are titled by their file name', async () => {
  const text = await toDocument(bytes('# no heading here\n'), { source: 'notes/a.txt' })
  assert.is(text.title, 'a.txt')
  assert.is(text.format, 'text')
  const json = await toDocument(bytes('{"a":1}'), { source: 'a.json' })
  assert.equal([json.title, json.format, json.text], ['a.json', 'json', '{"a":1}'])
})

test('a content type decides over the name, and charset parameters do not confuse it', async () => {
  const source = 'https://example.com/guide.txt'
  const page = await toDocument(bytes('<h1>Hi</h1>'), { source, contentType: 'Text/HTML; charset=UTF-8' })
  assert.equal([page.format, page.title, page.text], ['html', 'Hi', '# Hi'])
  const plain = await toDocument(bytes('# Hi'), {
    source: 'https://example.com/README.md?x=1',
    contentType: 'text/plain',
  })
  assert.equal([plain.format, plain.title], ['markdown', 'Hi'])
  const feed = await toDocument(bytes('{}'), { source, contentType: 'application/ld+json' })
  assert.is(feed.format, 'json')
})

test('a page becomes text without scripts, images, navigation and link addresses', async () => {
  const html = `<html><head><title>Fallback &amp; title</title><style>.hidden{}</style></head><body>
    <nav>menu</nav><script>alert('script')</script><noscript>noscript</noscript>
    <p>See <a href="https://example.com/secret">the docs</a> &lt;now&gt;.<img src="x.png" alt="picture"></p>
    <ul><li>first<li>second</ul><pre>let a = 1</pre>
    <table><tr><td>cell</td><td>other</td></tr></table></body></html>`
  const { text, title } = await toDocument(bytes(html), { source: 'page.html' })
  assert.is(title, 'Fallback & title')
  assert.ok(text.includes('See the docs <now>.'))
  assert.ok(/\* first\n\s*\* second/.test(text))
  assert.ok(text.includes('```\nlet a = 1\n```'))
  assert.ok(text.includes('cell | other'))
  assert.not(/menu|script|secret|picture|hidden/.test(text), text)
})

test('a page in another charset is decoded as it declares', async () => {
  const latin = Buffer.from('<meta charset="iso-8859-1"><p>caf\xe9</p>', 'latin1')
  assert.is((await toDocument(latin, { source: 'a.html' })).text, 'café')
  const typed = { source: 'a', contentType: 'text/plain; charset=iso-8859-1' }
  assert.is((await toDocument(Buffer.from('caf\xe9', 'latin1'), typed)).text, 'café')
})

test('a PDF gives its text and its own title', async () => {
  const pdf = smallPdf(['Subjects are hierarchical.', 'Second page.'], 'Notes on subjects')
  const kept = Uint8Array.from(pdf)
  const document = await toDocument(pdf, { source: 'a.pdf' })
  assert.equal(document, {
    source: 'a.pdf',
    title: 'Notes on subjects',
    text: 'Subjects are hierarchical.\n\nSecond page.',
    format: 'pdf',
  })
  assert.equal(pdf, kept)
})

test('a PDF is recognised by its bytes and titled by its file when it has no title', async () => {
  const document = await toDocument(smallPdf(['Text.']), { source: 'https://example.com/x/download' })
  assert.equal([document.format, document.title], ['pdf', 'download'])
})

test('damaged PDFs and PDFs without text are refused', async () => {
  assert.is(await kindOf(toDocument(bytes('%PDF-1.4 garbage'), { source: 'a.pdf' })), 'document-unreadable')
  assert.is(await kindOf(toDocument(smallPdf([' ']), { source: 'a.pdf' })), 'document-unreadable')
})

test('binary files, wrong encodings and unknown charsets are refused', async () => {
  const refused = (data: Uint8Array, contentType?: string): Promise<string> =>
    kindOf(toDocument(data, { source: 'a.md', contentType }))
  assert.is(await refused(Uint8Array.of(0x61, 0x00, 0x62)), 'document-unreadable')
  assert.is(await refused(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff)), 'document-unreadable')
  assert.is(await refused(bytes('a'), 'text/plain; charset=no-such'), 'document-unreadable')
})

test('a document above its limit is refused, one at the limit is read', async () => {
  assert.is(await kindOf(toDocument(bytes('12345'), { source: 'a.md', maxBytes: 4 })), 'too-large')
  assert.is((await toDocument(bytes('1234'), { source: 'a.md', maxBytes: 4 })).text, '1234')
})

test('pages nested to stop the parser are refused at once', async () => {
  const started = performance.now()
  for (const tag of ['<div>', '<b>', '<p>x', '<ul><li>']) {
    const page = toDocument(bytes(tag.repeat(200_000)), { source: 'a.html' })
    assert.is(await kindOf(page), 'document-unreadable')
  }
  assert.ok(performance.now() - started < 5_000)
})

test('an empty file is an empty document', async () => {
  assert.is((await toDocument(new Uint8Array(), { source: 'a.md' })).text, '')
  assert.is((await toDocument(new Uint8Array(), { source: 'a.html' })).text, '')
})

test('any bytes give a document or a refusal, never another error', async () => {
  const source = fc.constantFrom('a.md', 'a.html', 'a.json', 'a.txt', 'a', '', '/', 'https://x/%zz.html')
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), fc.string().map(bytes)), source, async (data, name) => {
      const kind = await toDocument(data, { source: name }).then(
        () => 'document',
        (thrown: unknown) => (thrown instanceof RuntimeError ? thrown.kind : String(thrown)),
      )
      assert.ok(['document', 'document-unreadable'].includes(kind), kind)
    }),
  )
})

test.run()
