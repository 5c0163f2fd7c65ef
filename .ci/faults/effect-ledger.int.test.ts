/** The effect ledger as a process: what it notes of calls that end well, are made again, or lose their caller. */
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { bundleProgram } from './bundled-program.ts'
import { startProgram } from './child-process.ts'
import type { LedgerClass, LedgerEntry } from './ledger-entries.ts'

const test = testSuite('.ci/faults/effect-ledger')

const program = await bundleProgram('./effect-ledger.ts')
const ledger = startProgram(program.path, [])
const url = `http://127.0.0.1:${(await ledger.said('ledger'))?.split(' ')[1]}`
test.after(async () => {
  await ledger.kill()
  await program.remove()
})

const post = async (path: string, body: object, signal?: AbortSignal) => {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  return (await response.json()) as Record<string, unknown>
}
const call = (run: string, kind: LedgerClass, slowMs = 1, signal?: AbortSignal) =>
  post('/call', { run, job: 1, class: kind, key: 'k', attempt: 1, slowMs }, signal)
const whatIn = async (run: string) =>
  ((await (await fetch(`${url}/entries?run=${run}`)).json()) as LedgerEntry[]).map(({ what }) => what)

test('notes a call from its start to its answer, whose number it gives', async () => {
  const { completion } = await call('a', 'pure')
  const entries = (await (await fetch(`${url}/entries?run=a`)).json()) as LedgerEntry[]
  assert.equal(
    entries.map(({ what }) => what),
    ['started', 'happened', 'completed'],
  )
  assert.is(entries.at(-1)?.order, completion)
})

test('lets an idempotent key happen once, and any other as often as it is called', async () => {
  for (const kind of ['idempotent', 'verifiable'] as const) for (const _ of [1, 2]) await call(kind, kind)
  assert.is((await whatIn('idempotent')).filter(what => what === 'happened').length, 1)
  assert.is((await whatIn('verifiable')).filter(what => what === 'happened').length, 2)
})

test('says whether a key stands, and takes it back', async () => {
  assert.is((await post('/check', { run: 'c', key: 'k' }))['done'], false)
  await call('c', 'compensable')
  assert.is((await post('/check', { run: 'c', key: 'k' }))['done'], true)
  assert.equal(await post('/undo', { run: 'c', key: 'k' }), { undone: true })
  assert.equal(await post('/undo', { run: 'c', key: 'k' }), { undone: false })
  assert.is((await post('/check', { run: 'c', key: 'k' }))['done'], false)
})

test('does not let happen what lost its caller before', async () => {
  const calls = Array.from({ length: 20 }, (_, at) => {
    const caller = new AbortController()
    const asked = call(`gone-${at}`, 'verifiable', 400, caller.signal).catch(() => 'gone')
    setTimeout(() => caller.abort(), 60)
    return asked
  })
  await Promise.all(calls)
  const until = Date.now() + 5_000
  const ends = async () => Promise.all(calls.map(async (_, at) => (await whatIn(`gone-${at}`)).join()))
  const isOver = (all: readonly string[]) =>
    all.every(one => one.endsWith('completed') || one.endsWith('lost'))
  while (!isOver(await ends()) && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
  const lost = (await ends()).filter(one => one === 'started,lost').length
  assert.ok(lost > 5, `${lost} of 20 calls were lost`)
})

test('answers a call that is no JSON with an error and lives on', async () => {
  assert.is((await fetch(`${url}/call`, { method: 'POST', body: 'rubbish' })).status, 500)
  assert.equal(await whatIn('nothing'), [])
})

test.run()
