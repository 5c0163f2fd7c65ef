/**
 * `npm run cluster:show [-- --runs N] [--seed S]`: three nodes and one nats-server carry out 200 research teams against a
 * scripted model server that logs every call; one node is killed every ten seconds, the broker twice. Prints what was done
 * and whether a call was made again after its answer was committed. Not a fault case: it shows what the cases count.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type RunClient, runClient } from '../../agents/cluster/run-client.ts'
import { newScene } from '../../agents/research/testdata/team-scene.ts'
import type { ChatBody } from '../../agents/testkit/chat-wire.ts'
import { type ModelServer, startModelServer } from '../../agents/testkit/model-server.ts'
import { researchAnswer } from '../../agents/testkit/research-answers.ts'
import { clusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { connectCluster } from '../../runtime/cluster/client/connect-cluster.ts'
import { isPassing } from '../../runtime/cluster/requests.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { bundleProgram } from './bundled-program.ts'
import { type ClusterProcesses, NAMESPACE, startProcesses } from './cluster-nodes.ts'
import { watchPrompts } from './committed-prompts.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
})
const RUNS = Number(values.runs)
const TEAM_SIZE = 3
const KILL_EVERY_MS = 10_000
const BROKER_RESTARTS = 2
/** What a call of the model takes, ms. */
const ANSWER_MS = { least: 400, most: 1_200 }
const AT_ONCE = 16
const LIMIT_MS = 20 * 60_000

const say = (line: string): void => console.log(line)

const promptOf = ({ messages }: ChatBody): string => {
  const content = messages.find(({ role }) => role === 'user')?.content
  return typeof content === 'string'
    ? content
    : (content as { text: string }[]).map(({ text }) => text).join('')
}

const startModel = (random: Prng): Promise<ModelServer> =>
  startModelServer({
    async respond(body) {
      await sleep(random.between(ANSWER_MS.least, ANSWER_MS.most))
      return { object: researchAnswer(body.response_format?.json_schema?.name, promptOf(body)) }
    },
  })

/** Kills nodes and the broker until it is told that all is done. */
async function breakThings(processes: ClusterProcesses, random: Prng, state: State): Promise<void> {
  let killAt = performance.now() + KILL_EVERY_MS
  while (!state.isOver) {
    await sleep(100)
    if (performance.now() >= killAt) {
      killAt += KILL_EVERY_MS
      const node = processes.nodes[random.below(processes.nodes.length)]
      await node?.kill()
      state.kills++
      say(`${state.done} of ${RUNS} done: killed ${node?.name}`)
      await sleep(500)
      node?.start()
    }
    if (
      state.restarts < BROKER_RESTARTS &&
      state.done >= ((state.restarts + 1) * RUNS) / (BROKER_RESTARTS + 1)
    ) {
      state.restarts++
      await processes.server.kill()
      await processes.server.restart()
      say(`${state.done} of ${RUNS} done: killed the broker and started it again`)
    }
  }
}

interface State {
  done: number
  kills: number
  restarts: number
  isOver: boolean
}

/** Submits all runs and waits until each has ended. Returns those that ended otherwise than well. */
async function carryOut(runs: RunClient, state: State): Promise<readonly string[]> {
  const ids = Array.from({ length: RUNS }, (_, n) => `team-${n + 1}`)
  await Promise.all(
    ids.map((id, n) => {
      const topic = `How does a lighthouse warn ships? (case ${n + 1})`
      const options = { size: TEAM_SIZE, model: 'openai-compatible:scripted' }
      return runs.submit({ id, workflow: 'research-team', input: { topic, sources: ['*.md'] }, options })
    }),
  )
  say(`${RUNS} runs are submitted`)
  const until = performance.now() + LIMIT_MS
  const open = new Set(ids)
  while (open.size > 0 && performance.now() < until) {
    const listed = await runs.list().catch(error => {
      if (isPassing(error)) return []
      throw error
    })
    for (const { id, status } of listed) if (status !== 'running') open.delete(id)
    state.done = RUNS - open.size
    await sleep(500)
  }
  const wrong = [...open].map(id => `${id} has not ended`)
  for (const id of ids.filter(one => !open.has(one))) {
    const { status, result, error } = await runs.record(id)
    const { output } = (result ?? {}) as { readonly output?: { readonly fullReport?: string } }
    if (status !== 'done' || !output?.fullReport?.includes('lighthouse'))
      wrong.push(`${id} ended as ${status}: ${JSON.stringify(error ?? result)?.slice(0, 300)}`)
  }
  return wrong
}

async function show(): Promise<boolean> {
  const random = prng(values.seed)
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ac-cluster-show-')))
  const scene = newScene()
  const model = await startModel(random.fork('model'))
  const program = await bundleProgram('./cluster-subject.ts')
  let processes: ClusterProcesses | undefined
  try {
    const env = { OPENAI_BASE_URL: model.url }
    // With the times that a cluster has by default.
    const subject = { folder: scene.cwd, env, runsAtOnce: AT_ONCE, times: {}, pingIntervalMs: 5_000 }
    processes = await startProcesses({
      program: program.path,
      dir,
      run: 'show',
      nodes: 3,
      linked: false,
      subject,
    })
    return await watched(processes, model, random)
  } finally {
    await processes?.stop()
    await program.remove()
    await model.close()
    scene.remove()
    await rm(dir, { recursive: true, force: true })
  }
}

async function watched(processes: ClusterProcesses, model: ModelServer, random: Prng): Promise<boolean> {
  const connection = await connectCluster({
    servers: processes.server.url,
    namespace: NAMESPACE,
    name: 'show',
    onError: () => {},
  })
  const client = clusterClient({ ...connection, patienceMs: 120_000 })
  await client.heard
  const broker = await connection.broker()
  const prompts = watchPrompts(broker, NAMESPACE)
  const state: State = { done: 0, kills: 0, restarts: 0, isOver: false }
  const began = performance.now()
  const breaking = breakThings(processes, random, state)
  const wrong = await carryOut(runClient(client, NAMESPACE, connection.host.clock), state)
  const seconds = Math.round((performance.now() - began) / 1_000)
  state.isOver = true
  await breaking
  await prompts.stop()
  await broker.close()
  await client.close()
  await connection.close()
  return report({
    state,
    model,
    seconds,
    committed: prompts.committed,
    wrong: [...wrong, ...processes.surprises],
  })
}

interface Outcome {
  readonly state: State
  readonly model: ModelServer
  readonly seconds: number
  readonly committed: ReadonlyMap<string, number>
  readonly wrong: readonly string[]
}

function report({ state, model, seconds, committed, wrong }: Outcome): boolean {
  const calls = model.log.map(({ at, body }) => ({ at, prompt: promptOf(body) }))
  const again = calls.length - new Set(calls.map(({ prompt }) => prompt)).size
  const twice = calls.filter(({ at, prompt }) => at > (committed.get(prompt) ?? Number.POSITIVE_INFINITY))
  for (const { prompt } of twice)
    say(`called again although its answer was committed: ${prompt.slice(0, 200)}`)
  for (const what of wrong) say(what)
  say(
    `runs done ${RUNS - wrong.length} of ${RUNS} in ${seconds} s, nodes killed ${state.kills}, broker restarted ${state.restarts}`,
  )
  say(`model calls ${calls.length}, answers committed ${committed.size}`)
  say(`called again because the outcome was unknown ${again - twice.length}`)
  say(`committed calls seen twice ${twice.length}`)
  return twice.length === 0 && wrong.length === 0
}

if (!(await show())) process.exitCode = 1
