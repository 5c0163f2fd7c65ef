import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ModelRequest } from './model.ts'
import { scriptedModel } from './scripted.ts'

const test = testSuite('agents/models/scripted')

const signal = new AbortController().signal
const ask = (text: string): ModelRequest => ({ messages: [{ role: 'user', text }] })
const failure = async (work: Promise<unknown>): Promise<RuntimeError> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(thrown, RuntimeError)
  return thrown as RuntimeError
}

test('answers its calls with its turns, in order, and keeps the requests', async () => {
  const model = scriptedModel([{ text: 'one' }, { object: { n: 2 } }], { id: 'scripted:a' })
  const first = await model.generate(ask('a'), { signal })
  const second = await model.generate(ask('b'), { signal })
  assert.equal([first.text, first.finish, first.model], ['one', 'stop', 'scripted:a'])
  assert.equal(JSON.parse(second.text), { n: 2 })
  assert.equal(model.calls, [ask('a'), ask('b')])
  assert.equal(first.usage, { inputTokens: 0, outputTokens: 0, modelCalls: 1, toolCalls: 0, costUsd: 0 })
})

test('answers with tool calls whose ids are unique over all calls', async () => {
  const toolCalls = [
    { name: 'search', input: { q: 'x' } },
    { name: 'search', input: { q: 'y' } },
  ]
  const model = scriptedModel([{ toolCalls }, { toolCalls, text: 'also text' }])
  const first = await model.generate(ask('a'), { signal })
  const second = await model.generate(ask('b'), { signal })
  assert.is(first.finish, 'tool-calls')
  assert.is(second.text, 'also text')
  assert.equal(
    first.toolCalls.map(call => call.input),
    [{ q: 'x' }, { q: 'y' }],
  )
  assert.is(new Set([...first.toolCalls, ...second.toolCalls].map(call => call.id)).size, 4)
})

test('hands out the pieces of an answer one by one', async () => {
  const pieces: string[] = []
  const model = scriptedModel([{ delta: ['a', 'b', 'c'] }])
  const answer = await model.generate(ask('a'), { signal, onDelta: piece => pieces.push(piece) })
  assert.equal(pieces, ['a', 'b', 'c'])
  assert.is(answer.text, 'abc')
})

test('reports the usage and the finish that a turn states', async () => {
  const model = scriptedModel([{ text: 'x', usage: { inputTokens: 7, costUsd: null }, finish: 'length' }])
  const answer = await model.generate(ask('a'), { signal })
  assert.is(answer.usage.inputTokens, 7)
  assert.is(answer.usage.costUsd, null)
  assert.is(answer.finish, 'length')
})

test('throws the error of a turn', async () => {
  const error = new RuntimeError('rate-limited', 'slow down', { retryAfterMs: 5 })
  const model = scriptedModel([{ error }])
  assert.is(await failure(model.generate(ask('a'), { signal })), error)
})

test('hangs until it is aborted, then throws the reason of the abort', async () => {
  const controller = new AbortController()
  const reason = new RuntimeError('attempt-timeout', 'too slow')
  const pieces: string[] = []
  const model = scriptedModel([{ hang: true, delta: ['first'] }])
  const work = failure(model.generate(ask('a'), { signal: controller.signal, onDelta: p => pieces.push(p) }))
  controller.abort(reason)
  assert.is(await work, reason)
  assert.equal(pieces, ['first'])
})

test('does not start when already aborted, and does not use up a turn', async () => {
  const model = scriptedModel([{ text: 'x' }])
  const error = await failure(model.generate(ask('a'), { signal: AbortSignal.abort() }))
  assert.is(error.kind, 'cancelled')
  assert.is(model.calls.length, 0)
})

test('throws when it is called more often than its script has turns', async () => {
  const model = scriptedModel([{ text: 'x' }])
  await model.generate(ask('a'), { signal })
  const error = await failure(model.generate(ask('b'), { signal }))
  assert.is(error.kind, 'definition-invalid')
  assert.is(error.retryable, false)
})

test('assertComplete throws until every turn was asked for', async () => {
  const model = scriptedModel([{ text: 'x' }])
  assert.throws(
    () => model.assertComplete(),
    (error: unknown) => error instanceof RuntimeError,
  )
  await model.generate(ask('a'), { signal })
  model.assertComplete()
})

test('asks a function for each turn, with the request and its number', async () => {
  const model = scriptedModel((request, index) => ({ text: `${index}:${request.messages.length}` }))
  assert.is((await model.generate(ask('a'), { signal })).text, '0:1')
  assert.is((await model.generate({ messages: [] }, { signal })).text, '1:0')
  model.assertComplete()
})

test.run()
