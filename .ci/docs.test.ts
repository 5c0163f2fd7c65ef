import { existsSync, readFileSync } from 'node:fs'
import { globSync } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { ERRORS } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  anchorsOf,
  type Documents,
  errorPageProblems,
  fencesOf,
  linkProblems,
  programsOf,
  snippetsOf,
  sourcePaths,
} from './docs.ts'

const test = testSuite('.ci/docs')

const documents: Documents = new Map(
  globSync('**/*.md', {
    dot: true,
    ignore: ['**/node_modules/**', '**/dist/**', '**/.git/**', '**/.agenticraft/**', '**/testdata/**'],
  }).map(path => [path, readFileSync(path, 'utf8')]),
)
const planted = (text: string, path = 'docs/a.md'): Documents => new Map([[path, text]])

test('documents every error, and no other', () => {
  assert.is(errorPageProblems(documents.get('docs/errors.md') ?? '', ERRORS).join('\n'), '')
})

test('has no dead relative link', () => {
  assert.is(linkProblems(documents, existsSync).join('\n'), '')
})

test('finds an undocumented error, a stale one, and a thin entry', () => {
  const table = { 'too-odd': { code: 'AC-1', retryable: true, meaning: 'a number is odd' } }
  const good =
    '# Errors\n\n## AC-1 too-odd\n\n<a id="ac-1"></a>\n\nA number is odd.\nRetryable: yes.\n\n' +
    '**Cause.** Somebody counted one too many.\n\n**Fix.** Add one or take one away.\n'
  assert.equal(errorPageProblems(good, table), [])
  assert.is(errorPageProblems('', table).length, 1)
  assert.is(errorPageProblems(good, {}).length, 1)
  assert.is(errorPageProblems(good.replace('too-odd', 'too-even'), table).length, 2)
  assert.is(errorPageProblems(good.replace('A number is odd.', 'A number is even.'), table).length, 1)
  assert.is(
    errorPageProblems(good.replace('**Fix.** Add one or take one away.', '**Fix.** None'), table).length,
    1,
  )
  assert.is(errorPageProblems(good.replace('yes', 'no'), table).length, 1)
  assert.is(errorPageProblems(good.replace('<a id="ac-1"></a>', ''), table).length, 1)
})

test('finds links to missing files, missing headings and outside the repository', () => {
  const problems = (text: string) => linkProblems(planted(text), path => path === 'docs/b.md').length
  assert.is(problems('[b](b.md) [b](./b.md#any) ![x](b.md "title") <a href="b.md">b</a>'), 0)
  assert.is(problems('[c](c.md)'), 1)
  assert.is(problems('![c](c.png)'), 1)
  assert.is(problems('see [c].\n\n[c]: c.md'), 1)
  assert.is(problems('<img alt="" src="c.png">'), 1)
  assert.is(problems('[up](../../b.md)'), 1)
  assert.is(problems('# My own *Heading*!\n\n[a](#my-own-heading) [b](#my-other-heading)'), 1)
})

test('leaves web addresses and code alone', () => {
  const text =
    '[a](https://example.org/x) [m](mailto:a@example.org)\n\n```md\n[c](c.md)\n```\n\nor `[c](c.md)` or ``a[0](b)``'
  assert.equal(
    linkProblems(planted(text), () => false),
    [],
  )
})

test('makes the anchors that GitHub makes', () => {
  const anchors = anchorsOf('# A `b` c.d\n## Twice\n## Twice\n```\n# not me\n```\n<a id="here"></a>\n')
  assert.equal([...anchors], ['a-b-cd', 'twice', 'twice-1', 'here'])
})

test('reads fences with their language and line, nested and unclosed', () => {
  const text = 'a\n```ts title\nconst a = 1\n```\n````md\n```ts\n```\n````\n~~~\nopen'
  assert.equal(
    fencesOf(text).map(({ language, line, code }) => [language, line, code]),
    [
      ['ts', 3, 'const a = 1'],
      ['md', 6, '```ts\n```'],
      ['', 10, 'open'],
    ],
  )
})

test('makes modules of ts blocks, at the lines they have in the document', () => {
  const snippets = snippetsOf('docs/a.md', 'a\n\n```ts\nconst a = 1\n```\n```js\nlet b\n```\n')
  assert.equal(
    snippets.map(({ name }) => name),
    ['docs_a.md.line-4.ts'],
  )
  assert.is(snippets[0]?.text.split('\n')[3], 'const a = 1')
})

test('takes a text block for output only right below a program', () => {
  const program = '```ts\na()\n```\n'
  const output = '```text\n1\n2\n```\n'
  assert.equal(programsOf(`# A\n\n${program}\n${output}`), [{ line: 4, code: 'a()', prints: '1\n2\n' }])
  assert.equal(programsOf(`${program}\nIn words:\n\n${output}`), [])
  assert.equal(programsOf(`${program}\n${program}`), [])
})

test('maps entry points to sources', () => {
  const entries = {
    '.': './dist/runtime/index.js',
    './a': './dist/a/index.js',
    './package.json': './package.json',
  }
  assert.equal(sourcePaths('pkg', entries, '/r'), {
    pkg: ['/r/runtime/index.ts'],
    'pkg/a': ['/r/a/index.ts'],
  })
})

test.run()
