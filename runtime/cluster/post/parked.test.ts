import * as assert from 'uvu/assert'
import type { Address } from '../../../actors/address.ts'
import type { Plain } from '../../../actors/plain.ts'
import { mailboxSubject } from '../../../actors/subject.ts'
import { inMemoryJournal } from '../../../memory/in-memory-journal.ts'
import { createCodec } from '../../codec.ts'
import { FAR, NEAR, notesIn, pair } from '../../testkit/partition-pair.ts'
import { addressIn, idOf, NAMESPACE, type Partition } from '../../testkit/partitions.ts'
import { notebook } from '../../testkit/sample-actors.ts'
import { testSuite } from '../../testkit/suite.ts'
import { PARKED, Parked } from './parked.ts'

const test = testSuite('runtime/cluster/post (parked)')

const codec = createCodec()
const SENDER = 'client/c' as Address

const bytesOf = (fields: Record<string, unknown>): Uint8Array => codec.encode(fields as Plain)

/** The n-th letter of a sender, as another node would write it. */
const letter = (to: Address, n: number, more: Record<string, unknown> = {}): Uint8Array =>
  bytesOf({
    ...{ v: 1, id: `${SENDER}.0.${n}.0`, type: 'note.add', to, from: SENDER, home: NEAR, body: n },
    ...more,
  })

async function rows({ journal }: Partition): Promise<[string, Record<string, Plain>][]> {
  const found: [string, Record<string, Plain>][] = []
  for await (const [id, record] of journal.records.list(PARKED)) found.push([id, record as never])
  return found
}

/** What the next version does when it reads what this one put aside: version 2 differs in nothing but its number. */
async function learn(far: Partition): Promise<void> {
  for (const [id, record] of await rows(far)) {
    const fields = codec.decode(record['data'] as Uint8Array) as Record<string, unknown>
    const data = bytesOf({ ...fields, v: 1 })
    await far.journal.records.put(PARKED, id, { ...record, data } as Plain)
  }
}

async function world() {
  const made = await pair()
  const book = addressIn(FAR, 'notebook', 'n')
  await made.far.runtime.spawn(notebook(), { id: idOf(book) })
  const subject = mailboxSubject(NAMESPACE, FAR, book)
  let posted = 0
  const post = (data: Uint8Array) => made.world.outside.broker.post(subject, data, `p${++posted}`)
  const mailboxes = () => made.world.outside.broker.mailboxes()
  const restart = async () => {
    await made.far.runtime.stop()
    made.far.live({ behaviours: [notebook()] })
    await made.far.runtime.ready
    await made.clock.advance(2_000)
  }
  return { ...made, book, subject, post, mailboxes, restart }
}

test('what a later version wrote is delivered by the next owner that reads it, in order and once', async () => {
  const { clock, far, book, post, mailboxes, restart } = await world()
  await post(letter(book, 1))
  await post(letter(book, 2, { v: 2 }))
  await post(letter(book, 3))
  await post(letter(book, 4, { v: 2 }))
  await post(letter(book, 1, { id: 'other.1', from: 'client/d', body: 'of another' }))
  await clock.advance(100)
  assert.equal(notesIn(far, book), [1, 'of another'], 'only the same sender waits behind it')
  assert.equal([(await rows(far)).length, await mailboxes()], [3, new Map()])

  await restart()
  assert.equal(notesIn(far, book), [1, 'of another'], 'an owner of the same version leaves them')
  await learn(far)
  await post(letter(book, 5))
  await restart()
  assert.equal(notesIn(far, book), [1, 'of another', 2, 3, 4, 5])
  assert.equal([await rows(far), await mailboxes()], [[], new Map()])
  await restart()
  assert.equal(notesIn(far, book), [1, 'of another', 2, 3, 4, 5])
})

test('a letter that is sent again is put aside once, whatever else changed in it', async () => {
  const { clock, far, book, post, mailboxes } = await world()
  for (const more of [{}, { resent: true }, { resent: true, later: 1 }])
    await post(letter(book, 1, { v: 3, ...more }))
  // One that does not say who it is from is known by its bytes.
  for (const id of ['x', 'x', 'y']) await post(bytesOf({ v: 2, id }))
  await clock.advance(100)
  assert.is((await rows(far)).length, 3)
  assert.equal(await mailboxes(), new Map())
})

test('what comes again in a version that can be read takes the place of what cannot', async () => {
  const { clock, far, book, post } = await world()
  await post(letter(book, 1, { v: 2 }))
  await post(letter(book, 2))
  await clock.advance(100)
  await post(letter(book, 1, { resent: true }))
  await clock.advance(100)
  assert.equal(notesIn(far, book), [1, 2])
  assert.equal(await rows(far), [])
})

test('a letter stays aside until its actor has it for good', async () => {
  const { clock, far, book, post, restart } = await world()
  await post(letter(book, 1, { v: 2 }))
  await clock.advance(100)
  await learn(far)
  await far.runtime.stop()
  // Nobody knows what a notebook is.
  far.live()
  await far.runtime.ready
  await clock.advance(2_000)
  assert.is((await rows(far)).length, 1)
  await restart()
  assert.equal([notesIn(far, book), await rows(far)], [[1], []])
})

test('numbers that are no version are malformed, and not kept', async () => {
  const { clock, far, book, post, mailboxes } = await world()
  for (const v of [0, -1, 1.5, 2 ** 60]) await post(letter(book, 1, { v }))
  await clock.advance(100)
  assert.equal([await rows(far), await mailboxes()], [[], new Map()])
  assert.is(far.reported.length, 4)
})

test('what is put aside is bounded: the rest stays where it was', async () => {
  const { records } = inMemoryJournal()
  const parked = new Parked(records)
  await parked.load()
  const data = new Uint8Array(1024 * 1024)
  const more = { at: 1, why: 'x', from: 'a/b' }
  for (let n = 0; n < 64; n++) await parked.add({ subject: 's', data }, { ...more, message: `${n}` })
  const refused = await parked.add({ subject: 's', data }, { ...more, message: 'more' }).catch(error => error)
  assert.is(refused.kind, 'mailbox-full')
  const [first] = parked.list()
  assert.is(await parked.remove(first?.id ?? ''), true)
  assert.is(await parked.remove(first?.id ?? ''), false)
  await parked.add({ subject: 's', data }, { ...more, message: 'more' })
  const again = new Parked(records)
  await again.load()
  assert.equal(
    again.list().map(({ message }) => message),
    [...Array.from({ length: 63 }, (_, n) => `${n + 1}`), 'more'],
  )
})

test.run()
