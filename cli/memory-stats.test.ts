import * as assert from 'uvu/assert'
import type { MemoryVectors, NamespaceStats } from '../memory/memory.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { statsText } from './memory-stats.ts'
import { cellsOf } from './text-width.ts'

const test = testSuite('cli/memory-stats')

const STATS: NamespaceStats = {
  namespace: 'main',
  ...{ episodes: 12, facts: 0, current: 0, insights: 0, sessions: 1, people: 1, waiting: 0 },
  ...{ forgottenSincePurge: 0, indexBytes: 1_000 },
}
const VECTORS: MemoryVectors = { stored: 0, missing: 12, refused: 0, foreign: 0, foreignModels: 0 }

/** The lines from "vectors" on. */
function linesOf(vectors: MemoryVectors | undefined, width = 100): readonly string[] {
  const lines = statsText({ ...STATS, ...(vectors && { vectors }) }, (_, text) => text, width)
  return lines.slice(lines.findIndex(line => line.includes('vectors'))).map(line => line.trim())
}

test('a memory without an embedder says so', () => {
  assert.equal(linesOf(undefined), ['vectors    none: this memory is open without an embedder'])
})

test('vectors are told with their model, and what they lack only when they lack it', () => {
  const all: MemoryVectors = { ...VECTORS, model: 'openai/small', dimensions: 1_536, stored: 12, missing: 0 }
  assert.equal(linesOf(all), ['vectors    12 of 12 memories, by openai/small, 1,536 dimensions'])
  assert.equal(linesOf({ ...VECTORS, refused: 1 }), [
    'vectors    0 of 12 memories, by a function',
    '1 text refused by it',
  ])
})

test('vectors of another model, and why nothing is embedded, are seen', () => {
  const failed = { code: 'AC-3013', message: 'not made by\n\u001b[31m"b"' }
  const lines = linesOf({ ...VECTORS, model: 'b', foreign: 12, foreignModels: 1, failed })
  assert.equal(lines.slice(1, 2), ['12 vectors of 1 other model, not used'])
  assert.match(lines[2] ?? '', /^AC-3013 not made by .*"b"$/)
  assert.not.match(lines.join(''), '\u001b')
})

test('a long message is cut to the width of the terminal', () => {
  const failed = { code: 'AC-3004', message: 'x'.repeat(300) }
  const lines = statsText({ ...STATS, vectors: { ...VECTORS, failed } }, (_, text) => text, 60)
  assert.ok(
    lines.every(line => cellsOf(line) <= 60),
    lines.join('\n'),
  )
})

test.run()
