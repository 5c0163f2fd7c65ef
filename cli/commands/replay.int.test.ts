import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as assert from 'uvu/assert'
import type { Commit } from '../../actors/journal.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, withModel } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/replay, why (process)', { limitMs: 60_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-replay-'))
const DIR = join(folder, 'data')
test.after(() => {
  scene.remove()
  rmSync(folder, { recursive: true })
})

const NO_NETWORK = resolve('cli/testdata/no-network.ts')
const RESEARCH = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md', '--depth', 'quick']
const MODEL = ['--model', 'openai-compatible:test']
const at = (args: readonly string[]): string[] => [...args, '--data-dir', DIR, '--cwd', scene.cwd]
const ac = (args: readonly string[], env?: Record<string, string>): Promise<Ran> =>
  ended(start(at(args), env))
/** Where any use of the network ends the process. */
const offline = (args: readonly string[]): Promise<Ran> => ended(start(at(args), {}, [NO_NETWORK]))

interface Step extends Pick<Commit, 'actor' | 'at' | 'taken' | 'acts'> {
  readonly step: number
  readonly before?: string
  readonly after?: string
}
interface Replayed {
  readonly steps: readonly Step[]
  readonly states: readonly { readonly actor: string; readonly value: unknown }[]
  readonly misfits: readonly unknown[]
  readonly result?: unknown
}
/** The answers that the workflow's actor gets tell of the same tokens again. */
const isModelCall = ({ actor, taken }: Step): boolean =>
  taken.kind === 'result' && taken.usage !== undefined && !actor.startsWith('research-team/')
const replayOf = async (...args: readonly string[]): Promise<Replayed> => {
  const { status, stdout, stderr } = await offline(['replay', ...args, '--json'])
  assert.equal([status, stderr], [0, ''])
  return JSON.parse(stdout)
}

/** The run that the tests look at: a model wrote its report. */
const seen = { id: '', stdout: '', result: {} as unknown }
test.before(() =>
  withModel([], async env => {
    const first = await ac([...RESEARCH, ...MODEL, '--run-id', 'a-run-with-a-long-id'], env)
    assert.is(first.status, 0, first.stderr)
    seen.stdout = first.stdout
    seen.id = 'a-run-with-a-long-id'
    const { stdout } = await ac(
      [...RESEARCH, ...MODEL, '--run-id', 'another-run-with-a-long-id', '--json'],
      env,
    )
    seen.result = JSON.parse(stdout)
  }),
)

test('the guard of these tests ends whoever uses the network', async () => {
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:49151/v1' }
  const { status, stderr } = await ended(
    start(
      at([...RESEARCH, ...MODEL, '--ephemeral']).filter(one => one !== '--data-dir' && one !== DIR),
      env,
      [NO_NETWORK],
    ),
  )
  assert.is(status, 99)
  assert.match(stderr, 'THE NETWORK WAS USED')
})

test('without a network, a replay prints every step, and then what the run printed', async () => {
  const { status, stdout, stderr } = await offline(['replay', seen.id])
  assert.is(status, 0, stderr)
  assert.ok(stdout.endsWith(seen.stdout))
  const steps = stdout.slice(0, -seen.stdout.length)
  for (const word of ['takes workflow.start', 'result of model', 'asks web-researcher', 'idle'])
    assert.match(steps, word)
})

test('as JSON it gives the steps, the states, and the very result that the run gave', async () => {
  const { steps, states, misfits, result } = await replayOf('another-run-with-a-long-id')
  assert.equal(result, seen.result)
  assert.equal(misfits, [])
  assert.equal(
    steps.map(({ step }) => step),
    steps.map((_, i) => i + 1),
  )
  assert.ok(steps.every(({ after }) => after !== undefined))
  assert.ok(states.length >= 7)
})

test('--to stops after a step, with the states of that moment and no result', async () => {
  const all = await replayOf(seen.id)
  const { steps, states, result } = await replayOf(seen.id, '--to', '9')
  assert.equal(steps, all.steps.slice(0, 9))
  assert.is(result, undefined)
  assert.not.equal(states, all.states)
  for (const to of ['0', '999', 'x']) assert.is((await ac(['replay', seen.id, '--to', to])).status, 2, to)
})

test('a fork takes what is recorded, makes the other calls live, and the old run stays as it is', () =>
  withModel([], async (env, server) => {
    const before = await replayOf(seen.id)
    const calls = before.steps.filter(isModelCall)
    assert.is(calls.length, 5)
    const half = calls[2]?.step ?? 0
    const forked = await ac(['replay', seen.id, '--at', String(half), '--fork', '--json'], env)
    assert.is(forked.status, 0, forked.stderr)
    assert.is(server.log.length, 2)
    const { runId, usage } = JSON.parse(forked.stdout)
    assert.not.equal(runId, seen.id)
    assert.is(usage.modelCalls, 5)
    assert.equal(await replayOf(seen.id), before)
    const shown = JSON.parse((await ac(['runs', 'show', runId, '--json'])).stdout)
    assert.equal(shown.forkedFrom, { run: seen.id, at: half })
    const verified = await ac(['runs', 'verify', '--all'])
    assert.is(verified.status, 0, verified.stdout)
  }))

test('a fork may think with another model from there on', () =>
  withModel([], async (env, server) => {
    const { steps } = await replayOf(seen.id)
    const plan = steps.find(isModelCall)
    const args = [
      'replay',
      seen.id,
      '--at',
      String(plan?.step),
      '--fork',
      '--model',
      'openai-compatible:other',
    ]
    const { status, stderr } = await ac(args, env)
    assert.is(status, 0, stderr)
    assert.equal([...new Set(server.log.map(({ model }) => model))], ['other'])
  }))

test('an edited answer is what the fork goes on with', () =>
  withModel([], async env => {
    const { steps } = await replayOf(seen.id)
    const planned = steps.find(
      ({ actor, taken }) => actor === `research-team/${seen.id}` && taken.kind === 'result',
    )
    assert.ok(planned?.taken.kind === 'result')
    const file = join(folder, 'plan.json')
    const plan = planned.taken.output as { readonly subtasks: readonly { readonly id: string }[] }
    const [only] = plan.subtasks
    writeFileSync(file, JSON.stringify({ ...plan, subtasks: [only] }))
    const args = ['replay', seen.id, '--at', String(planned.step), '--fork', '--edit', file, '--json']
    const { status, stdout, stderr } = await ac(args, env)
    assert.is(status, 0, stderr)
    assert.is(JSON.parse(stdout).output.metadata.totalSubtasks, 1)
    assert.is(plan.subtasks.length > 1, true)
  }))

test('refuses forks that cannot be, and makes none', async () => {
  const count = async () => JSON.parse((await ac(['runs', 'ls', '--json'])).stdout).length
  const before = await count()
  for (const more of [
    ['--fork'],
    ['--at', '3'],
    ['--model', 'a:b'],
    ['--fork', '--at', '3', '--to', '2'],
    ['--fork', '--at', '999'],
    ['--fork', '--at', '3', '--edit', 'no-such-file'],
    ['--fork', '--at', '1', '--edit', resolve('package.json')],
  ])
    assert.is((await ac(['replay', seen.id, ...more])).status, 2, more.join(' '))
  assert.is(await count(), before)
})

test('why goes from a message back to the start of the run, with tokens; ids and steps name the same', async () => {
  const { steps } = await replayOf(seen.id)
  const written = steps.findLast(isModelCall)
  const byStep = await offline(['why', String(written?.step), '--run', seen.id, '--json'])
  const { hops } = JSON.parse(byStep.stdout)
  assert.is(hops.at(-1).step, written?.step)
  assert.is(hops[0].taken.type, 'workflow.start')
  assert.is(hops[0].spentBelow.modelCalls, 5)
  assert.is(hops.at(-1).spent.modelCalls, 1)
  const { made } = hops.at(-2)
  const byId = await offline(['why', made, '--json'])
  assert.is(byId.status, 0, byId.stderr)
  assert.equal(JSON.parse(byId.stdout).hops, hops.slice(0, -1))
  const told = await offline(['why', made])
  assert.match(told.stdout, 'model call')
  for (const what of ['nonsense', 'worker/none.x.1.0', '1'])
    assert.is((await ac(['why', what])).status, 2, what)
})

test.run()
