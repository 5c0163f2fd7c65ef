import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { address } from '../../actors/address.ts'
import type { Commit } from '../../actors/journal.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import { openDataDirectory } from '../../runtime/data-directory.ts'
import { systemHost } from '../../runtime/host.ts'
import { runsOf } from '../../runtime/run-store.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start, whenAsked, whenSaid, withModel } from '../testdata/command-line.ts'

const test = testSuite('cli/commands/runs (process)', { limitMs: 60_000 })

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-runs-'))
test.after(() => {
  scene.remove()
  rmSync(folder, { recursive: true })
})

let made = 0
const newDir = (): string => join(folder, `data-${++made}`)
const ac = (args: readonly string[], env?: Record<string, string>): Promise<Ran> =>
  ended(start([...args, '--cwd', scene.cwd], env))
const json = async (args: readonly string[]) => JSON.parse((await ac([...args, '--json'])).stdout)
const RESEARCH = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md', '--depth', 'quick']
const MODEL = ['--model', 'openai-compatible:test']

/** Starts a run whose third model call never ends, and ends its process when the other two are on record. */
async function killed(
  dir: string,
  signal: NodeJS.Signals,
  use: (
    left: { readonly id: string; readonly ran: Ran; readonly asked: number },
    env: Env,
  ) => Promise<unknown>,
): Promise<void> {
  await withModel([{}, {}, { hang: true }], async (env, server) => {
    const child = start([...RESEARCH, ...MODEL, '--data-dir', dir, '--cwd', scene.cwd], env)
    const work = ended(child)
    const one = whenSaid(child, '✔ web-researcher')
    await whenAsked(server, 3)
    await one
    child.kill(signal)
    const ran = await work
    const [record] = await json(['runs', 'ls', '--data-dir', dir])
    await use({ id: record.id, ran, asked: server.log.length }, { env, asked: () => server.log.length })
  })
}
interface Env {
  readonly env: Record<string, string>
  asked(): number
}

test('a run is kept in .agenticraft: for this user alone, invisible to git, listed and shown', async () => {
  const { status, stderr } = await ac(RESEARCH)
  assert.is(status, 0)
  const dir = join(scene.cwd, '.agenticraft')
  assert.is(statSync(dir).mode & 0o777, 0o700)
  assert.is(readFileSync(join(dir, '.gitignore'), 'utf8'), '*\n')
  const [record, ...others] = await json(['runs', 'ls'])
  assert.equal([others.length, record.status, record.workflow], [0, 'done', 'research-team'])
  assert.equal([record.input.topic, record.unfinished], [TOPIC, false])
  assert.match(stderr, `run ${record.id}`)
  const shown = await json(['runs', 'show', record.id.slice(0, 8)])
  assert.is(shown.id, record.id)
  assert.ok(shown.actors.length >= 6 && shown.steps > 20)
  assert.is(
    shown.actors.reduce((sum: number, { commits }: { commits: number }) => sum + commits, 0),
    shown.steps,
  )
  const told = await ac(['runs', 'show', record.id])
  for (const word of [record.id, 'done', 'coordinator 1']) assert.match(told.stdout, word)
})

test('--ephemeral keeps nothing, and does not go with a data directory', async () => {
  const dir = newDir()
  const cwd = mkdtempSync(join(folder, 'empty-'))
  const { status, stderr } = await ended(
    start([...RESEARCH, '--sources', `${scene.cwd}/*.md`, '--ephemeral', '--cwd', cwd]),
  )
  assert.ok([0, 78].includes(status ?? -1), stderr)
  assert.match(stderr, 'nothing is kept')
  assert.not(existsSync(join(cwd, '.agenticraft')))
  assert.is((await ac([...RESEARCH, '--ephemeral', '--data-dir', dir])).status, 2)
  assert.not(existsSync(dir))
})

test('--run-id names the run; an id that is taken is refused', async () => {
  const dir = newDir()
  const args = [...RESEARCH, '--data-dir', dir, '--run-id', 'my-own-id']
  assert.is((await ac(args)).status, 0)
  assert.is((await json(['runs', 'ls', '--data-dir', dir]))[0].id, 'my-own-id')
  assert.is((await ac(args)).status, 2)
  assert.is((await ac([...RESEARCH, '--data-dir', dir, '--run-id', 'no good'])).status, 2)
})

