/** Transport conformance: what is delivered to whom, in which order, and what a handler cannot break. */
import * as assert from 'uvu/assert'
import { MAX_PAYLOAD, type Transport } from '../transport/transport.ts'
import { type Bench, bytes, pause, refuses, type Scenarios, text, until } from './transport-scenario.ts'

export const DELIVERY: Scenarios = {
  'delivers to every pattern that covers the subject and to no other': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got = new Map<string, string[]>()
    for (const pattern of [
      'a.b.c',
      'a.*.c',
      'a.>',
      '*.b.*',
      'a.b.>',
      'a.b',
      'a.*',
      '*.*.*.*',
      'a.b.c.>',
      'A.b.c',
    ]) {
      const inbox: string[] = []
      got.set(pattern, inbox)
      receiver.subscribe(at(pattern), ({ subject }) => inbox.push(subject))
    }
    await receiver.flush()
    sender.publish(at('a.b.c'), bytes('x'))
    await allDelivered(sender, receiver, at)
    const hit = [...got].filter(([, inbox]) => inbox.length > 0).map(([pattern]) => pattern)
    assert.equal(hit, ['a.b.c', 'a.*.c', 'a.>', '*.b.*', 'a.b.>'])
    assert.ok([...got.values()].flat().every(subject => subject === at('a.b.c')))
  },

  'hands nothing over inside the call that publishes': async ({ connect, at }) => {
    const transport = await connect()
    let seen = false
    const arrived = new Promise<void>(resolve => {
      transport.subscribe(at('x'), () => {
        seen = true
        resolve()
      })
    })
    await transport.flush()
    transport.publish(at('x'), bytes('1'))
    assert.not.ok(seen)
    await arrived
  },

  'delivers 10,000 messages in the order published': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: number[] = []
    receiver.subscribe(at('x'), ({ data }) => got.push(Number(text(data))))
    await receiver.flush()
    for (let i = 0; i < 10_000; i++) sender.publish(at('x'), bytes(String(i)))
    await until(() => got.length >= 10_000)
    assert.equal(
      got,
      Array.from({ length: 10_000 }, (_, i) => i),
    )
  },

  'keeps the order of one publisher over several subjects': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: string[] = []
    receiver.subscribe(at('>'), ({ data }) => got.push(text(data)))
    await receiver.flush()
    const wanted = Array.from({ length: 300 }, (_, i) => String(i))
    for (const [i, n] of wanted.entries()) sender.publish(at(`s${i % 7}`), bytes(n))
    await until(() => got.length >= wanted.length)
    assert.equal(got, wanted)
  },

  'gives each message to one member of a queue group, and to every group and plain subscriber': async ({
    connect,
    at,
  }) => {
    const [sender, first, second] = [await connect(), await connect(), await connect()]
    const counts = { a1: 0, a2: 0, b: 0, plain: 0 }
    first.subscribe(at('x'), () => void counts.a1++, { queue: 'a' })
    second.subscribe(at('*'), () => void counts.a2++, { queue: 'a' })
    second.subscribe(at('x'), () => void counts.b++, { queue: 'b' })
    second.subscribe(at('x'), () => void counts.plain++)
    await Promise.all([first.flush(), second.flush()])
    for (let i = 0; i < 400; i++) sender.publish(at('x'), bytes(String(i)))
    await until(() => counts.a1 + counts.a2 >= 400 && counts.b >= 400 && counts.plain >= 400)
    await pause(20)
    assert.is(counts.a1 + counts.a2, 400)
    assert.is(counts.b, 400)
    assert.is(counts.plain, 400)
    assert.ok(counts.a1 > 40 && counts.a2 > 40, `both members of the group work: ${counts.a1}, ${counts.a2}`)
  },

  'gives every receiver bytes of its own': async ({ connect, at }) => {
    const transport = await connect()
    const got: Uint8Array[] = []
    for (const _ of [1, 2])
      transport.subscribe(at('x'), ({ data }) => got.push(data.fill(data[0] === 7 ? 9 : 0)))
    await transport.flush()
    const sent = new Uint8Array([7, 7, 7])
    transport.publish(at('x'), sent)
    sent.fill(1)
    await until(() => got.length === 2)
    assert.equal(
      got.map(data => [...data]),
      [
        [9, 9, 9],
        [9, 9, 9],
      ],
    )
    assert.equal([...sent], [1, 1, 1])
  },

  'delivers an empty message and one as large as the limit unchanged': async ({ connect, at }) => {
    const [sender, receiver] = [await connect(), await connect()]
    const got: Uint8Array[] = []
    receiver.subscribe(at('x'), ({ data }) => got.push(data))
    await receiver.flush()
    const large = new Uint8Array(MAX_PAYLOAD).map((_, i) => (i * 31) % 251)
    sender.publish(at('x'), new Uint8Array(0))
    sender.publish(at('x'), large)
    await until(() => got.length === 2)
    assert.is(got[0]?.length, 0)
    assert.is(Buffer.compare(got[1] ?? bytes(''), large), 0)
  },

  'accepts a message that nobody is subscribed to': async ({ connect, at }) => {
    const transport = await connect()
    transport.publish(at('nobody'), bytes('x'))
    await transport.flush()
    assert.is(transport.status, 'open')
  },

  'delivers nothing published before the subscription': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    transport.publish(at('x'), bytes('early'))
    transport.subscribe(at('x'), ({ data }) => got.push(text(data)))
    await transport.flush()
    transport.publish(at('x'), bytes('late'))
    await until(() => got.length > 0)
    assert.equal(got, ['late'])
  },

  'hands nothing over after unsubscribe, also when called by a handler': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    const other: string[] = []
    const subscription = transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      if (got.length === 2) subscription.unsubscribe()
    })
    transport.subscribe(at('x'), ({ data }) => other.push(text(data)))
    await transport.flush()
    for (const n of ['1', '2', '3', '4']) transport.publish(at('x'), bytes(n))
    await until(() => other.length === 4)
    subscription.unsubscribe()
    assert.equal(got, ['1', '2'])
  },

  'a subscription that drains hands over what was sent before, and then nothing': async ({ connect, at }) => {
    const [asker, node] = [await connect(), await connect()]
    const subscription = node.subscribe(at('x'), ({ data, reply }) => reply?.(data))
    await node.flush()
    const asked = (n: number): Promise<Uint8Array> =>
      asker.request(at('x'), bytes(String(n)), { timeoutMs: 2_000 })
    const answers = [1, 2, 3].map(asked)
    await asker.flush()
    const drained = subscription.drain()
    assert.equal((await Promise.all(answers)).map(text), ['1', '2', '3'])
    await drained
    await refuses('no-responders', asked(4))
    await subscription.drain()
    subscription.unsubscribe()
  },

  'survives handlers that throw or reject, and reports both': async ({ connect, at }, errors) => {
    const transport = await connect()
    const got: string[] = []
    transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      if (got.length === 1) throw new Error('thrown')
      if (got.length === 2) return Promise.reject(new Error('rejected'))
      return undefined
    })
    await transport.flush()
    for (const n of ['1', '2', '3']) transport.publish(at('x'), bytes(n))
    await until(() => got.length === 3 && errors.length === 2)
    assert.equal(got, ['1', '2', '3'])
    assert.equal(errors.map(error => (error as Error).message).sort(), ['rejected', 'thrown'])
    assert.is(transport.status, 'open')
  },

  'does not let a handler that never settles hold back other messages': async ({ connect, at }) => {
    const transport = await connect()
    const got: string[] = []
    transport.subscribe(at('x'), ({ data }) => {
      got.push(text(data))
      return new Promise(() => {})
    })
    await transport.flush()
    for (const n of ['1', '2', '3']) transport.publish(at('x'), bytes(n))
    await until(() => got.length === 3)
    assert.equal(got, ['1', '2', '3'])
  },
}

/** Sends one more message the same way and waits for it: FIFO, so whatever was sent before has arrived. */
async function allDelivered(sender: Transport, receiver: Transport, at: Bench['at']): Promise<void> {
  let last = false
  receiver.subscribe(at('last'), () => {
    last = true
  })
  await receiver.flush()
  sender.publish(at('last'), bytes('.'))
  await until(() => last)
}
