import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { parseRetryAfter, readBody, refuseBadStatus } from './http-response.ts'

const test = testSuite('agents/tools/http-response')

const NOW = Date.parse('2026-01-01T00:00:00Z')

function statusError(status: number, headers: Record<string, string> = {}): RuntimeError {
  try {
    refuseBadStatus(new Response(null, { status, headers }), 'https://example.com', NOW)
  } catch (thrown) {
    assert.instance(thrown, RuntimeError)
    return thrown as RuntimeError
  }
  throw new Error(`${status} was accepted`)
}

test('429 is a rate limit with the time the server asks for', () => {
  const error = statusError(429, { 'retry-after': '7' })
  assert.equal([error.kind, error.retryable, error.retryAfterMs], ['rate-limited', true, 7_000])
  assert.is(statusError(429).retryAfterMs, undefined)
})

test('5xx may be tried again, other statuses may not', () => {
  for (const status of [500, 502, 503])
    assert.equal([statusError(status).kind, statusError(status).retryable], ['tool-failed', true])
  for (const status of [304, 400, 401, 403, 404, 410])
    assert.equal([statusError(status).kind, statusError(status).retryable], ['tool-failed', false])
  assert.is(statusError(503, { 'retry-after': '2' }).retryAfterMs, 2_000)
})

test('2xx is accepted', () => {
  refuseBadStatus(new Response(null, { status: 204 }), 'x', NOW)
})

test('reads Retry-After as seconds or as a date, and ignores nonsense', () => {
  assert.is(parseRetryAfter(' 120 ', NOW), 120_000)
  assert.is(parseRetryAfter('0', NOW), 0)
  assert.is(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', NOW), 60_000)
  assert.is(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', NOW), 0)
  for (const header of [null, '', '-5', '1.5', 'soon', '99999999999']) {
    assert.is(parseRetryAfter(header, NOW), undefined, String(header))
  }
})

test('stops reading a body at the cap', async () => {
  let pulled = 0
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: controller => {
      pulled++
      controller.enqueue(new Uint8Array(10))
    },
    cancel: () => {
      cancelled = true
    },
  })
  const error = await readBody(new Response(body), 'x', 25).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof RuntimeError && error.kind === 'too-large')
  assert.ok(cancelled && pulled < 6, String(pulled))
})

test('reads a body at the cap whole, and none as empty', async () => {
  assert.is((await readBody(new Response('12345'), 'x', 5)).byteLength, 5)
  assert.is((await readBody(new Response(null), 'x', 5)).byteLength, 0)
})

test.run()
