import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { groupCommit } from './group-commit.ts'

const test = testSuite('memory/group-commit')

interface Held {
  readonly keys: string
  readonly sync: boolean
  finish(error?: Error): void
}

/** Writes that are held until the test lets them go. */
function held() {
  const writes: Held[] = []
  const refusals: unknown[] = []
  const group = groupCommit<{ key: string; value?: Uint8Array }>(
    (ops, sync) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error) => (error ? reject(error) : resolve())
        writes.push({ keys: ops.map(({ key }) => key).join(''), sync, finish })
      }),
    error => {
      refusals.push(error)
      group.refuse(new Error('stopped'))
      return new Error('stopped', { cause: error })
    },
  )
  return { group, writes, refusals }
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const outcome = (work: Promise<void>) =>
  work.then(
    () => 'done',
    error => String(error.message),
  )

test('shares the first write within a turn, and the next one among those who come meanwhile', async () => {
  const { group, writes } = held()
  const first = [group.add([{ key: 'a' }], false), group.add([{ key: 'b' }], false)]
  await turn()
  const second = [
    group.add([{ key: 'c' }], false),
    group.add([{ key: 'd' }], true),
    group.add([{ key: 'e' }], false),
  ]
  await turn()
  assert.equal(
    writes.map(({ keys }) => keys),
    ['ab'],
  )
  let early = false
  void second[0]?.then(() => {
    early = true
  })
  writes[0]?.finish()
  await Promise.all(first)
  await turn()
  assert.equal(
    writes.map(({ keys, sync }) => [keys, sync]),
    [
      ['ab', false],
      ['cde', true],
    ],
  )
  assert.is(early, false)
  writes[1]?.finish()
  await Promise.all([...second, group.idle()])
})

test('does not merge more than a megabyte, and writes a larger batch alone', async () => {
  const { group, writes } = held()
  const sizes = [600_000, 400_000, 100_000, 2_000_000, 1]
  const all = sizes.map((size, at) => group.add([{ key: String(at), value: new Uint8Array(size) }], false))
  for (let at = 0; at < 4; at++) {
    await turn()
    writes[at]?.finish()
  }
  await Promise.all(all)
  assert.equal(
    writes.map(({ keys }) => keys),
    ['01', '2', '3', '4'],
  )
})

test('writes only once what several batches of a group say last', async () => {
  const { group, writes } = held()
  const all = ['aZ', 'bZ', '', 'cYZ', 'dY', 'eZ'].map(keys =>
    group.add(
      [...keys].map(key => ({ key })),
      false,
    ),
  )
  await turn()
  writes[0]?.finish()
  await Promise.all(all)
  assert.equal(
    writes.map(({ keys }) => keys),
    ['abcYdYeZ'],
  )
})

test('waits for those who go on because of the write before', async () => {
  const { group, writes } = held()
  const onward = async (name: string, steps: number) => {
    await group.add([{ key: name }], false)
    for (let step = 0; step < steps; step++) await undefined
    await group.add([{ key: name.toUpperCase() }], false)
  }
  const all = [onward('a', 0), onward('b', 3), onward('c', 8)]
  await turn()
  writes[0]?.finish()
  await turn()
  writes[1]?.finish()
  await Promise.all(all)
  assert.equal(
    writes.map(({ keys }) => keys),
    ['abc', 'ABC'],
  )
})

test('refuses the failed group and all who wait, and asks once what to say', async () => {
  const { group, writes, refusals } = held()
  const first = outcome(group.add([{ key: 'a' }], true))
  await turn()
  const rest = [outcome(group.add([{ key: 'b' }], true)), outcome(group.add([{ key: 'c' }], false))]
  writes[0]?.finish(new Error('disk full'))
  assert.equal(await Promise.all([first, ...rest]), ['stopped', 'stopped', 'stopped'])
  assert.is(writes.length, 1)
  assert.is(refusals.length, 1)
  await group.idle()
})

test.run()
