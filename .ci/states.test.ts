import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { fencesOf } from './docs.ts'
import { diagrams, redrawn } from './states.ts'

const test = testSuite('.ci/states')

const page = readFileSync('docs/states.md', 'utf8')
const UPDATE = 'run: node --import tsx .ci/draw-states.ts'

test('docs/states.md draws the machines as they are', () => {
  const drawn = fencesOf(page).filter(({ language }) => language === 'mermaid')
  assert.is(drawn.length, Object.keys(diagrams()).length)
  assert.ok(redrawn(page) === page, UPDATE)
})

test('replaces a stale diagram and nothing else', () => {
  const stale = '# T\n\n## A\n\nsays a.\n\n```mermaid\nold $&\n```\n\n## B\n\n```mermaid\nb\n```\n'
  assert.is(redrawn(stale, { A: 'new $&', B: 'b' }), stale.replace('old', 'new'))
})

test('finds a heading without a machine, and a machine without a heading', () => {
  assert.throws(() => redrawn('## A\n', {}))
  assert.throws(() => redrawn('## A\n', { A: 'a', B: 'b' }))
})

test.run()
