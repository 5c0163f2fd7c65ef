import * as assert from 'uvu/assert'
import type { Plain } from '../../actors/plain.ts'
import { journalOn } from '../../memory/journal-on.ts'
import { failingStore } from '../../memory/testdata/failing-store.ts'
import { createCodec } from '../../runtime/codec.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { echo, errorOf } from '../../runtime/testkit/sample-actors.ts'
import { simulatedClock } from '../../runtime/testkit/simulated-clock.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { CATALOGUE } from '../catalogue.ts'
import { agentHost } from './agent-host.ts'

const test = testSuite('agents/cluster/agent-host')

async function hosted(orders: readonly { readonly [key: string]: Plain }[] = []) {
  const journal = await journalOn(failingStore().store, { encoder: createCodec() })
  const runtime = createRuntime({ journal, host: { clock: simulatedClock() } })
  await runtime.ready
  for (const order of orders)
    await journal.records.put('spawned', `${order['type']}/${order['id']}`, order, { sync: true })
  const reported: { readonly kind?: string }[] = []
  const host = agentHost({
    ...{ runtime, agents: CATALOGUE, behaviours: [echo()], folder: '/', folders: ['/'], env: {} },
    report: error => void reported.push(error as { kind?: string }),
  })
  return { runtime, host, reported }
}

test('what this node cannot start is reported and stays for one that can; all else is started', async () => {
  const { runtime, host, reported } = await hosted([
    { type: 'elsewhere', id: '1' },
    { type: 'data-analyst', id: '1', model: 'nobody:knows' },
    { type: 'echo', id: '1' },
  ])
  await host.resume()
  assert.is(reported.length, 2, String(reported))
  assert.is(reported.filter(({ kind }) => kind === 'usage').length, 1)
  assert.ok(runtime.actors().some(({ address }) => address === 'echo/1'))
  const kept: string[] = []
  for await (const [id] of runtime.journal.records.list('spawned')) kept.push(id)
  assert.equal(kept, ['data-analyst/1', 'echo/1', 'elsewhere/1'])
})

test('whoever orders such a one is told', async () => {
  const { host } = await hosted()
  assert.is((await errorOf(host.spawn({ type: 'elsewhere', id: '1' }))).kind, 'usage')
  assert.is(await host.spawn({ type: 'echo', id: '1' }), 'echo/1')
  assert.is(await host.spawn({ type: 'echo', id: '1' }), 'echo/1')
})

test.run()
