import type {
  LanguageModelV3,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from '@ai-sdk/provider'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { fromLanguageModel, type LanguageModelOptions } from './ai-sdk.ts'
import type { ModelRequest } from './model.ts'

const test = testSuite('agents/models/ai-sdk')

const signal = new AbortController().signal
const REQUEST: ModelRequest = { messages: [{ role: 'user', text: 'hello' }] }

const usageOf = (input: number | undefined, output: number | undefined): LanguageModelV3Usage => ({
  inputTokens: { total: input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: output, text: undefined, reasoning: undefined },
})
const finish = (
  unified: LanguageModelV3FinishReason['unified'] = 'stop',
  usage = usageOf(10, 5),
): LanguageModelV3StreamPart => ({ type: 'finish', finishReason: { unified, raw: unified }, usage })
const delta = (text: string): LanguageModelV3StreamPart => ({ type: 'text-delta', id: '0', delta: text })
const toolCall = (input: string, more: object = {}): LanguageModelV3StreamPart => ({
  type: 'tool-call',
  toolCallId: 'c1',
  toolName: 'search',
  input,
  ...more,
})
const streamOf = (parts: readonly LanguageModelV3StreamPart[]) =>
  new ReadableStream<LanguageModelV3StreamPart>({
    start(controller) {
      for (const part of parts) controller.enqueue(part)
      controller.close()
    },
  })

type DoStream = LanguageModelV3['doStream']
const unused = () => Promise.reject(new Error('not called in this test'))
const modelOf = (
  doStream: DoStream,
  doGenerate: LanguageModelV3['doGenerate'] = unused,
): LanguageModelV3 => ({
  specificationVersion: 'v3',
  provider: 'acme.chat',
  modelId: 'big',
  supportedUrls: {},
  doStream,
  doGenerate,
})
const answering = (...parts: readonly LanguageModelV3StreamPart[]) =>
  modelOf(async () => ({ stream: streamOf(parts) }))

const generate = (model: LanguageModelV3, options?: LanguageModelOptions, request = REQUEST) =>
  fromLanguageModel(model, options).generate(request, { signal })

async function failure(work: Promise<unknown>): Promise<RuntimeError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(thrown, RuntimeError)
  return thrown as RuntimeError
}

test('collects the text and reports every piece as it arrives', async () => {
  const pieces: string[] = []
  const model = fromLanguageModel(answering(delta('Hel'), delta('lo'), finish()))
  const answer = await model.generate(REQUEST, { signal, onDelta: piece => pieces.push(piece) })
  assert.equal(pieces, ['Hel', 'lo'])
  assert.equal(answer, {
    text: 'Hello',
    toolCalls: [],
    finish: 'stop',
    usage: { inputTokens: 10, outputTokens: 5, modelCalls: 1, toolCalls: 0, costUsd: null },
    model: 'acme:big',
  })
})

