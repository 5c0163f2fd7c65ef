import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { Completion } from './chat-wire.ts'
import { type Fault, type ModelServer, startModelServer } from './model-server.ts'

const test = testSuite('agents/testkit/model-server')

const BODY = { model: 'm', messages: [{ role: 'user', content: 'hello there' }] }

const post = (server: ModelServer, more: object = {}, init: RequestInit = {}) =>
  fetch(`${server.url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...BODY, ...more }),
    ...init,
  })

async function withServer(
  answer: Completion,
  faults: readonly Fault[],
  body: (server: ModelServer) => Promise<void>,
): Promise<void> {
  const server = await startModelServer({ respond: () => answer, faults })
  try {
    await body(server)
  } finally {
    await server.close()
  }
}

interface WholeAnswer {
  readonly choices: readonly {
    readonly message: { readonly content: string }
    readonly finish_reason: string
  }[]
  readonly usage: Record<string, number>
}

test('answers whole when not asked to stream, and counts words as tokens', () =>
  withServer({ text: 'a b c' }, [], async server => {
    const answer = (await (await post(server)).json()) as WholeAnswer
    assert.is(answer.choices[0]?.message.content, 'a b c')
    assert.is(answer.choices[0]?.finish_reason, 'stop')
    assert.is(
      answer.usage['total_tokens'],
      (answer.usage['prompt_tokens'] ?? 0) + (answer.usage['completion_tokens'] ?? 0),
    )
  }))

test('streams events that end in [DONE], with the usage only when asked for', () =>
  withServer({ text: 'a b' }, [], async server => {
    const plain = await (await post(server, { stream: true })).text()
    assert.match(plain, /data: \[DONE\]\n\n$/)
    assert.not.match(plain, /usage/)
    const counted = await post(server, { stream: true, stream_options: { include_usage: true } })
    assert.match(await counted.text(), /"usage":\{"prompt_tokens"/)
  }))

test('shows each request and its number to respond', async () => {
  const seen: unknown[] = []
  const server = await startModelServer({
    respond(body, n) {
      seen.push([body.model, n])
      return { text: 'x' }
    },
  })
  await (await post(server)).text()
  await (await post(server, { model: 'other' })).text()
  await server.close()
  assert.equal(seen, [
    ['m', 0],
    ['other', 1],
  ])
  assert.equal(
    server.log.map(entry => entry.model),
    ['m', 'other'],
  )
})

test('applies one fault to one request, those of next() after the first ones', () =>
  withServer({ text: 'x' }, [{ status: 500 }, {}], async server => {
    server.next({ status: 429, retryAfter: 2 })
    const answers = [await post(server), await post(server), await post(server), await post(server)]
    assert.equal(
      answers.map(answer => answer.status),
      [500, 200, 429, 200],
    )
    assert.is(answers[2]?.headers.get('retry-after'), '2')
    assert.equal(
      server.log.map(entry => entry.status),
      [500, 200, 429, 200],
    )
    assert.equal(
      server.log.map(entry => entry.fault),
      [{ status: 500 }, {}, { status: 429, retryAfter: 2 }, undefined],
    )
  }))

for (const stream of [true, false]) {
  const how = stream ? 'a stream' : 'a whole answer'
  const isBroken = (text: string) =>
    text
      .split('\n')
      .map(line => line.replace(/^data: /, ''))
      .filter(line => line !== '' && line !== '[DONE]')
      .some(line => {
        try {
          return JSON.parse(line) === undefined
        } catch {
          return true
        }
      })

  test(`malformed breaks the JSON of ${how}`, () =>
    withServer({ text: 'a b' }, [{}, { malformed: true }], async server => {
      assert.is(isBroken(await (await post(server, { stream })).text()), false)
      assert.is(isBroken(await (await post(server, { stream })).text()), true)
    }))

  test(`cut ends ${how} with a lost connection, not with an end`, () =>
    withServer({ text: 'a b' }, [{ cut: true }], async server => {
      const answer = await post(server, { stream })
      assert.is(answer.status, 200)
      const thrown = await answer.text().catch((error: unknown) => error)
      assert.instance(thrown, Error)
      assert.is(server.log[0]?.aborted, false)
    }))
}

test('invalid wraps the answer so that it is JSON of the wrong shape', () =>
  withServer({ object: { a: 1 } }, [{ invalid: true }], async server => {
    const answer = (await (await post(server)).json()) as WholeAnswer
    assert.equal(JSON.parse(answer.choices[0]?.message.content ?? ''), [{ a: 1 }])
  }))

test('delayMs and trickleMs take their time', () =>
  withServer({ text: 'a b c' }, [{ delayMs: 60 }, { trickleMs: 15 }], async server => {
    const timed = async () => {
      const start = performance.now()
      await (await post(server, { stream: true })).text()
      return performance.now() - start
    }
    assert.ok((await timed()) >= 55)
    assert.ok((await timed()) >= 55)
  }))

test('hang accepts and never answers; the log knows when the client gave up', () =>
  withServer({ text: 'x' }, [{ hang: true }], async server => {
    const controller = new AbortController()
    const work = post(server, {}, { signal: controller.signal }).catch((error: unknown) => error)
    while (server.log.length === 0) await new Promise(resolve => setImmediate(resolve))
    assert.equal([server.log[0]?.status, server.log[0]?.aborted], [null, false])
    controller.abort()
    assert.instance(await work, Error)
    while (!server.log[0]?.aborted) await new Promise(resolve => setImmediate(resolve))
  }))

test('close ends at once although requests hang and clients keep their connections', async () => {
  const server = await startModelServer({
    respond: () => ({ text: 'x' }),
    faults: [{}, { hang: true }, { delayMs: 60_000 }],
  })
  await (await post(server)).text()
  const open = [post(server), post(server)].map(work => work.catch((error: unknown) => error))
  while (server.log.length < 3) await new Promise(resolve => setImmediate(resolve))
  await server.close()
  for (const thrown of await Promise.all(open)) assert.instance(thrown, Error)
})

test('says 404 to what it does not know, and 500 to what it cannot read or answer', async () => {
  const server = await startModelServer({
    respond() {
      throw new Error('no answer for this')
    },
  })
  const other = await fetch(`${server.url}/models`)
  assert.is(other.status, 404)
  const unreadable = await fetch(`${server.url}/chat/completions`, { method: 'POST', body: '{' })
  assert.is(unreadable.status, 500)
  assert.is((await post(server)).status, 500)
  await server.close()
})

test.run()
