import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { analyseEntry } from './analyse-entry.ts'
import { termHash } from './term-hash.ts'
import { FLAGS } from './turn-flags.ts'

const test = testSuite('memory/recall/analyse-entry')

test('a memory comes to hashes with their counts, a length and flags', () => {
  const { hashes, counts, length, flags } = analyseEntry({ text: 'Boats, boats and a pier?', whoName: 'Ana' })
  const place = Array.from(hashes).indexOf(termHash('boat'))
  assert.is(counts?.[place], 2)
  assert.is(length, 3)
  assert.is(flags & FLAGS.asks, FLAGS.asks)
  assert.ok(Array.from(hashes).includes(termHash('@ana')))
  assert.is(hashes.length, counts?.length)
})

test('the same memory always comes to the same', () => {
  const entry = { text: 'I moved to Porto in May', whoName: 'Ana' }
  assert.equal(analyseEntry(entry), analyseEntry({ ...entry }))
})

test('a memory without words has neither terms nor flags', () => {
  assert.equal(
    { ...analyseEntry({ text: '🎉 !!' }), counts: undefined },
    {
      hashes: new Float64Array(),
      counts: undefined,
      length: 0,
      flags: 0,
    },
  )
})

test.run()
