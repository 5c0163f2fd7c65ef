import { createOpenAI } from '@ai-sdk/openai'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { type ErrorKind, RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Completion } from '../testkit/chat-wire.ts'
import { type Fault, type ModelServer, startModelServer } from '../testkit/model-server.ts'
import type { Model, ModelRequest } from './model.ts'
import { resolveModel } from './providers.ts'
import { jsonSchemaOf, readObject, repairMessage } from './structured.ts'

const test = testSuite('agents/models/providers (real packages, real sockets)')

const KEY = 'canary-0123456789abcdef'
const signal = new AbortController().signal
const REQUEST: ModelRequest = { messages: [{ role: 'user', text: 'tell me' }] }
const PRICES = { inputPerMillion: 1, outputPerMillion: 2 }

type Connect = (baseURL: string) => Promise<Model>

/** Both packages against the same server: the chat API of OpenAI's own, and the compatible one by its name. */
const CONNECTIONS: readonly [title: string, connect: Connect][] = [
  [
    'openai-compatible',
    baseURL =>
      resolveModel('openai-compatible:m', {
        env: { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: KEY },
        prices: PRICES,
      }),
  ],
  [
    'openai chat',
    baseURL =>
      resolveModel(createOpenAI({ baseURL, apiKey: KEY }).chat('m'), {
        env: { OPENAI_API_KEY: KEY },
        prices: PRICES,
      }),
  ],
]

async function failure(work: Promise<unknown>): Promise<RuntimeError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(thrown, RuntimeError)
  const error = thrown as RuntimeError
  const cause =
    error.cause instanceof Error ? [error.cause.message, error.cause.stack, { ...error.cause }] : []
  assert.not.match(JSON.stringify([error, error.message, error.stack, ...cause]), /canary/)
  return error
}

/** Runs `body` with a server and a model connected to it. */
async function withModel(
  connect: Connect,
  answer: Completion | ((n: number) => Completion),
  body: (model: Model, server: ModelServer) => Promise<void>,
): Promise<void> {
  const respond = (_: unknown, n: number) => (typeof answer === 'function' ? answer(n) : answer)
  const server = await startModelServer({ respond })
  try {
    await body(await connect(server.url), server)
  } finally {
    await server.close()
  }
}

