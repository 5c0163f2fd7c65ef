import * as assert from 'uvu/assert'
import { ERRORS, type ErrorKind, RuntimeError } from '../../actors/errors.ts'
import { createRedactor } from '../../runtime/telemetry/redact.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { toModelError } from './model-error.ts'

const test = testSuite('agents/models/model-error')

const CANARY = 'canary-key-0123456789'
const ORIGIN = {
  model: 'acme:big',
  keyVariable: 'ACME_API_KEY',
  redact: createRedactor([CANARY]).text,
  now: () => Date.parse('Wed, 21 Oct 2026 07:28:00 GMT'),
}
const DATE = { 'retry-after': 'Wed, 21 Oct 2026 07:28:20 GMT' }
const REFUSED = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

const api = (statusCode: number | undefined, message = 'no', more: object = {}) =>
  Object.assign(new Error(message), { name: 'AI_APICallError', statusCode, responseHeaders: {}, ...more })
const body = (error: object) => ({ data: { error } })
const named = (name: string, message = 'no') => Object.assign(new Error(message), { name })

const CASES: readonly [title: string, thrown: unknown, kind: ErrorKind, retryAfterMs?: number][] = [
  ['429', api(429), 'rate-limited'],
  ['429 with seconds', api(429, 'no', { responseHeaders: { 'retry-after': '2' } }), 'rate-limited', 2000],
  ['429 with a date', api(429, 'no', { responseHeaders: DATE }), 'rate-limited', 20_000],
  [
    '429 with milliseconds',
    api(429, 'no', { responseHeaders: { 'retry-after-ms': '150' } }),
    'rate-limited',
    150,
  ],
  ['429 about too many tokens per minute', api(429, 'too many tokens per min'), 'rate-limited'],
  ['408', api(408), 'model-failed'],
  ['409', api(409), 'model-failed'],
  ['500', api(500), 'model-failed'],
  ['503 with Retry-After', api(503, 'no', { responseHeaders: { 'Retry-After': '4' } }), 'model-failed', 4000],
  ['529', api(529, 'Overloaded'), 'model-failed'],
  ['401', api(401), 'model-rejected'],
  ['403', api(403), 'model-rejected'],
  ['404', api(404), 'model-rejected'],
  ['400', api(400, 'Unsupported parameter'), 'model-rejected'],
  ['302', api(302), 'model-rejected'],
  ["OpenAI's overflow", api(400, "This model's maximum context length is 8192 tokens"), 'context-overflow'],
  [
    "OpenAI's overflow by its code",
    api(400, 'no', body({ code: 'context_length_exceeded' })),
    'context-overflow',
  ],
  [
    "Anthropic's overflow",
    api(400, 'prompt is too long: 210000 tokens > 200000 maximum'),
    'context-overflow',
  ],
  [
    "Google's overflow",
    api(400, 'The input token count (9) exceeds the maximum number of tokens'),
    'context-overflow',
  ],
  ["llama.cpp's overflow", api(400, 'the request exceeds the available context size'), 'context-overflow'],
  ['500 about the context window', api(500, 'context window cache failed'), 'model-failed'],
  ['a body that is not JSON', api(200, 'Invalid JSON response'), 'model-failed'],
  ['an unreadable event', named('AI_JSONParseError'), 'model-failed'],
  ['an event of another shape', named('AI_TypeValidationError'), 'model-failed'],
  ['an empty body', named('AI_EmptyResponseBodyError'), 'model-failed'],
  ['a refused connection', api(undefined, 'Cannot connect to API', { cause: REFUSED }), 'model-failed'],
  ['a bare network error', new TypeError('terminated'), 'model-failed'],
  ['an unsupported function', named('AI_UnsupportedFunctionalityError'), 'model-rejected'],
  ['a missing model', named('AI_NoSuchModelError'), 'model-rejected'],
  ['a string', 'something happened', 'model-failed'],
  ['undefined', undefined, 'model-failed'],
  ['null', null, 'model-failed'],
  [
    "OpenAI's rate limit in a stream",
    { message: 'no', type: 'tokens', code: 'rate_limit_exceeded' },
    'rate-limited',
  ],
  ["Anthropic's rate limit in a stream", { type: 'rate_limit_error', message: 'no' }, 'rate-limited'],
  ["Google's rate limit in a stream", { status: 'RESOURCE_EXHAUSTED', message: 'no' }, 'rate-limited'],
  ["Anthropic's overload in a stream", { type: 'overloaded_error', message: 'no' }, 'model-failed'],
  [
    'a wrapped overflow in a stream',
    { type: 'error', error: { code: 'context_length_exceeded' } },
    'context-overflow',
  ],
  ['a numeric code in a stream', { message: 'no', code: 502 }, 'model-failed'],
  ['a refused key in a stream', { type: 'authentication_error', message: 'no' }, 'model-rejected'],
  ['an invalid request in a stream', { type: 'invalid_request_error', message: 'no' }, 'model-rejected'],
]

