import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { createRuntime, type Runtime, type RuntimeOptions } from './create-runtime.ts'
import { errorOf, gate, notebook, outcomeOf, watch, worker } from './testkit/sample-actors.ts'
import { testSuite } from './testkit/suite.ts'

const test = testSuite('runtime (data directory)', { limitMs: 30_000 })

const dirs: string[] = []
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'agenticraft-durable-'))
  dirs.push(dir)
  return dir
}
test.after(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

const open = (dataDir: string, more: RuntimeOptions = {}): Runtime => createRuntime({ dataDir, ...more })

test('a data directory has one runtime at a time, in this process and in others', async () => {
  const dataDir = newDir()
  const first = open(dataDir)
  await first.ready
  const second = open(dataDir)
  assert.is(await outcomeOf(second.ready), 'store-locked')
  assert.is(await outcomeOf(second.spawn(notebook())), 'store-locked')
  assert.is(await outcomeOf(second.ask('notebook/n' as never, 'note.read')), 'store-locked')
  await second.stop()
  const script = `import { createRuntime } from ${JSON.stringify(new URL('./create-runtime.ts', import.meta.url).href)}
const runtime = createRuntime({ dataDir: process.argv[1] })
runtime.ready.then(() => console.log('opened'), error => console.log(error.kind)).then(() => runtime.stop())`
  const other = async (): Promise<string> => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', part => {
      said += part
    })
    await once(child, 'close')
    return said.trim()
  }
  assert.is(await other(), 'store-locked')
  assert.equal(await first.ask(await first.spawn(notebook(), { id: 'n' }), 'note.read'), [])
  await first.stop()
  assert.is(await other(), 'opened')
  const third = open(dataDir)
  await third.ready
  await third.stop()
})

test('everything may be called at once, and waits until the journal is open', async () => {
  const dataDir = newDir()
  const notes = notebook()
  const runtime = open(dataDir)
  const spawned = runtime.spawn(notes, { id: 'n' })
  const run = spawned.then(() => runtime.runs.list())
  assert.is(await spawned, 'notebook/n')
  runtime.tell('notebook/n' as never, 'note.add', 1)
  assert.equal(await runtime.ask('notebook/n' as never, 'note.read'), [1])
  assert.equal(await run, [])
  await runtime.stop()
  assert.is(await outcomeOf(runtime.spawn(notes)), 'runtime-stopped')
  const second = open(dataDir, { behaviours: [notes] })
  const asked = second.ask('notebook/n' as never, 'note.read')
  second.tell('notebook/n' as never, 'note.add', 2)
  assert.equal(await asked, [1])
  assert.equal(await second.ask('notebook/n' as never, 'note.read'), [1, 2])
  await second.stop()
})

test('stop leaves the actors on disk with snapshots; stopping one actor ends it for good', async () => {
  const dataDir = newDir()
  const notes = notebook()
  const first = open(dataDir, { behaviours: [notes] })
  const [book, over] = [await first.spawn(notes, { id: 'n' }), await first.spawn(notes, { id: 'over' })]
  first.tell(book, 'note.add', 1)
  await first.ask(book, 'note.read')
  await first.stop(over)
  await first.stop()
  const second = open(dataDir, { behaviours: [notes], recover: 'auto' })
  const recovery = await second.ready
  assert.is(recovery.revived, 1)
  assert.equal([recovery.waiting, recovery.broken], [[], []])
  assert.is(second.journal.known(over), undefined)
  const recorded = await second.journal.read(book)
  assert.equal((recorded?.snapshot?.state.context as { notes: unknown })?.notes, [1])
  assert.is(recorded?.commits.length, 0)
  assert.equal(await second.ask(book, 'note.read'), [1])
  await second.stop()
})

