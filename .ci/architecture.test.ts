import { readFileSync } from 'node:fs'
import { globSync } from 'tinyglobby'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import {
  cycleViolations,
  type Files,
  functionsOf,
  importsOf,
  layerViolations,
  moduleStateViolations,
  purityViolations,
  sizeViolations,
  unlistedViolations,
  unrunViolations,
  vendorViolations,
} from './architecture.ts'

const test = testSuite('.ci/architecture')

const repository: Files = new Map(
  globSync(['**/*.ts', '**/*.tsx'], {
    dot: true,
    ignore: ['**/node_modules/**', '**/dist/**', '**/.git/**', '**/.agenticraft/**'],
  }).map(path => [path, readFileSync(path, 'utf8')]),
)
const planted = (files: Record<string, string>): Files => new Map(Object.entries(files))
const none = (violations: readonly string[]) => assert.is(violations.join('\n'), '')
const count = (violations: readonly string[], expected: number) =>
  assert.is(violations.length, expected, violations.join('\n'))
const lines = (n: number, line: string) => Array.from({ length: n }, () => line).join('\n')

test('the repository is read', () => {
  assert.ok(repository.has('actors/errors.ts'))
  assert.ok(repository.has('.ci/architecture.ts'))
})
test('folders import only downwards', () => none(layerViolations(repository)))
test('there is no import cycle', () => none(cycleViolations(repository)))
test('vendor libraries stay in their place', () => none(vendorViolations(repository)))
test('files and functions are short', () => none(sizeViolations(repository)))
test('every suite is run', () => none(unrunViolations(repository)))
test('modules hold no mutable state', () => none(moduleStateViolations(repository)))
test('actors are pure', () => none(purityViolations(repository)))
test('every member of an open set is in its list', () => none(unlistedViolations(repository)))

test('sees every form of import, and none in comments', () => {
  const text = [
    "import { a } from './a.ts'",
    "import type {\n  B,\n} from './b.ts'",
    "import './c.ts'",
    "export * from './d.ts'",
    "export type { E } from './e.ts'",
    "const list = [{ name: 'f', load: () => import('./f.ts') }]",
    "// import { g } from './g.ts'",
    "/**\n * @example\nimport { h } from './h.ts'\n */",
    "export const i = 'from' // from './i.ts'",
    "const url = 'https://example.org/'",
  ].join('\n')
  assert.equal(
    importsOf(text).sort(),
    ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `./${name}.ts`),
  )
})

test('finds a planted upward import, also a type import', () => {
  count(layerViolations(planted({ 'actors/a.ts': "import type { Run } from '../runtime/run.ts'" })), 1)
  count(layerViolations(planted({ 'memory/a.ts': "const x = await import('../cli/main.ts')" })), 1)
  count(layerViolations(planted({ 'runtime/x/a.ts': "import { b } from '../../actors/b.ts'" })), 0)
  count(layerViolations(planted({ 'cli/a.ts': "import { b } from '../bench/main.ts'" })), 1)
})

test('lets tests import the testkit and refuses it to shipped code', () => {
  const text = "import { within } from '../runtime/testkit/within.ts'"
  count(layerViolations(planted({ 'actors/a.test.ts': text, 'memory/a.conformance.ts': text })), 0)
  count(layerViolations(planted({ 'agents/a.ts': text })), 1)
})

test('keeps examples on public entry points', () => {
  count(layerViolations(planted({ 'examples/a.ts': "import { defineAgent } from 'agenticraft/agents'" })), 0)
  count(layerViolations(planted({ 'examples/a.ts': "import { b } from '../actors/b.ts'" })), 1)
})

test('finds a planted cycle, prints its path, and finds it once', () => {
  const found = cycleViolations(
    planted({
      'a.ts': "import { b } from './b.ts'",
      'b.ts': "import type { C } from './c.ts'",
      'c.ts': "export { b } from './b.ts'",
    }),
  )
  assert.equal(found, ['b.ts -> c.ts -> b.ts'])
  const diamond = { 'a.ts': "import './b.ts'\nimport './c.ts'", 'b.ts': "import './c.ts'", 'c.ts': '' }
  none(cycleViolations(planted(diamond)))
})

test('finds a vendor library away from its place, and one without a place', () => {
  count(vendorViolations(planted({ 'runtime/a.ts': "import { setup } from 'xstate'" })), 1)
  count(vendorViolations(planted({ 'runtime/a.ts': "import x from 'left-pad'" })), 1)
  count(vendorViolations(planted({ 'agents/a.ts': "import { x } from '@ai-sdk/openai/internal'" })), 1)
  count(
    vendorViolations(
      planted({
        'actors/a.ts': "import { setup } from 'xstate'",
        'actors/a.test.ts': "import fc from 'fast-check'\nimport * as assert from 'uvu/assert'",
        'runtime/transport/nats-jetstream.ts': "import { connect } from 'nats'\nimport 'node:util'",
      }),
    ),
    0,
  )
})

test('finds a test that goes round the time limit of the testkit', () => {
  count(vendorViolations(planted({ 'actors/a.test.ts': "import { suite } from 'uvu'" })), 1)
})

