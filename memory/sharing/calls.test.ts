import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { CALLS, type CallName, forwardedCalls, isCall, isHeavy, runCall, withRequestKey } from './calls.ts'
import { emptyShelf, sampleMemory } from './testdata/sample-memory.ts'

const test = testSuite('memory/sharing/calls')

test('gives a write a request key, and leaves the one of its caller', () => {
  const key = () => 'made'
  assert.equal(withRequestKey('remember', [{ text: 'a' }], key), [{ text: 'a' }, { key: 'made' }])
  assert.equal(withRequestKey('remember', [{ text: 'a' }, { sync: true }], key), [
    { text: 'a' },
    { sync: true, key: 'made' },
  ])
  assert.equal(withRequestKey('rememberAll', [[], { key: 'own' }], key), [[], { key: 'own' }])
  assert.equal(withRequestKey('remember', [{ text: 'a' }, 'nonsense'], key), [{ text: 'a' }, 'nonsense'])
  assert.equal(withRequestKey('remember', [], key), [undefined, { key: 'made' }])
  assert.equal(withRequestKey('forget', ['id'], key), ['id', { key: 'made' }])
  assert.equal(withRequestKey('recall', ['a'], key), ['a'])
})

test('knows its own methods and nothing that every object has', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'name', 'export', '']) {
    assert.is(isCall(name), false, name)
    assert.is(isHeavy(name), false, name)
  }
  assert.ok(isCall('remember') && isHeavy('recall') && !isHeavy('get'))
})

test('forwards every method with all its arguments', async () => {
  const sent: unknown[] = []
  const calls = forwardedCalls(async (method, args) => {
    sent.push([method, ...args])
    return method
  })
  assert.equal(Object.keys(calls), Object.keys(CALLS))
  assert.is(await calls.recall('who', { limit: 3 }), 'recall')
  assert.is(await calls.facts(undefined, { limit: 3 }), 'facts')
  assert.equal(sent, [
    ['recall', 'who', { limit: 3 }],
    ['facts', undefined, { limit: 3 }],
  ])
})

test('leaves out again what its caller left out', async () => {
  const memory = sampleMemory(emptyShelf())
  await runCall(memory.namespace('a'), 'facts' satisfies CallName, [null, { limit: 3 }])
  assert.equal(memory.calls, [['facts', undefined, { limit: 3 }]])
})

test.run()