test('says at the start what is there and nobody has started, or could bring back', async () => {
  const dataDir = newDir()
  const first = open(dataDir)
  await first.spawn(notebook(), { id: 'n' })
  await first.stop()
  const manual = open(dataDir)
  assert.ok((await manual.ready).waiting.includes('notebook/n' as never))
  assert.equal(
    manual.actors().map(({ address }) => address),
    ['supervisor/root'],
  )
  await manual.stop()
  const unknown = open(dataDir, { recover: 'auto' })
  assert.equal((await unknown.ready).waiting, ['notebook/n'])
  await unknown.stop()
  const known = open(dataDir, { recover: 'auto', behaviours: [notebook()] })
  assert.equal((await known.ready).waiting, [])
  await known.stop()
})

test('asks under one key are one ask, and whoever gives up does not speak for the other', async () => {
  const done = gate<string>()
  let runs = 0
  const work = worker(() => {
    runs++
    return done.promise
  })
  const runtime = open(newDir(), { behaviours: [work] })
  const doer = await runtime.spawn(work, { id: 'w' })
  const leave = new AbortController()
  const one = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k', signal: leave.signal }))
  const two = runtime.ask(doer, 'work.do', 'it', { key: 'k' })
  const late = watch(runtime.ask(doer, 'work.do', 'it', { key: 'k', timeoutMs: 30 }))
  leave.abort()
  await new Promise(resolve => setTimeout(resolve, 80))
  assert.equal([one.outcome, late.outcome], ['cancelled', 'deadline-exceeded'])
  done.open('done')
  assert.is(await two, 'done')
  assert.is(await runtime.ask(doer, 'work.do', 'it', { key: 'k' }), 'done')
  assert.is(runs, 1)
  assert.is((await errorOf(runtime.ask(doer, 'work.do', 'it', { key: 'two words' }))).kind, 'usage')
  await runtime.stop()
})

test('a runtime has one journal', () => {
  const { journal } = createRuntime()
  assert.throws(() => createRuntime({ journal, dataDir: newDir() }), /not both/)
})

test('runs are kept with their history until they are removed', async () => {
  const dataDir = newDir()
  const notes = notebook()
  const first = open(dataDir, { behaviours: [notes] })
  await first.ready
  const begun = await first.runs.begin({ id: 'r', workflow: 'w', input: { a: 1 }, options: {} })
  assert.equal([begun.status, begun.input], ['running', { a: 1 }])
  const book = await first.spawn(notes, { id: 'n', run: 'r' })
  for (let n = 0; n < 100; n++) first.tell(book, 'note.add', n)
  await first.ask(book, 'note.read')
  await first.runs.finish('r', { status: 'done', result: 'over' })
  await first.stop(book)
  await first.stop()
  const second = open(dataDir, { behaviours: [notes], recover: 'auto' })
  await second.ready
  assert.is((await second.runs.get('r'))?.status, 'done')
  assert.equal(
    (await second.runs.list()).map(({ id }) => id),
    ['r'],
  )
  const steps = await second.runs.steps('r')
  assert.equal(
    steps.map(({ step }) => step),
    steps.map((_, i) => i + 1),
  )
  assert.equal([steps[0]?.commit.taken.kind, steps.at(-1)?.commit.taken.kind], ['init', 'ended'])
  assert.is(steps.length, 103)
  assert.is(await outcomeOf(second.spawn(notes, { id: 'n', run: 'r' })), 'address-taken')
  assert.is(await outcomeOf(second.ask(book, 'note.read')), 'actor-not-found')
  const again = await second.runs.begin({ id: 'r', workflow: 'w', input: null, options: {} })
  assert.equal([again.status, again.input, again.result], ['running', { a: 1 }, undefined])
  await second.runs.remove('r')
  assert.equal([await second.runs.list(), second.journal.known(book)], [[], undefined])
  assert.is(await outcomeOf(second.runs.remove('r')), 'run-unknown')
  assert.is(await outcomeOf(second.runs.finish('r', { status: 'done' })), 'run-unknown')
  await second.stop()
})

test.run()
