/** Letters that nobody took, in a cluster in one process: seen from outside, sent again and dropped. */
import * as assert from 'uvu/assert'
import { type Address, address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { mailboxSubject } from '../../actors/subject.ts'
import { createCodec } from '../codec.ts'
import { clusterRig } from '../testkit/cluster-rig.ts'
import { errorOf, notebook } from '../testkit/sample-actors.ts'
import { testSuite } from '../testkit/suite.ts'
import { letterClient } from './client/letters.ts'
import { partitionOf } from './placement.ts'

const test = testSuite('runtime/cluster/letter-operations', { limitMs: 60_000 })

const codec = createCodec()
const BOOK = address('notebook', 'n')
const spawning = ({ runtime }: { runtime: { spawn: (...args: never[]) => Promise<string> } }) => ({
  spawn: async (body: Plain) => {
    const { id } = body as { readonly id: string }
    return (runtime.spawn as (...args: unknown[]) => Promise<string>)(notebook(), { id })
  },
})

async function world() {
  const rig = clusterRig([notebook()])
  const node = await rig.node('a', { more: spawning as never })
  await rig.until(() => node.ownership.owned().size === 64)
  const client = rig.client()
  await rig.within(client.heard)
  const letters = letterClient(client)
  const within = <T>(work: Promise<T>) => rig.within(work)
  const outside = rig.broker.connect('outside')
  let posted = 0
  const post = async (to: Address, fields: Record<string, unknown>) => {
    const data = codec.encode({ type: 'note.add', to, from: 'client/c', ...fields } as Plain)
    await within(outside.post(mailboxSubject('test', partitionOf(to), to), data, `l${++posted}`))
    await rig.clock.advance(500)
  }
  const list = async () => (await within(letters.list())).letters
  const spawn = () => within(client.inPartition(partitionOf(BOOK), 'spawn', { id: 'n' }))
  const notes = () => within(client.ask(BOOK, 'note.read', null, { timeoutMs: 30_000 }))
  return { rig, node, client, letters, within, post, list, spawn, notes }
}

test('shows letters that nobody took, of both kinds, oldest first', async () => {
  const { letters, within, post, list, node } = await world()
  await post(address('notebook', 'nobody'), { v: 1, id: 'client/c.0.1.0', body: 'for nobody' })
  await post(BOOK, { v: 7, id: 'client/c.0.2.0', what: 'of the future' })
  const found = await list()
  assert.equal(
    found.map(({ kind, to, from, type, code }) => ({ kind, to, from, type, code })),
    [
      { kind: 'dead', to: 'notebook/nobody', from: 'client/c', type: 'note.add', code: 'AC-1006' },
      { kind: 'parked', to: BOOK, from: 'client/c', type: undefined, code: undefined },
    ],
  )
  const [dead, parked] = found
  if (!dead || !parked) throw new Error('they are not there')
  const [first, second] = [await within(letters.show(dead)), await within(letters.show(parked))]
  assert.is((first.content as { body: unknown }).body, 'for nobody')
  assert.is((second.content as { what: unknown }).what, 'of the future')
  assert.match(second.why, 'version 7')
  const unknown = await errorOf(within(letters.show({ ...dead, id: 'x' })))
  assert.is(unknown.kind, 'dead-letter-unknown')
  await within(node.drain(1_000))
  const { silent } = await within(letters.list())
  assert.is(silent.length, 64)
})

test('a dead letter is sent again when somebody is there, and dropped for good', async () => {
  const { letters, within, post, list, spawn, notes } = await world()
  for (const n of [1, 2]) await post(BOOK, { v: 1, id: `client/c.0.${n}.0`, body: n })
  const [one, two] = await list()
  if (!one || !two) throw new Error('they are not there')
  await spawn()
  await within(letters.retry(one))
  await within(letters.drop(two))
  assert.equal([await notes(), await list()], [[1], []])
  for (const again of [() => letters.retry(one), () => letters.drop(two)])
    assert.is((await errorOf(within(again()))).kind, 'dead-letter-unknown')
})

test('a parked letter cannot be sent before it can be read; dropping it lets go on what waits behind it', async () => {
  const { letters, within, post, list, spawn, notes } = await world()
  await spawn()
  await post(BOOK, { v: 2, id: 'client/c.0.1.0' })
  await post(BOOK, { v: 1, id: 'client/c.0.2.0', body: 'behind it' })
  const [parked, behind] = await list()
  if (!parked || !behind) throw new Error('they are not there')
  assert.equal(await notes(), [])
  for (const one of [parked, behind]) {
    const error = await errorOf(within(letters.retry(one)))
    assert.is(error instanceof RuntimeError && error.kind, 'envelope-invalid')
  }
  await within(letters.drop(parked))
  assert.equal([await notes(), await list()], [['behind it'], []])
})

test('lists more letters than fit in one answer', async () => {
  const { rig, letters, within, list } = await world()
  const outside = rig.broker.connect('many')
  const subject = mailboxSubject('test', partitionOf(BOOK), BOOK)
  const ids = Array.from({ length: 400 }, (_, n) => `client/c.0.${n + 1}.0`)
  for (const id of ids) {
    const data = codec.encode({ v: 2, id, from: 'client/c' })
    await within(outside.post(subject, data, id))
  }
  await rig.clock.advance(2_000)
  const found = await list()
  assert.is(new Set(found.map(({ id }) => id)).size, 400)
  assert.is((await within(letters.list())).older.length, 0)
})

test.run()