test('a run that is refused before it begins is not kept', async () => {
  const dir = newDir()
  const { status } = await ac([...RESEARCH, '--model', 'openai:gpt-5-mini', '--data-dir', dir])
  assert.is(status, 78)
  assert.equal(await json(['runs', 'ls', '--data-dir', dir]), [])
})

test('a killed run is unfinished, the next one says so, and resume goes on without repeating a call', () => {
  const dir = newDir()
  return killed(dir, 'SIGKILL', async ({ id, asked }, { env, asked: now }) => {
    const [record] = await json(['runs', 'ls', '--unfinished', '--data-dir', dir])
    assert.equal([record.id, record.status], [id, 'running'])
    const other = await ac([...RESEARCH, '--data-dir', dir])
    assert.is(other.status, 0)
    assert.match(other.stderr, `agenticraft resume ${id}`)
    assert.match(other.stderr, `agenticraft runs cancel ${id}`)
    const resumed = await ac(['resume', id.slice(0, 8), '--data-dir', dir], env)
    assert.is(resumed.status, 0, resumed.stderr)
    assert.match(resumed.stdout, `# ${TOPIC}`)
    // Five calls make a report; of the three that were made, the one under way is made again.
    assert.is(now() - asked, 3)
    const shown = await json(['runs', 'show', id, '--data-dir', dir])
    assert.equal([shown.status, shown.usage.modelCalls], ['done', 5])
    assert.is((await ac(['resume', id, '--data-dir', dir])).status, 2)
  })
})

test('SIGTERM leaves the run to be resumed, and says how', () => {
  const dir = newDir()
  return killed(dir, 'SIGTERM', async ({ id, ran }, { env }) => {
    assert.equal([ran.status, ran.stdout], [75, ''])
    assert.match(ran.stderr, `agenticraft resume ${id}`)
    assert.is((await json(['runs', 'show', id, '--data-dir', dir])).status, 'running')
    assert.is((await ac(['runs', 'resume', id, '--data-dir', dir], env)).status, 0)
  })
})

test('SIGTERM cancels a run of which nothing is kept', () =>
  withModel([{ hang: true }], async (env, server) => {
    const child = start([...RESEARCH, ...MODEL, '--ephemeral', '--json', '--cwd', scene.cwd], env)
    const work = ended(child)
    await whenAsked(server, 1)
    child.kill('SIGTERM')
    const { status, stdout } = await work
    assert.is(status, 130)
    assert.is(JSON.parse(stdout).status, 'cancelled')
  }))

test('Ctrl-C cancels the run for good', () => {
  const dir = newDir()
  return killed(dir, 'SIGINT', async ({ id, ran }) => {
    assert.is(ran.status, 130)
    assert.is((await json(['runs', 'show', id, '--data-dir', dir])).status, 'cancelled')
    assert.is((await ac(['resume', id, '--data-dir', dir])).status, 2)
  })
})

test('cancel ends a run that nobody runs, once; its history stays until rm', () => {
  const dir = newDir()
  const at = ['--data-dir', dir]
  return killed(dir, 'SIGKILL', async ({ id }) => {
    assert.is((await ac(['runs', 'rm', id, ...at])).status, 2)
    const before = (await json(['runs', 'show', id, ...at])).steps
    const { ended: actors } = await json(['runs', 'cancel', id, ...at])
    assert.ok(actors.length > 0)
    const shown = await json(['runs', 'show', id, ...at])
    assert.equal(
      [shown.status, shown.steps, shown.error.kind],
      ['cancelled', before + actors.length, 'cancelled'],
    )
    assert.ok(shown.usage.modelCalls >= 1)
    assert.is((await ac(['runs', 'cancel', id, ...at])).status, 2)
    assert.is((await ac(['replay', id, ...at])).status, 0)
    assert.is((await ac(['runs', 'rm', id, ...at])).status, 0)
    assert.equal(await json(['runs', 'ls', ...at]), [])
  })
})

