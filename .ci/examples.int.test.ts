import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { programsOf } from './docs.ts'
import { type Packed, packAndInstall, TSC } from './packed.ts'

const test = testSuite('examples', { limitMs: 240_000 })

const packed: { now?: Packed } = {}
const installed = (): Packed => {
  if (!packed.now) throw new Error('the package was not installed')
  return packed.now
}
test.before(async () => {
  packed.now = await packAndInstall(['@types/node@20'])
  const { project } = packed.now
  cpSync('examples', project, { recursive: true })
  // What a guide's research reads.
  cpSync('node_modules/nats/README.md', join(project, 'node_modules/nats/README.md'), { recursive: true })
  mkdirSync(join(project, 'guides'))
})
test.after(() => packed.now?.remove())

const runs = (path: string) => {
  const tsx = pathToFileURL(resolve('node_modules/tsx/dist/esm/index.mjs')).href
  return installed().inProject(process.execPath, ['--import', tsx, path])
}

/** What every example prints, in this order; an example that is not here is a test that fails. */
const PRINTS: Readonly<Record<string, readonly RegExp[]>> = {
  'custom-workflow.ts': [/^done \[ 'beginning', 'middle', 'wonderful' \]$/m],
  'decorators.ts': [/attempt 2 failed/, /sunny in Oslo/, /request 4\n.*request 4/, /nobody knows/],
  'embed.ts': [/\{ answer: 'There are 6 teapots\.' \}/],
  'research-team.ts': [/^No language model was used/, /## Key findings/, /## Sources/],
  'supervision.ts': [/attempt 2 follows/, /scripted:spare/, /The sea is wide/, /calls: 1 .* 1 to the spare/],
}

test('every example is run by a test', () => {
  const found = readdirSync('examples').filter(name => name.endsWith('.ts'))
  assert.equal(found.sort(), Object.keys(PRINTS).sort())
})

for (const [name, prints] of Object.entries(PRINTS)) {
  test(`examples/${name} runs with the package as it is published, and prints what it says`, async () => {
    const { status, stdout, stderr } = await runs(name)
    assert.is(status, 0, stderr)
    let rest = stdout
    for (const expected of prints) {
      const at = rest.search(expected)
      assert.ok(at >= 0, `${expected} is not in\n${rest}`)
      rest = rest.slice(at)
    }
  })
}

for (const guide of readdirSync('docs/guides')) {
  for (const { line, code, prints } of programsOf(readFileSync(join('docs/guides', guide), 'utf8'))) {
    test(`the program at line ${line} of docs/guides/${guide} prints what the guide says`, async () => {
      const path = join('guides', `${guide}-${line}.ts`)
      writeFileSync(join(installed().project, path), code)
      const { status, stdout, stderr } = await runs(path)
      assert.is(status, 0, stderr)
      assert.is(stdout, prints)
    })
  }
}

test('examples import the package by its public names, and node and zod beside it', () => {
  for (const name of Object.keys(PRINTS)) {
    const text = readFileSync(join('examples', name), 'utf8')
    for (const [, from = ''] of text.matchAll(/ from '([^']+)'/g))
      assert.ok(/^(?:agenticraft(?:\/\w+)?|node:.*|zod)$/.test(from), `${name}: ${from}`)
    assert.match(text, /^\/\*\*\n/)
  }
})

test('examples have no type error against the published types', async () => {
  const { project, inProject } = installed()
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2024', 'esnext.decorators', 'esnext.disposable'], types: ['node'] },
    ...{ module: 'nodenext', moduleResolution: 'nodenext', strict: true, skipLibCheck: false, noEmit: true },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { status, stdout } = await inProject(process.execPath, [TSC, '-p', '.'])
  assert.is(status, 0, stdout)
})

test.run()