/** Waits for a state that the server reaches on its own; the suite's limit bounds it. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise(resolve => setTimeout(resolve, 5))
}

interface FaultCase {
  readonly title: string
  readonly fault: Fault
  readonly kind: ErrorKind
  readonly retryAfterMs?: number
}

const echo = { message: `Incorrect API key provided: ${KEY}`, type: 'invalid_request_error' }
const overflow = { message: 'This model has a maximum context length', code: 'context_length_exceeded' }

const FAULTS: readonly FaultCase[] = [
  {
    title: '429 with Retry-After',
    fault: { status: 429, retryAfter: 3 },
    kind: 'rate-limited',
    retryAfterMs: 3000,
  },
  { title: '429 without Retry-After', fault: { status: 429 }, kind: 'rate-limited' },
  { title: '500', fault: { status: 500 }, kind: 'model-failed' },
  { title: '503 that echoes the key', fault: { status: 503, error: echo }, kind: 'model-failed' },
  { title: '401 that echoes the key', fault: { status: 401, error: echo }, kind: 'model-rejected' },
  { title: '404 that echoes the key', fault: { status: 404, error: echo }, kind: 'model-rejected' },
  { title: '400 for the length', fault: { status: 400, error: overflow }, kind: 'context-overflow' },
  { title: 'a malformed answer', fault: { malformed: true }, kind: 'model-failed' },
  { title: 'an answer that is cut off', fault: { cut: true }, kind: 'model-failed' },
]

for (const [title, connect] of CONNECTIONS) {
  test(`${title}: streams an answer with its usage and its cost`, () =>
    withModel(
      connect,
      { text: 'one two three', usage: { input: 1000, output: 500 } },
      async (model, server) => {
        const pieces: string[] = []
        const answer = await model.generate(REQUEST, { signal, onDelta: piece => pieces.push(piece) })
        assert.equal(pieces.filter(Boolean), ['one ', 'two ', 'three'])
        assert.is(answer.text, 'one two three')
        assert.is(answer.finish, 'stop')
        assert.equal(answer.usage, {
          inputTokens: 1000,
          outputTokens: 500,
          modelCalls: 1,
          toolCalls: 0,
          costUsd: 0.002,
        })
        const [entry] = server.log
        assert.is(entry?.authorization, `Bearer ${KEY}`)
        assert.equal([entry?.status, entry?.model, entry?.aborted], [200, 'm', false])
      },
    ))

  test(`${title}: carries tools, tool calls and their results`, () => {
    const toolCalls = [
      { name: 'search', input: { q: 'x', n: [1, 2] } },
      { name: 'search', input: {} },
    ]
    return withModel(
      connect,
      n => (n === 0 ? { toolCalls } : { text: 'found' }),
      async (model, server) => {
        const tools = [
          { name: 'search', description: 'finds', input: jsonSchemaOf(z.object({ q: z.string() })) },
        ]
        const first = await model.generate({ ...REQUEST, tools }, { signal })
        assert.is(first.finish, 'tool-calls')
        assert.equal(
          first.toolCalls.map(call => call.input),
          [{ q: 'x', n: [1, 2] }, {}],
        )
        const results = first.toolCalls.map(({ id, name }) => ({ id, name, output: { hits: 1 } }))
        const messages = [
          ...REQUEST.messages,
          { role: 'assistant' as const, text: first.text, toolCalls: first.toolCalls },
          { role: 'tool' as const, results },
        ]
        assert.is((await model.generate({ messages, tools }, { signal })).text, 'found')
        const [before, after] = server.log
        assert.is(before?.body.tools?.[0]?.function.name, 'search')
        assert.equal(
          after?.messages.map(message => message.role),
          ['user', 'assistant', 'tool', 'tool'],
        )
        assert.is(after?.messages[2]?.content, '{"hits":1}')
      },
    )
  })

  test(`${title}: asks for structured output, and a wrong answer can be repaired`, () =>
    withModel(connect, { object: { name: 'Ada' } }, async (model, server) => {
      const schema = z.object({ name: z.string() })
      const request = { ...REQUEST, schema: jsonSchemaOf(schema), schemaName: 'person' }
      server.next({ invalid: true })
      const wrong = await model.generate(request, { signal })
      const reading = readObject(schema, wrong.text)
      if (reading.ok) throw new Error('the invalid answer was accepted')
      const messages = [
        ...request.messages,
        { role: 'assistant' as const, text: wrong.text },
        repairMessage(reading.problem),
      ]
      const right = await model.generate({ ...request, messages }, { signal })
      assert.equal(readObject(schema, right.text), { ok: true, value: { name: 'Ada' } })
      const asked = server.log[0]?.body.response_format
      assert.is(asked?.type, 'json_schema')
      assert.equal([asked?.json_schema?.name, asked?.json_schema?.strict], ['person', true])
      assert.equal(asked?.json_schema?.schema, request.schema)
    }))

  test(`${title}: does not claim strictness for a schema with optional parts`, () =>
    withModel(connect, { object: {} }, async (model, server) => {
      const schema = jsonSchemaOf(z.object({ name: z.string().optional() }))
      await model.generate({ ...REQUEST, schema }, { signal })
      assert.is(server.log[0]?.body.response_format?.json_schema?.strict, false)
    }))

  for (const { title: what, fault, kind, retryAfterMs } of FAULTS) {
    test(`${title}: ${what} is ${kind}, after one request`, () =>
      withModel(connect, { text: 'one two three four' }, async (model, server) => {
        server.next(fault)
        const error = await failure(model.generate(REQUEST, { signal }))
        assert.equal([error.kind, error.retryAfterMs], [kind, retryAfterMs])
        assert.is(server.log.length, 1)
        assert.is((await model.generate(REQUEST, { signal })).text, 'one two three four')
      }))
  }

  test(`${title}: malformed arguments of a tool call are model-failed`, () =>
    withModel(connect, { toolCalls: [{ name: 'search', input: '{"q": canary' }] }, async model => {
      const error = await failure(model.generate(REQUEST, { signal }))
      assert.equal([error.kind, error.retryable], ['model-failed', true])
    }))

  for (const [finish, expected] of [
    ['length', 'length'],
    ['content_filter', 'refused'],
  ] as const) {
    test(`${title}: the finish ${finish} is ${expected}`, () =>
      withModel(connect, { text: 'x', finish }, async model =>
        assert.is((await model.generate(REQUEST, { signal })).finish, expected),
      ))
  }

  test(`${title}: a slow answer arrives, piece by piece`, () =>
    withModel(connect, { text: 'one two' }, async (model, server) => {
      server.next({ delayMs: 20, trickleMs: 5 })
      assert.is((await model.generate(REQUEST, { signal })).text, 'one two')
    }))

  test(`${title}: an abort frees a call that hangs, and the server sees it`, () =>
    withModel(connect, { text: 'x' }, async (model, server) => {
      server.next({ hang: true })
      const controller = new AbortController()
      const work = failure(model.generate(REQUEST, { signal: controller.signal }))
      await until(() => server.log.length === 1)
      const reason = new RuntimeError('stalled', 'no progress')
      controller.abort(reason)
      assert.is(await work, reason)
      await until(() => server.log[0]?.aborted === true)
      assert.is(server.log[0]?.status, null)
    }))

  test(`${title}: an abort in the middle of the stream ends the call and the connection`, () =>
    withModel(connect, { text: 'word '.repeat(1000) }, async (model, server) => {
      server.next({ trickleMs: 5 })
      const controller = new AbortController()
      const onDelta = () => controller.abort()
      const error = await failure(model.generate(REQUEST, { signal: controller.signal, onDelta }))
      assert.is(error.kind, 'cancelled')
      await until(() => server.log[0]?.aborted === true)
    }))

  test(`${title}: a server that is not there is model-failed`, async () => {
    const server = await startModelServer({ respond: () => ({ text: 'x' }) })
    await server.close()
    const model = await connect(server.url)
    const error = await failure(model.generate(REQUEST, { signal }))
    assert.equal([error.kind, error.retryable], ['model-failed', true])
    assert.match(JSON.stringify(error.details), /ECONNREFUSED/)
  })
}

for (const [spec, env, variable] of [
  ['openai:gpt-x', { OPENAI_API_KEY: KEY }, 'OPENAI_API_KEY'],
  ['anthropic:claude-x', { ANTHROPIC_API_KEY: KEY }, 'ANTHROPIC_API_KEY'],
  ['google:gemini-x', { GOOGLE_GENERATIVE_AI_API_KEY: KEY }, 'GOOGLE_GENERATIVE_AI_API_KEY'],
] as const) {
  test(`${spec} sends its key, and a refused key names ${variable}`, async () => {
    const requests: { url: string; headers: string }[] = []
    const refuse: typeof globalThis.fetch = async (url, init) => {
      requests.push({ url: String(url), headers: JSON.stringify([...new Headers(init?.headers)]) })
      return Response.json(
        { error: { message: `bad key ${KEY}`, type: 'authentication_error' } },
        { status: 401 },
      )
    }
    const model = await resolveModel(spec, { env, fetch: refuse })
    const error = await failure(model.generate(REQUEST, { signal }))
    assert.is(error.kind, 'model-rejected')
    assert.match(error.fix ?? '', new RegExp(variable))
    assert.is(requests.length, 1)
    assert.match(requests[0]?.headers ?? '', new RegExp(KEY))
  })
}

test('openai: uses the API that its package prefers, under the base URL of the environment', async () => {
  const urls: string[] = []
  const fetch: typeof globalThis.fetch = async url => {
    urls.push(String(url))
    return Response.json({}, { status: 500 })
  }
  const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
  const model = await resolveModel('openai:gpt-x', { env, fetch })
  assert.is((await failure(model.generate(REQUEST, { signal }))).kind, 'model-failed')
  assert.equal(urls, ['http://127.0.0.1:1/v1/responses'])
})

test('openai: streams an answer of the responses API', async () => {
  const item = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [] }
  const usage = { input_tokens: 3, output_tokens: 2, total_tokens: 5 }
  const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt-x', output: [] }
  const events = [
    { type: 'response.created', response },
    { type: 'response.output_item.added', output_index: 0, item },
    {
      type: 'response.output_text.delta',
      item_id: 'msg_1',
      output_index: 0,
      content_index: 0,
      delta: 'one ',
    },
    { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'two' },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { ...response, usage } },
  ]
  const body = events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const fetch: typeof globalThis.fetch = async () =>
    new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const model = await resolveModel('openai:gpt-x', { env: { OPENAI_API_KEY: KEY }, fetch, prices: PRICES })
  const answer = await model.generate(REQUEST, { signal })
  assert.equal([answer.text, answer.finish, answer.model], ['one two', 'stop', 'openai:gpt-x'])
  assert.equal([answer.usage.inputTokens, answer.usage.outputTokens], [3, 2])
})

test.run()
