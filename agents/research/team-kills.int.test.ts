import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import type { Commit } from '../../actors/journal.ts'
import { openLevelJournal } from '../../memory/level-journal.ts'
import { journalCodec, journalDirectory } from '../../runtime/data-directory.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ChatBody } from '../testkit/chat-wire.ts'
import { type ModelServer, startModelServer } from '../testkit/model-server.ts'
import { researchAnswer } from '../testkit/research-answers.ts'
import type { ResearchRun } from './research-report.ts'
import { newScene } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team (kill -9)', { limitMs: 120_000 })

const PROGRAM = fileURLToPath(new URL('./testdata/durable-team.ts', import.meta.url))
const RUN = '6f1f2e8e-8a38-4d12-9a63-3a1d3d0a9b11'
const KILLS = 5

const schemaOf = (body: ChatBody): string => body.response_format?.json_schema?.name ?? ''
const promptOf = ({ messages }: ChatBody): string => {
  const content = messages.find(message => message.role === 'user')?.content
  return typeof content === 'string'
    ? content
    : (content as { text: string }[]).map(part => part.text).join('')
}

function start(dataDir: string, cwd: string, url: string): { child: ChildProcess; output(): string } {
  const args = ['--import', 'tsx', PROGRAM, dataDir, RUN, cwd, url]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', part => {
    output += part
  })
  return { child, output: () => output }
}

/** The prompts whose answers are in the journal. */
async function committedPrompts(dataDir: string): Promise<Set<string>> {
  const journal = await openLevelJournal({ dir: journalDirectory(dataDir), encoder: journalCodec() })
  const inputs = new Map<string, string>()
  const answered = new Set<string>()
  try {
    for await (const { actor } of journal.actors(RUN)) {
      let life = ''
      for await (const { commit } of journal.history(actor)) {
        if (commit.taken.kind === 'init') life = commit.taken.life
        for (const [k, act] of commit.acts.entries())
          if (act.act === 'start' && act.src === 'model')
            inputs.set(`${actor}.${life}.${commit.seq}.${k}`, userText(act.input))
        const intent = resultOf(commit)
        if (intent !== undefined && inputs.has(intent)) answered.add(inputs.get(intent) as string)
      }
    }
  } finally {
    await journal.close()
  }
  return answered
}

const resultOf = ({ taken }: Commit): string | undefined =>
  taken.kind === 'result' ? taken.intent : undefined

const userText = (input: unknown): string => {
  const { request } = input as { request: { messages: readonly { role: string; text: string }[] } }
  return request.messages.find(message => message.role === 'user')?.text ?? ''
}

const callsFor = (server: ModelServer, prompt: string): number =>
  server.log.filter(({ body }) => promptOf(body) === prompt).length

test('ends with one report after five kills, and asks for no committed answer again', async () => {
  const scene = newScene()
  const dataDir = mkdtempSync(join(tmpdir(), 'agenticraft-kills-'))
  const server = await startModelServer({
    async respond(body) {
      await sleep(250)
      return { object: researchAnswer(schemaOf(body), promptOf(body)) }
    },
  })
  try {
    const committed = new Map<string, number>()
    for (let kill = 0; kill < KILLS; kill++) {
      const { child } = start(dataDir, scene.cwd, server.url)
      const before = server.log.length
      // Dies while it works: a random time after it has asked the model for something.
      while (server.log.length === before && child.exitCode === null) await sleep(5)
      await sleep(Math.random() * 400)
      child.kill('SIGKILL')
      await once(child, 'close')
      for (const prompt of await committedPrompts(dataDir))
        if (!committed.has(prompt)) committed.set(prompt, callsFor(server, prompt))
    }
    const last = start(dataDir, scene.cwd, server.url)
    await once(last.child, 'close')
    const run = JSON.parse(last.output()) as ResearchRun
    assert.is(run.status, 'done', JSON.stringify(run.error))
    assert.ok(run.status === 'done' && run.output.findings.length > 0)
    for (const [prompt, calls] of committed)
      assert.is(callsFor(server, prompt), calls, 'what was committed is not asked for again')
    const all = await committedPrompts(dataDir)
    assert.ok(all.size >= 5, `${all.size} calls were committed`)
    const prompts = server.log.map(({ body }) => promptOf(body))
    assert.equal([...new Set(prompts)].sort(), [...all].sort(), 'and each call that was made is in the end')
  } finally {
    await server.close()
    scene.remove()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test.run()