test('reports reasoning and the writing of a tool call as progress without text', async () => {
  const pieces: string[] = []
  const model = fromLanguageModel(
    answering(
      { type: 'reasoning-delta', id: 'r', delta: 'secret thoughts' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"q"' },
      toolCall('{"q":1}'),
      finish('tool-calls'),
    ),
  )
  const answer = await model.generate(REQUEST, { signal, onDelta: piece => pieces.push(piece) })
  assert.equal(pieces, ['', ''])
  assert.is(answer.text, '')
})

test('parses tool calls, and reads no arguments as an empty object', async () => {
  const answer = await generate(answering(toolCall('{"q":["x",1]}'), toolCall(' '), finish('tool-calls')))
  assert.is(answer.finish, 'tool-calls')
  assert.equal(answer.toolCalls, [
    { id: 'c1', name: 'search', input: { q: ['x', 1] } },
    { id: 'c1', name: 'search', input: {} },
  ])
})

test('says tool-calls when a server calls tools but says stop', async () => {
  assert.is((await generate(answering(toolCall('{}'), finish('stop')))).finish, 'tool-calls')
})

test('leaves out the calls that the provider has executed itself', async () => {
  const answer = await generate(answering(toolCall('{}', { providerExecuted: true }), finish('stop')))
  assert.equal([answer.toolCalls, answer.finish], [[], 'stop'])
})

for (const input of [
  '{"canary":',
  '[1,2',
  'search for canary',
  '{"__proto__":{"canary":1}}',
  '['.repeat(200) + ']'.repeat(200),
]) {
  test(`takes the arguments ${input.slice(0, 24)} for malformed, without quoting them`, async () => {
    const error = await failure(generate(answering(toolCall(input), finish('tool-calls'))))
    assert.equal([error.kind, error.retryable], ['model-failed', true])
    assert.not.match(JSON.stringify([error.message, error.why, error.fix, error.details]), /canary/)
    assert.equal(error.details?.['usage'], {
      ...NO_USAGE,
      inputTokens: 10,
      outputTokens: 5,
      modelCalls: 1,
      costUsd: null,
    })
  })
}

for (const [unified, expected] of [
  ['stop', 'stop'],
  ['length', 'length'],
  ['content-filter', 'refused'],
  ['other', 'other'],
] as const) {
  test(`maps the finish reason ${unified} to ${expected}`, async () =>
    assert.is((await generate(answering(delta('x'), finish(unified)))).finish, expected))
}

test('throws when the answer ended with an error', async () => {
  assert.is((await failure(generate(answering(delta('x'), finish('error'))))).kind, 'model-failed')
})

test('throws when the stream ends without a finish part', async () => {
  const error = await failure(generate(answering(delta('half an ans'))))
  assert.equal([error.kind, error.retryable], ['model-failed', true])
})

test('throws on an error part, also after text', async () => {
  const part: LanguageModelV3StreamPart = {
    type: 'error',
    error: { type: 'overloaded_error', message: 'busy' },
  }
  assert.is((await failure(generate(answering(delta('x'), part, finish())))).kind, 'model-failed')
})

test('computes the cost from the prices, and only from them', async () => {
  const prices = { inputPerMillion: 2, outputPerMillion: 10 }
  const costOf = async (usage: LanguageModelV3Usage) =>
    (await generate(answering(finish('stop', usage)), { prices })).usage.costUsd
  assert.is(await costOf(usageOf(1000, 500)), 0.007)
  assert.is(await costOf(usageOf(0, 0)), 0)
  assert.is(await costOf(usageOf(undefined, 500)), null)
  assert.is(await costOf(usageOf(1000, Number.NaN)), null)
  assert.is(await costOf(usageOf(-1, 5)), null)
  assert.is((await generate(answering(finish()))).usage.costUsd, null)
})

test('uses doGenerate where a model cannot stream', async () => {
  const pieces: string[] = []
  const whole = modelOf(undefined as never, async () => ({
    content: [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
      { type: 'tool-call', toolCallId: 'c', toolName: 't', input: '{}' },
    ],
    finishReason: { unified: 'tool-calls', raw: undefined },
    usage: usageOf(1, 2),
    warnings: [],
  }))
  const answer = await fromLanguageModel(whole).generate(REQUEST, { signal, onDelta: p => pieces.push(p) })
  assert.equal([answer.text, answer.toolCalls.length, answer.finish], ['onetwo', 1, 'tool-calls'])
  assert.equal(pieces, ['one', 'two'])
  assert.is(answer.usage.outputTokens, 2)
})

test('gives up on an answer that does not end', async () => {
  const big = 'x'.repeat(1_000_000)
  const endless = modelOf(async () => ({ stream: new ReadableStream({ pull: c => c.enqueue(delta(big)) }) }))
  assert.is((await failure(generate(endless))).kind, 'too-large')
})

test('passes on, unchanged, what onDelta throws, and cancels the stream', async () => {
  let cancelled = false
  const model = fromLanguageModel(
    modelOf(async () => ({
      stream: new ReadableStream({
        pull: c => c.enqueue(delta('x')),
        cancel: () => {
          cancelled = true
        },
      }),
    })),
  )
  const fault = new TypeError('the listener is broken')
  const onDelta = () => {
    throw fault
  }
  const thrown = await model.generate(REQUEST, { signal, onDelta }).catch((error: unknown) => error)
  assert.is(thrown, fault)
  assert.is(cancelled, true)
})

for (const [title, model] of [
  ['before it opens', () => modelOf(() => new Promise(() => undefined))],
  [
    'in the middle',
    () => modelOf(async () => ({ stream: new ReadableStream({ start: c => c.enqueue(delta('x')) }) })),
  ],
  ['without streaming', () => modelOf(undefined as never, () => new Promise(() => undefined))],
] as const) {
  test(`an abort ends a call that ignores its signal, ${title}`, async () => {
    const controller = new AbortController()
    const reason = new RuntimeError('attempt-timeout', 'too slow')
    const work = failure(fromLanguageModel(model()).generate(REQUEST, { signal: controller.signal }))
    setImmediate(() => controller.abort(reason))
    assert.is(await work, reason)
  })
}

test('an abort with a foreign reason is cancelled', async () => {
  const error = await failure(
    fromLanguageModel(answering(finish())).generate(REQUEST, { signal: AbortSignal.abort('x') }),
  )
  assert.equal([error.kind, error.retryable], ['cancelled', false])
})

test('the error that a model throws because of the abort is not taken for its failure', async () => {
  const controller = new AbortController()
  const model = modelOf(async () => {
    controller.abort()
    throw new DOMException('This operation was aborted', 'AbortError')
  })
  assert.is(
    (await failure(fromLanguageModel(model).generate(REQUEST, { signal: controller.signal }))).kind,
    'cancelled',
  )
})

test('a stream that opens only after the abort is cancelled', async () => {
  const controller = new AbortController()
  let streamCancelled: () => void = () => undefined
  const cancelled = new Promise<void>(resolve => {
    streamCancelled = resolve
  })
  const stream = new ReadableStream<LanguageModelV3StreamPart>({ cancel: () => streamCancelled() })
  let open: () => void = () => undefined
  const model = modelOf(
    () =>
      new Promise(resolve => {
        open = () => resolve({ stream })
      }),
  )
  const work = failure(fromLanguageModel(model).generate(REQUEST, { signal: controller.signal }))
  controller.abort()
  assert.is((await work).kind, 'cancelled')
  open()
  await cancelled
})

test('a call makes exactly one request, whatever happens', async () => {
  let requests = 0
  const model = modelOf(async () => {
    requests++
    throw Object.assign(new Error('busy'), { statusCode: 503, isRetryable: true })
  })
  await failure(generate(model))
  assert.is(requests, 1)
})

for (const [title, thrown, kind] of [
  ['a rate limit', Object.assign(new Error('no'), { statusCode: 429 }), 'rate-limited'],
  ['a refused request', Object.assign(new Error('no'), { statusCode: 404 }), 'model-rejected'],
  ['a lost connection', new TypeError('terminated'), 'model-failed'],
] as const) {
  test(`${title} is ${kind} before, in and instead of the stream`, async () => {
    const kindOf = async (model: LanguageModelV3) => (await failure(generate(model))).kind
    assert.is(await kindOf(modelOf(() => Promise.reject(thrown))), kind)
    assert.is(
      await kindOf(
        modelOf(() => {
          throw thrown
        }),
      ),
      kind,
    )
    assert.is(await kindOf(answering(delta('x'), { type: 'error', error: thrown })), kind)
    assert.is(
      await kindOf(modelOf(async () => ({ stream: new ReadableStream({ start: c => c.error(thrown) }) }))),
      kind,
    )
    assert.is(await kindOf(modelOf(undefined as never, () => Promise.reject(thrown))), kind)
  })
}

test('a refused key names the variable, and no error carries the key', async () => {
  const key = 'canary-key-0123456789'
  const thrown = Object.assign(new Error(`key ${key} is wrong`), { statusCode: 401 })
  const options = { keyVariable: 'ACME_API_KEY', secrets: [key] }
  const error = await failure(
    generate(
      modelOf(() => Promise.reject(thrown)),
      options,
    ),
  )
  assert.match(error.fix ?? '', /ACME_API_KEY/)
  assert.not.match(JSON.stringify([error, error.stack, (error.cause as Error).stack]), /canary/)
})

test.run()
