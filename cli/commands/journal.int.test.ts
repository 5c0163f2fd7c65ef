import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Address, address } from '../../actors/address.ts'
import type { Envelope } from '../../actors/envelope.ts'
import { RuntimeError, toWireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { openDataDirectory } from '../../runtime/data-directory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenAsked, withModel } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/journal, dead (process)', { limitMs: 60_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-journal-'))
const RUN = 'a-run-with-a-long-id'
test.after(() => {
  scene.remove()
  rmSync(folder, { recursive: true })
})

const ac = (args: readonly string[], env?: Record<string, string>): Promise<Ran> =>
  ended(start([...args, '--cwd', scene.cwd], env))
const json = async (args: readonly string[]) => JSON.parse((await ac([...args, '--json'])).stdout)
const RESEARCH = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md', '--depth', 'quick']
const dataDir = (name: string): string => join(folder, name)

test.before(async () => {
  assert.is((await ac([...RESEARCH, '--data-dir', dataDir('one'), '--run-id', RUN])).status, 0)
})

test('a backup is a data directory; restored, it holds the same runs', async () => {
  const [from, copy, back] = [dataDir('one'), dataDir('copy'), dataDir('back')]
  const made = await ac(['journal', 'backup', copy, '--data-dir', from])
  assert.is(made.status, 0, made.stderr)
  assert.is(statSync(copy).mode & 0o777, 0o700)
  const restored = await ac(['journal', 'restore', copy, '--data-dir', back])
  assert.is(restored.status, 0, restored.stderr)
  const listed = await json(['runs', 'ls', '--data-dir', from])
  for (const dir of [copy, back]) {
    assert.equal(await json(['runs', 'ls', '--data-dir', dir]), listed)
    assert.is((await json(['journal', 'verify', '--data-dir', dir])).ok, true)
    const replayed = await json(['replay', RUN, '--data-dir', dir])
    assert.equal(replayed.steps.length > 20, true)
  }
})

test('neither is written over something, or made of nothing', async () => {
  const from = dataDir('one')
  assert.is((await ac(['journal', 'backup', from, '--data-dir', from])).status !== 0, true)
  assert.is((await ac(['journal', 'restore', from, '--data-dir', from])).status !== 0, true)
  for (const args of [['backup', dataDir('x')], ['verify'], ['restore', dataDir('none')]])
    assert.is((await ac(['journal', ...args, '--data-dir', dataDir('none')])).status, 2, args.join(' '))
  assert.is((await json(['journal', 'verify', '--data-dir', from])).ok, true)
  assert.not(readdirSync(folder).includes('none'))
})

test('verify finds a changed byte, and the commands refuse to work on it', async () => {
  const dir = dataDir('damaged')
  assert.is((await ac(['journal', 'backup', dir, '--data-dir', dataDir('one')])).status, 0)
  const store = join(dir, 'journal')
  const flip = (name: string): void => {
    const bytes = readFileSync(join(store, name))
    const middle = Math.floor(bytes.length / 2)
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
    writeFileSync(join(store, name), bytes)
  }
  const files = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\.(log|ldb)$/.test(name),
  )
  const largest = files.sort((a, b) => statSync(join(store, b)).size - statSync(join(store, a)).size)[0] ?? ''
  flip(largest)
  assert.not.equal((await ac(['journal', 'verify', '--data-dir', dir])).status, 0)
  assert.not.equal((await ac(['runs', 'ls', '--data-dir', dir])).status, 0)
})

/** Leaves a dead letter there, as a node does that cannot deliver. */
async function bury(dir: string, id: string, to: Address): Promise<void> {
  const { journal, opened } = openDataDirectory(dir)
  await opened
  const envelope: Envelope = { v: 1, id, type: 'note.add', to, from: address('worker', 'w'), body: { n: 1 } }
  const error = toWireError(new RuntimeError('mailbox-full', 'too many'))
  await journal.records.put('dead', id, { at: 1_000, envelope, error } as unknown as Plain, { sync: true })
  await journal.close()
}

test('dead letters are listed, shown and dropped', async () => {
  const dir = dataDir('one')
  const at = ['--data-dir', dir]
  await bury(dir, 'letter-1', address('research-team', RUN))
  await bury(dir, 'letter-2', address('nobody', 'x'))
  const letters = await json(['dead', 'ls', ...at])
  assert.equal(
    letters.map((one: { envelope: Envelope }) => one.envelope.id),
    ['letter-1', 'letter-2'],
  )
  assert.match((await ac(['dead', 'ls', ...at])).stdout, 'AC-1005')
  const shown = await ac(['dead', 'show', 'letter-1', ...at])
  for (const word of ['note.add', 'too many', '{"n":1}', RUN]) assert.match(shown.stdout, word)
  // Its run has ended, or it has none.
  for (const id of ['letter-1', 'letter-2'])
    assert.not.equal((await ac(['dead', 'retry', id, ...at])).status, 0)
  assert.is((await json(['dead', 'ls', ...at])).length, 2)
  assert.is((await ac(['dead', 'drop', 'letter-1', ...at])).status, 2, 'nobody can be asked here')
  assert.is((await ac(['dead', 'drop', 'letter-1', 'letter-3', '--yes', ...at])).status, 2)
  assert.is((await json(['dead', 'ls', ...at])).length, 2, 'all or none')
  assert.is((await ac(['dead', 'drop', 'letter-1', 'letter-2', '--yes', ...at])).status, 0)
  assert.equal(await json(['dead', 'ls', ...at]), [])
  for (const words of [['show', 'letter-1'], ['drop', 'letter-1', '--yes'], ['retry', 'letter-1'], ['retry']])
    assert.is((await ac(['dead', ...words, ...at])).status, 2, words.join(' '))
  await bury(dir, 'letter-4', address('nobody', 'x'))
  assert.equal(await json(['dead', 'drop', '--all', '--yes', ...at]), { dropped: ['letter-4'] })
})

test('a dead letter to an actor of an unfinished run is sent again when the run is resumed for it', () =>
  withModel([{}, { hang: true }, { hang: true }], async (env, server) => {
    const dir = dataDir('two')
    const at = ['--data-dir', dir]
    const child = start(
      [...RESEARCH, '--model', 'openai-compatible:test', '--run-id', RUN, ...at, '--cwd', scene.cwd],
      env,
    )
    const work = ended(child)
    await whenAsked(server, 3)
    child.kill('SIGKILL')
    await work
    await bury(dir, 'letter-3', address('coordinator', `${RUN}-1`))
    const { status, stderr } = await ac(['dead', 'retry', 'letter-3', ...at], env)
    assert.is(status, 0, stderr)
    assert.equal(await json(['dead', 'ls', ...at]), [])
    const { steps } = await json(['replay', RUN, ...at])
    const taken = steps.filter((one: { taken: { type?: string } }) => one.taken.type === 'note.add')
    assert.is(taken.length, 1)
  }))

test.run()
