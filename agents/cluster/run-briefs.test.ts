import * as assert from 'uvu/assert'
import { RuntimeError, toWireError } from '../../actors/errors.ts'
import { NO_USAGE } from '../../actors/events.ts'
import { journalOn } from '../../memory/journal-on.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { createCodec } from '../../runtime/codec.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { brief, type RunBriefs, runBriefs } from './run-briefs.ts'

const test = testSuite('agents/cluster/run-briefs')

async function scene() {
  const journal = await journalOn(failingStore().store, { encoder: createCodec() })
  const runtime = createRuntime({ journal, host: { clock: simulatedClock() } })
  await runtime.ready
  const run = async (id: string) => {
    await runtime.runs.begin({ id, workflow: 'w', input: { long: 'x'.repeat(1_000) }, options: { size: 3 } })
    return runtime.runs.finish(id, { status: 'done', usage: NO_USAGE, result: 'y'.repeat(1_000) })
  }
  return { runtime, run, briefs: runBriefs(runtime) }
}

async function ids(briefs: RunBriefs, after?: string): Promise<readonly string[]> {
  const found: string[] = []
  for await (const [id, run] of briefs.list(after)) {
    assert.is(run.id, id)
    for (const field of ['input', 'result']) assert.not(field in run)
    found.push(id)
  }
  return found
}

test('runs are listed by id without what may be large, and behind any of them', async () => {
  const { run, briefs } = await scene()
  for (const id of ['c', 'a', 'b']) await briefs.note(await run(id))
  assert.equal(await ids(briefs), ['a', 'b', 'c'])
  assert.equal(
    [await ids(briefs, 'a'), await ids(briefs, 'bb'), await ids(briefs, 'c')],
    [['b', 'c'], ['c'], []],
  )
})

test('runs of an earlier version, which noted none, are listed as well', async () => {
  const { runtime, run, briefs } = await scene()
  for (const id of ['a', 'b']) await run(id)
  assert.equal(await ids(briefs), [])
  await briefs.complete(7)
  assert.equal(await ids(briefs), ['a', 'b'])
  // Once, for it reads all results, as long as no other version serves the partition in between.
  const { list } = runtime.runs
  Object.assign(runtime.runs, { list: () => assert.unreachable() })
  for (const epoch of [7, 8, 9]) await runBriefs(runtime).complete(epoch)
  Object.assign(runtime.runs, { list })
  await run('c')
  await runtime.runs.begin({ id: 'd', workflow: 'w', input: {}, options: {} }).then(briefs.note)
  await runtime.runs.finish('d', { status: 'failed', usage: NO_USAGE })
  await briefs.complete(11)
  assert.equal(await ids(briefs), ['a', 'b', 'c', 'd'])
  for await (const [id, { status }] of briefs.list('c')) assert.equal([id, status], ['d', 'failed'])
})

test('what makes a record too large for a page is cut: its error, and options that nobody needs to see', async () => {
  const { run } = await scene()
  const long = 'é'.repeat(300_000)
  const error = toWireError(new RuntimeError('internal', long, { why: long, fix: long, details: { long } }))
  const small = brief({ ...(await run('a')), error, options: { memory: long } })
  assert.ok(Buffer.byteLength(JSON.stringify(small)) < 64 * 1024)
  assert.equal([small.id, small.status, small.error?.kind], ['a', 'done', 'internal'])
  const { message } =
    brief({ ...(await run('b')), error: { ...error, message: 'm', why: 'w', details: {} } }).error ?? {}
  assert.is(message, 'm')
})

test.run()
