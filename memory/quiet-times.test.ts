import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { quietTimes } from './quiet-times.ts'

const test = testSuite('memory/quiet-times')

async function* three(): AsyncIterable<number> {
  yield* [1, 2, 3]
}
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('waits for an iteration that is under way, and ends it also when it is left early', async () => {
  const quiet = quietTimes()
  const order: string[] = []
  const entries = quiet.during(three)[Symbol.asyncIterator]()
  await entries.next()
  const work = quiet.without(async () => void order.push('work'))
  await turns()
  assert.equal(order, [])
  await entries.return?.()
  await work
  assert.equal(order, ['work'])
})

test('lets an iteration begin only when nothing wants quiet, and many after another have it', async () => {
  const quiet = quietTimes()
  const order: string[] = []
  let end = (): void => undefined
  const first = quiet.without(
    () =>
      new Promise<void>(resolve => {
        end = resolve
      }),
  )
  const second = quiet.without(async () => void order.push('second'))
  const reading = (async () => {
    for await (const one of quiet.during(three)) order.push(`entry ${one}`)
  })()
  await turns()
  assert.equal(order, [])
  end()
  await Promise.all([first, second, reading])
  assert.equal(order, ['second', 'entry 1', 'entry 2', 'entry 3'])
})

test('goes on after work that failed', async () => {
  const quiet = quietTimes()
  const failed = quiet.without(() => Promise.reject(new Error('no')))
  assert.is(await failed.catch(error => error.message), 'no')
  await quiet.quiet()
  const seen: number[] = []
  for await (const one of quiet.during(three)) seen.push(one)
  assert.equal(seen, [1, 2, 3])
})

test.run()
