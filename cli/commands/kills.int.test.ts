/** The promise as a user meets it: kill it anywhere, resume it, replay it, fork it; pay for every call once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { Commit } from '../../actors/journal.ts'
import { newScene, TOPIC } from '../../agents/research/testdata/team-scene.ts'
import type { ChatBody } from '../../agents/testkit/chat-wire.ts'
import { type ModelServer, startModelServer } from '../../agents/testkit/model-server.ts'
import { researchAnswer } from '../../agents/testkit/research-answers.ts'
import { openDataDirectory } from '../../runtime/data-directory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ended, type Ran, start } from '../testdata/command-line.ts'

const test = testSuite('cli/commands (kill -9)', { limitMs: 180_000 })

const RUN = '6f1f2e8e-8a38-4d12-9a63-3a1d3d0a9b11'
const KILLS = 5
const NO_NETWORK = resolve('cli/testdata/no-network.ts')

const scene = newScene()
const folder = mkdtempSync(join(tmpdir(), 'agenticraft-kills-'))
const dataDir = join(folder, 'data')
test.after(() => {
  scene.remove()
  rmSync(folder, { recursive: true })
})

const promptOf = ({ messages }: ChatBody): string => {
  const content = messages.find(message => message.role === 'user')?.content
  return typeof content === 'string'
    ? content
    : (content as { text: string }[]).map(part => part.text).join('')
}

/** The prompts whose answers are committed in the run. */
async function committedPrompts(): Promise<Set<string>> {
  const { journal, opened } = openDataDirectory(dataDir)
  await opened
  const asked = new Map<string, string>()
  const answered = new Set<string>()
  try {
    for await (const { actor } of journal.actors(RUN)) {
      let life = ''
      for await (const { commit } of journal.history(actor)) {
        if (commit.taken.kind === 'init') life = commit.taken.life
        for (const [k, prompt] of startedPrompts(commit))
          asked.set(`${actor}.${life}.${commit.seq}.${k}`, prompt)
        const prompt = commit.taken.kind === 'result' ? asked.get(commit.taken.intent) : undefined
        if (prompt !== undefined) answered.add(prompt)
      }
    }
  } finally {
    await journal.close()
  }
  return answered
}

function startedPrompts({ acts }: Commit): readonly (readonly [number, string])[] {
  return acts.flatMap((act, k) => {
    if (act.act !== 'start' || act.src !== 'model') return []
    const { request } = act.input as unknown as { request: { messages: { role: string; text: string }[] } }
    return [[k, request.messages.find(({ role }) => role === 'user')?.text ?? ''] as const]
  })
}

const callsFor = ({ log }: ModelServer, prompt: string, model?: string): number =>
  log.filter(({ body }) => promptOf(body) === prompt && (!model || body.model === model)).length

const rest = ['--data-dir', dataDir, '--cwd', scene.cwd]
const ac = (args: readonly string[], env: Record<string, string>, preload: readonly string[] = []) =>
  ended(start([...args, ...rest], env, preload))

test('a team is killed five times and resumed: one report, and no committed call made twice', async () => {
  const server = await startModelServer({
    async respond(body) {
      await sleep(300)
      return { object: researchAnswer(body.response_format?.json_schema?.name, promptOf(body)) }
    },
  })
  const env = { OPENAI_BASE_URL: server.url }
  const run = ['run', 'research-team', '--topic', TOPIC, '--sources', '*.md', '--run-id', RUN]
  const first = [...run, '--model', 'openai-compatible:first']
  try {
    const committed = new Map<string, number>()
    for (let kill = 0; kill < KILLS; kill++) {
      const child = start([...(kill === 0 ? first : ['resume', RUN]), ...rest], env)
      const over = ended(child)
      const before = server.log.length
      while (server.log.length === before && child.exitCode === null) await sleep(5)
      await sleep(Math.random() * 500)
      child.kill('SIGKILL')
      await over
      for (const prompt of await committedPrompts())
        if (!committed.has(prompt)) committed.set(prompt, callsFor(server, prompt))
    }
    const resumed = await ac(['resume', RUN], env)
    assert.is(resumed.status, 0, resumed.stderr)
    assert.match(resumed.stdout, `# ${TOPIC}`)
    for (const [prompt, calls] of committed)
      assert.is(callsFor(server, prompt), calls, 'what was committed is not asked for again')
    const calls = server.log.length
    await replayed(resumed, env)
    await forked(server, env)
    assert.ok(server.log.length > calls)
  } finally {
    await server.close()
  }
})

/** Without a network the journal gives the same report. */
async function replayed(resumed: Ran, env: Record<string, string>): Promise<void> {
  const again = await ac(['replay', RUN], env, [NO_NETWORK])
  assert.is(again.status, 0, again.stderr)
  assert.ok(again.stdout.endsWith(resumed.stdout), 'the same report, to the last character')
}

/** Another model from the middle on: what came before is not asked for again. */
async function forked(server: ModelServer, env: Record<string, string>): Promise<void> {
  const prompts = await committedPrompts()
  const listing = await ac(['replay', RUN, '--json'], env, [NO_NETWORK])
  const all = (JSON.parse(listing.stdout) as { steps: readonly unknown[] }).steps.length
  const fork = await ac(
    ['replay', RUN, '--at', String(Math.floor(all / 2)), '--fork', '--model', 'openai-compatible:second'],
    env,
  )
  assert.is(fork.status, 0, fork.stderr)
  assert.match(fork.stdout, `# ${TOPIC}`)
  const live = server.log.filter(({ body }) => body.model === 'second').length
  assert.ok(live > 0 && live < prompts.size, `${live} of ${prompts.size} calls were made live`)
}

test.run()
