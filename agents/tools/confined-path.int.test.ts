import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { confinedGlob, confinedPath, openConfined } from './confined-path.ts'

const test = testSuite('agents/tools/confined-path')

let folder = ''
let root = ''

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'confined-'))
  root = join(folder, 'root')
  await mkdir(join(root, 'docs'), { recursive: true })
  await mkdir(join(root, '.hidden'))
  await mkdir(join(folder, 'root-beside'))
  await writeFile(join(root, 'a.md'), 'a')
  await writeFile(join(root, 'docs', 'b.md'), 'b')
  await writeFile(join(root, '.hidden', 'c.md'), 'c')
  await writeFile(join(folder, 'secret.md'), 'secret')
  await writeFile(join(folder, 'root-beside', 'secret.md'), 'secret')
  await symlink(join(folder, 'secret.md'), join(root, 'docs', 'out.md'))
  await symlink(folder, join(root, 'up'))
  await symlink(join(root, 'a.md'), join(root, 'docs', 'in.md'))
  await symlink('missing', join(root, 'dangling.md'))
})
test.after(() => rm(folder, { recursive: true, force: true }))

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    value => value,
    (thrown: unknown) => thrown,
  )
  return error instanceof RuntimeError ? error.kind : `no RuntimeError: ${JSON.stringify(error)}`
}

test('finds a file by its relative path and through a link that stays inside', async () => {
  assert.is((await confinedPath(root, './docs//b.md')).path, 'docs/b.md')
  const linked = await confinedPath(root, 'docs/in.md')
  assert.is(linked.path, 'docs/in.md')
  assert.ok(linked.absolute.endsWith('/root/a.md'))
  assert.is((await confinedPath(root, '.')).path, '.')
})

const REFUSED = [
  ...[
    '',
    '/etc/passwd',
    '//etc/passwd',
    '\\\\server\\share',
    'C:\\x',
    'C:x',
    '~',
    '~/x',
    '~root/x',
    'a\0.md',
  ],
  ...[
    '..',
    '../secret.md',
    'docs/../../secret.md',
    'docs/../a.md',
    '..\\secret.md',
    './../root-beside/secret.md',
  ],
  ...['docs/out.md', 'up/secret.md', 'up/root-beside/secret.md'],
]
for (const path of REFUSED) {
  test(`refuses ${JSON.stringify(path)}`, async () => {
    assert.is(await kindOf(confinedPath(root, path)), 'path-refused')
    assert.is(await kindOf(openConfined(root, path)), 'path-refused')
  })
}

test('says that a file is missing instead of refusing it', async () => {
  assert.is(await kindOf(confinedPath(root, 'none.md')), 'tool-failed')
  assert.is(await kindOf(confinedPath(root, 'dangling.md')), 'tool-failed')
  assert.is(await kindOf(confinedPath(root, 'a.md/b')), 'tool-failed')
})

test('a glob lists files in order and neither hidden ones nor those outside', async () => {
  const found = await confinedGlob(root, '**/*.md')
  const paths = found.map(file => file.path)
  assert.equal(
    paths.filter(path => !path.endsWith('in.md')),
    ['a.md', 'docs/b.md'],
  )
  assert.ok(found.every(file => !file.absolute.includes('secret')))
})

for (const pattern of [
  '../*.md',
  '{..,docs}/*.md',
  '{../,}*.md',
  '/etc/*',
  '~/*',
  'docs/../../*.md',
  '@(..)/*.md',
]) {
  test(`refuses the glob ${pattern}`, async () => {
    assert.is(await kindOf(confinedGlob(root, pattern)), 'path-refused')
  })
}

test('a glob that hides the way up finds nothing outside', async () => {
  for (const pattern of [
    '.{.,}/*.md',
    '[.][.]/*.md',
    '.?/*.md',
    'up/*.md',
    'u*/*.md',
    '*/secret.md',
    '!(a)/*.md',
  ]) {
    const found = await confinedGlob(root, pattern).catch((thrown: unknown) => {
      assert.ok(thrown instanceof RuntimeError && thrown.kind === 'path-refused', `${pattern}: ${thrown}`)
      return []
    })
    assert.ok(
      found.every(file => !file.absolute.includes('secret')),
      pattern,
    )
  }
})

test('opens a file for reading', async () => {
  const handle = await openConfined(root, 'docs/b.md')
  assert.is(await handle.readFile('utf8'), 'b')
  await handle.close()
})

test('does not open a folder and does not wait on a pipe', async () => {
  execFileSync('mkfifo', [join(root, 'pipe.md')])
  assert.is(await kindOf(openConfined(root, 'pipe.md')), 'path-refused')
  assert.is(await kindOf(openConfined(root, 'docs')), 'path-refused')
})

test('no path whatever leads outside the root', async () => {
  const part = fc.constantFrom(
    '..',
    '.',
    'up',
    'docs',
    'root',
    'secret.md',
    'out.md',
    '~',
    '',
    'a.md',
    'in.md',
    '\0',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 6 }),
      fc.constantFrom('/', '//', '\\'),
      async (parts, join_) => {
        const found = await confinedPath(root, parts.join(join_)).catch((thrown: unknown) => thrown)
        if (found instanceof RuntimeError) return
        assert.match((found as { absolute: string }).absolute, /\/root(\/|$)/)
      },
    ),
    { numRuns: 300 },
  )
})

test.run()
