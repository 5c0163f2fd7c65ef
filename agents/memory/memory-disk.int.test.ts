import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { inFolder } from '../../memory/testdata/folder.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { openMemory } from '../../runtime/open-memory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { failure } from '../testdata/agent-rig.ts'
import { spawnMemory } from './spawn-memory.ts'

const test = testSuite('agents/memory (data directory)', { limitMs: 120_000 })

test(
  'a memory is in the data directory, is closed with its runtime, and there again for the next',
  inFolder(async dataDir => {
    const first = createRuntime({ dataDir })
    const memory = await spawnMemory(first)
    const notes = memory.namespace('notes')
    const id = await notes.remember({ text: 'Ana moved to Porto', who: 'Ana', session: 's' })
    assert.is((await notes.recall('Where does Ana live? Did she move to Porto?'))[0]?.id, id)
    const again = await spawnMemory(first, { dir: join(dataDir, 'memory') })
    assert.is(again.address, memory.address)
    await first.stop()
    assert.is((await failure(memory.open())).kind, 'runtime-stopped')

    const open = await openMemory({ dir: join(dataDir, 'memory') })
    assert.equal([open.role, await open.namespaces()], ['owner', ['notes']])
    await open.close()

    const second = createRuntime({ dataDir })
    const back = (await spawnMemory(second)).namespace('notes')
    assert.equal(
      (await back.recent({ session: 's' })).map(one => one.text),
      ['Ana moved to Porto'],
    )
    assert.equal((await back.forget(id)).memories, 1)
    assert.equal(await back.recall('Porto'), [])
    assert.equal((await back.verify()).problems, [])
    await second.stop()
  }),
)

test(
  'what was said becomes facts, and what is new ends what was',
  inFolder(async dataDir => {
    const runtime = createRuntime({ dataDir })
    const notes = (await spawnMemory(runtime, { consolidateEveryMs: false })).namespace('notes')
    await notes.remember({ text: 'I live in Porto.', who: 'Ana', at: Date.UTC(2026, 0, 1), trust: 'trusted' })
    await notes.remember({
      text: 'I moved to Lisbon.',
      who: 'Ana',
      at: Date.UTC(2026, 1, 1),
      trust: 'trusted',
    })
    const { facts, waiting } = await notes.consolidate()
    assert.ok(facts >= 2 && waiting === 0)
    const current = (await notes.facts('Ana')).map(one => one.fact?.object)
    assert.ok(current.includes('Lisbon') && !current.includes('Porto'))
    await runtime.stop()
  }),
)

const PROGRAM = fileURLToPath(new URL('./testdata/remembering-agent.ts', import.meta.url))
const TASKS = 40

/** Lets the program work until it has said so many lines, or to its end. Returns how many tasks it has done. */
async function work(dataDir: string, until: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, dataDir, String(TASKS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const lines = (): readonly string[] => said.split('\n').slice(0, -1)
  child.stdout.setEncoding('utf8').on('data', part => {
    said += part
    if (lines().length >= until) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return lines().includes('over') ? TASKS : lines().filter(line => line.startsWith('done')).length
}

test(
  'killed again and again, every task that was done is remembered, and none twice',
  inFolder(async dataDir => {
    // Tasks that are done answer at once from their keys, so each process gets further.
    for (const until of [1, 4, 9, 15, 22, 30]) assert.ok((await work(dataDir, until)) >= until)
    assert.is(await work(dataDir, Number.POSITIVE_INFINITY), TASKS)
    const memory = await openMemory({ dir: join(dataDir, 'memory') })
    const space = memory.namespace('main')
    const { memories } = await space.list({ limit: 1_000 })
    const texts = memories.map(one => one.text)
    const expected = Array.from({ length: TASKS }, (_, i) => [`number ${i}`, `noted: number ${i}`]).flat()
    assert.equal(texts, expected)
    assert.equal((await space.verify()).problems, [])
    await memory.close()
  }),
)

test.run()