test('finds a planted long file', () => {
  count(sizeViolations(planted({ 'a.ts': lines(400, '// x') })), 0)
  count(sizeViolations(planted({ 'a.ts': lines(401, '// x') })), 1)
})

test('measures functions however they are written', () => {
  const body = lines(78, '  x()')
  for (const [head, tail] of [
    ['function a() {', '}'],
    ['export async function* a<T>(b: T): AsyncGenerator<T> {', '}'],
    ['const a = (b: number) => {', '}'],
    ["test('a', async () => {", '})'],
    ['const a = b => ({', '})'],
    ['  async a(b: string): Promise<void> {', '  }'],
  ] as const) {
    const inner = head.startsWith(' ') ? lines(78, '    x()') : body
    const fits = `${head}\n${inner}\n${tail}\n`
    assert.is(functionsOf(fits)[0]?.length, 80, head)
    count(sizeViolations(planted({ 'a.ts': fits })), 0)
    count(
      sizeViolations(
        planted({ 'a.ts': fits.replace(/\n/, `\n${head.startsWith(' ') ? '    y()' : '  y()'}\n`) }),
      ),
      1,
    )
  }
})

test('counts parameters that span lines, and does not take a call or a branch for a function', () => {
  const spread = `function a(\n  b: number,\n  c: string,\n): void {\n${lines(80, '  x()')}\n}`
  assert.is(functionsOf(spread)[0]?.length, 85)
  const destructured = `function a({\n  b,\n}: C): void {\n${lines(80, '  x()')}\n}`
  assert.is(functionsOf(destructured)[0]?.length, 84)
  assert.equal(functionsOf(`call(\n${lines(90, '  x,')}\n)`), [])
  assert.equal(functionsOf(`  setup({\n${lines(90, '    x: 1,')}\n  })`), [])
  assert.equal(functionsOf(`if (a(b)) {\n${lines(90, '  x()')}\n}`), [])
  assert.is(functionsOf('const a = (b: number) =>\n  b\n    .c()\n\nconst d = 1')[0]?.length, 4)
})

test('gives a declarative machine 120 lines', () => {
  const machine = (n: number) =>
    `const a = () =>\n  setup({}).createMachine({\n${lines(n, '    x: 1,')}\n  })\n`
  count(sizeViolations(planted({ 'a.ts': machine(110) })), 0)
  count(sizeViolations(planted({ 'a.ts': machine(120) })), 1)
})

test('finds a suite that is never run, also beside one that is', () => {
  count(unrunViolations(planted({ 'a.test.ts': "const test = testSuite('a')" })), 1)
  count(unrunViolations(planted({ 'a.test.ts': 'contract(createBus)' })), 1)
  const two = "const a = testSuite('a')\nconst b = testSuite('b')\na.run()"
  count(unrunViolations(planted({ 'a.test.ts': two })), 1)
  count(unrunViolations(planted({ 'a.test.ts': `${two}\nb.run()` })), 0)
})

test('wants a conformance suite to run itself or to be run by who gets it', () => {
  const suite = "export function contract() {\n  const test = testSuite('a')\n"
  const contract = "import { contract } from './a.conformance.ts'\nconst test = contract()"
  const found = (conformance: string, use: string) =>
    unrunViolations(planted({ 'a.conformance.ts': suite + conformance, 'a.test.ts': use }))
  count(found('}', contract), 2)
  count(found('  test.run()\n}', contract), 0)
  count(found('  return test\n}', contract), 1)
  count(found('  return test\n}', `${contract}\ntest.run()`), 0)
})

test('measures the tests of a conformance suite, not their list', () => {
  const suite = (n: number) =>
    `export function contract() {\n  const test = testSuite('a')\n  test('b', () => {\n${lines(n, '    x()')}\n  })\n}`
  count(sizeViolations(planted({ 'a.conformance.ts': suite(78) })), 0)
  count(sizeViolations(planted({ 'a.conformance.ts': suite(79) })), 1)
})

test('finds mutable module state, and leaves local variables alone', () => {
  count(
    moduleStateViolations(planted({ 'a.ts': 'let a = 1\nexport let b = 2\nfunction c() {\n  let d\n}' })),
    2,
  )
})

test('finds time, chance and the outside in actors, and only there', () => {
  for (const text of [
    'const a = () => Date.now()',
    'const a = Math.random',
    'setTimeout(a, 1)',
    'crypto.randomUUID()',
    'const a = new Date()',
    "import { readFile } from 'node:fs/promises'",
    'const a = process.env',
  ]) {
    count(purityViolations(planted({ 'actors/a.ts': text })), 1)
    count(purityViolations(planted({ 'runtime/a.ts': text, 'actors/a.test.ts': text })), 0)
  }
  count(
    purityViolations(planted({ 'actors/a.ts': '// Date.now() is handed in\nconst a = new Date(due)' })),
    0,
  )
})

test('finds a member that its list forgets, and ignores files beside the members', () => {
  const files = {
    'agents/tools/a.ts': 'export const a = defineTool({})',
    'agents/tools/b.ts': 'export const b = defineTool({})',
    'agents/tools/guard.ts': 'export const guard = 1',
  }
  none(unlistedViolations(planted(files)))
  count(unlistedViolations(planted({ ...files, 'agents/tools/index.ts': "import { a } from './a.ts'" })), 1)
})

test.run()