test('while another process holds the data directory, every command says which', () =>
  withModel([{ hang: true }], async (env, server) => {
    const dir = newDir()
    const child = start([...RESEARCH, ...MODEL, '--data-dir', dir, '--cwd', scene.cwd], env)
    const work = ended(child)
    await whenAsked(server, 1)
    for (const args of [
      ['runs', 'ls'],
      ['runs', 'cancel', 'abcd'],
      ['dead', 'ls'],
      RESEARCH,
      ['journal', 'verify'],
    ]) {
      const { status, stderr } = await ac([...args, '--data-dir', dir])
      assert.is(status, 75, args.join(' '))
      assert.match(stderr, 'AC-6001')
      assert.match(stderr, String(child.pid))
    }
    child.kill('SIGINT')
    await work
  }))

/** Leaves a run there that waits for a person, as one does whose process died in a payment. */
async function waiting(dir: string): Promise<string> {
  const { journal, opened } = openDataDirectory(dir)
  await opened
  const runs = runsOf(journal, systemHost().clock, '1')
  const run = 'a-run-that-waits'
  const actor = address('cashier', `${run}-1`)
  const effect = `${actor}.life.2.0`
  const start = { act: 'start', child: 'c', src: 'tool:pay', input: { sum: 5 } } as const
  const commits: readonly Pick<Commit, 'taken' | 'acts'>[] = [
    { taken: { kind: 'init', life: 'life' }, acts: [] },
    { taken: { kind: 'recovered', downMs: 1 }, acts: [start] },
    { taken: { kind: 'parked', intent: effect, attempt: 1, why: 'it may have been paid' }, acts: [] },
  ]
  await runs.begin({ id: run, workflow: 'shop', input: { order: 7 }, options: {} })
  for (const [i, commit] of commits.entries())
    await journal.append({ actor, seq: i + 1, at: i, ...commit }, () => undefined, { run })
  await runs.finish(run, { status: 'needs-human' })
  await journal.close()
  return effect
}

test('a run that waits for a person says for what, and how to decide', async () => {
  const dir = newDir()
  const at = ['--data-dir', dir]
  const effect = await waiting(dir)
  const { stdout } = await ac(['runs', 'show', 'a-run', ...at])
  for (const word of ['needs-human', 'tool:pay', '{"sum":5}', 'it may have been paid'])
    assert.match(stdout, word)
  for (const word of ['done', 'redo', 'skip'])
    assert.match(stdout, `agenticraft resume a-run-that-waits --effect ${effect}=${word}`)
  assert.is((await json(['runs', 'show', 'a-run', ...at])).open[0].effect, effect)
  for (const decision of ['other/1.life.2.0=redo', effect, `${effect}=maybe`, `${effect}=done:{`])
    assert.is((await ac(['resume', 'a-run', '--effect', decision, ...at])).status, 2, decision)
  const next = await ac([...RESEARCH, ...at])
  assert.match(next.stderr, 'a-run-that-waits (needs-human)')
})

test('verify names what is of a type that is not known any more', async () => {
  const dir = newDir()
  await waiting(dir)
  const { status, stdout } = await ac(['runs', 'verify', '--all', '--data-dir', dir])
  assert.is(status, 78)
  assert.match(stdout, 'cashier 1')
})

test('verify replays what is kept, and wants to know what', async () => {
  const { ok, runs } = await json(['runs', 'verify', '--all'])
  assert.is(ok, true)
  assert.ok(runs.length >= 1 && runs.every((one: { ok: boolean }) => one.ok))
  assert.is((await ac(['runs', 'verify'])).status, 2)
  assert.is((await ac(['runs', 'verify', runs[0].runId, '--all'])).status, 2)
  assert.match((await ac(['runs', 'verify', runs[0].runId])).stdout, 'replays as it was')
})

test('where nothing was ever kept, nothing is listed, found or made', async () => {
  const dir = newDir()
  assert.equal(await json(['runs', 'ls', '--data-dir', dir]), [])
  for (const args of [
    ['runs', 'show', 'abcd'],
    ['resume', 'abcd'],
    ['replay', 'abcd'],
    ['runs', 'rm', 'abcd'],
  ])
    assert.is((await ac([...args, '--data-dir', dir])).status, 2, args.join(' '))
  assert.not(existsSync(dir))
})

test('a file cannot be a data directory', async () => {
  const { status, stderr } = await ac([...RESEARCH, '--data-dir', 'lamp.md'])
  assert.is(status, 73)
  assert.match(stderr, '--ephemeral')
})

test.run()