for (const [title, thrown, kind, retryAfterMs] of CASES) {
  test(`${title} is ${kind}`, () => {
    const error = toModelError(thrown, ORIGIN)
    const facts = [error.kind, error.retryable, error.retryAfterMs]
    assert.equal(facts, [kind, ERRORS[kind].retryable, retryAfterMs])
  })
}

test('a used-up quota is rate-limited, but waiting does not help', () => {
  const error = toModelError(api(429, 'no', body({ code: 'insufficient_quota' })), ORIGIN)
  assert.equal([error.kind, error.retryable], ['rate-limited', false])
})

test('leaves a RuntimeError as it is', () => {
  const error = new RuntimeError('budget-exhausted', 'no')
  assert.is(toModelError(error, ORIGIN), error)
})

test('names the variable of a refused key, and does without its name', () => {
  assert.match(toModelError(api(401), ORIGIN).fix ?? '', /ACME_API_KEY/)
  const { keyVariable: _, ...unknown } = ORIGIN
  assert.ok((toModelError(api(401), unknown).fix ?? '').length > 0)
})

test('says the status, the codes and the request id for machines', () => {
  const headers = { 'x-request-id': 'req_1' }
  const thrown = api(500, 'no', {
    responseHeaders: headers,
    cause: REFUSED,
    ...body({ type: 'server_error' }),
  })
  assert.equal(toModelError(thrown, ORIGIN).details, {
    model: 'acme:big',
    status: 500,
    codes: ['server_error', 'ECONNREFUSED'],
    requestId: 'req_1',
  })
})

test('carries no key, no prompt and no response, not even in its cause', () => {
  for (const [, thrown] of CASES) {
    const hostile = Object.assign(new Error(`you sent ${CANARY}`), thrown, {
      message: `you sent ${CANARY}, and Bearer ${CANARY}`,
      requestBodyValues: { messages: ['canary prompt'] },
      responseBody: 'canary response',
      url: `https://user:${CANARY}@host`,
      responseHeaders: { 'x-request-id': CANARY, 'set-cookie': 'canary' },
      data: { error: { message: CANARY, code: CANARY } },
    })
    const error = toModelError(hostile, ORIGIN)
    const cause = error.cause as Error
    const seen = [error.message, error.why, error.fix, error.details, error.stack]
    assert.not.match(JSON.stringify([...seen, { ...cause }, cause.message, cause.stack]), /canary/)
  }
})

test('does not quote a response that it could not read', () => {
  const error = toModelError(named('AI_JSONParseError', 'JSON parsing failed: Text: {"payload"'), ORIGIN)
  assert.is(error.why, undefined)
  assert.not.match((error.cause as Error).stack ?? '', /payload/)
})

test('cuts a long message of a provider', () => {
  const error = toModelError(api(400, 'x'.repeat(100_000)), ORIGIN)
  assert.ok((error.why ?? '').length < 400)
  assert.ok(((error.cause as Error).stack ?? '').length < 10_000)
})

test('keeps the original stack frames', () => {
  const thrown = api(500)
  const frame = (thrown.stack ?? '').split('\n').find(line => line.includes(' at ')) ?? ''
  const { cause } = toModelError(thrown, ORIGIN)
  assert.ok(frame !== '' && (cause as Error).stack?.includes(frame))
})

test('survives causes that go in a circle', () => {
  const thrown = new Error('round')
  thrown.cause = thrown
  assert.is(toModelError(thrown, ORIGIN).kind, 'model-failed')
})

test.run()
