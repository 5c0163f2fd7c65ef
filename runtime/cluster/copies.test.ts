import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { LevelStore } from '../../memory/level.ts'
import { testSuite } from '../testkit/suite.ts'
import { copiesOf } from './copies.ts'

const test = testSuite('runtime/cluster/copies')

/** Copies that only know whether they are open, as a directory knows its owner. */
function disk() {
  const open = new Set<string>()
  const failing = new Set<string>()
  const reports: unknown[] = []
  const openCopy = async (dir: string): Promise<LevelStore> => {
    await Promise.resolve()
    if (failing.has(dir)) throw new RuntimeError('store-failed', 'the test has broken the disk')
    if (open.has(dir)) throw new RuntimeError('store-locked', `"${dir}" is open`)
    open.add(dir)
    return { dir, close: async () => void open.delete(dir) } as Partial<LevelStore> as LevelStore
  }
  const copies = copiesOf({ dir: 'copies', openCopy, report: error => reports.push(error) })
  return { open, failing, reports, copies }
}

const kindOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    error => (error instanceof RuntimeError ? error.kind : error),
  )

test('a copy that was prepared is handed over once, also while it is still being opened', async () => {
  const { copies } = disk()
  const preparing = copies.prepare(5)
  const copy = await copies.open(5)
  await preparing
  assert.is(await kindOf(copies.open(5)), 'store-locked')
  await copy.close()
  await (await copies.open(5)).close()
})

test('preparing again opens nothing again', async () => {
  const { copies, open } = disk()
  await Promise.all([copies.prepare(5), copies.prepare(5)])
  await copies.prepare(5)
  assert.is(open.size, 1)
})

test('what could not be prepared is opened when it is needed', async () => {
  const { copies, failing } = disk()
  failing.add('copies/5')
  assert.is(await kindOf(copies.prepare(5)), 'store-failed')
  assert.is(await kindOf(copies.open(5)), 'store-failed')
  failing.clear()
  await (await copies.open(5)).close()
})

test('what was prepared for nothing is closed, also while it is being opened; what was handed over is not', async () => {
  const { copies, open } = disk()
  await copies.prepare(5)
  await copies.forgo(5)
  await copies.forgo(5)
  void copies.prepare(6)
  await copies.forgo(6)
  assert.is(open.size, 0)
  await copies.prepare(7)
  await copies.open(7)
  await copies.forgo(7)
  await copies.prepare(8)
  await copies.close()
  assert.equal([...open], ['copies/7'])
})

test.run()
