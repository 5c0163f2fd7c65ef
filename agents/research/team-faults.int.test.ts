import * as assert from 'uvu/assert'
import type { RuntimeEvent } from '../../actors/events.ts'
import type { EffectPolicy } from '../../actors/strategy.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ChatBody } from '../testkit/chat-wire.ts'
import { type Fault, type ModelServer, startModelServer } from '../testkit/model-server.ts'
import { researchAnswer } from '../testkit/research-answers.ts'
import type { ResearchRun } from './research-report.ts'
import { type ResearchOptions, ResearchTeam, type ResearchTeamOptions } from './team.ts'
import { newScene, reportOf, TOPIC } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team (faults of a model server)', { limitMs: 20_000 })

const scene = newScene()
test.after(() => scene.remove())

/** Three attempts, 20 ms and 40 ms apart. */
const POLICY: EffectPolicy = {
  retry: { attempts: 3, backoff: { kind: 'exponential', baseMs: 20, maxMs: 100, jitter: 'none' } },
  timeouts: { attemptMs: 2_000, taskMs: 5_000, progressMs: 2_000 },
  remedies: [],
}
/** One plan, three questions, one report: what a quick run asks for when all is well. */
const CALLS = 5

const schemaOf = (body: ChatBody): string => body.response_format?.json_schema?.name ?? ''
const promptOf = (body: ChatBody): string => {
  const content = body.messages.find(message => message.role === 'user')?.content
  return typeof content === 'string'
    ? content
    : (content as { text: string }[]).map(part => part.text).join('')
}
const answerTo = (body: ChatBody): object => researchAnswer(schemaOf(body), promptOf(body))

interface Setting {
  readonly faults?: readonly Fault[]
  readonly team?: Partial<ResearchTeamOptions>
  readonly how?: ResearchOptions
  readonly respond?: (body: ChatBody, n: number) => object
  /** Called when the run has been started. */
  readonly meanwhile?: (server: ModelServer, team: ResearchTeam) => Promise<unknown>
}

interface Outcome {
  readonly run: ResearchRun
  readonly log: ModelServer['log']
  readonly events: readonly RuntimeEvent[]
  readonly ms: number
}

async function runAgainst({
  faults = [],
  team: options,
  how,
  respond = answerTo,
  meanwhile,
}: Setting): Promise<Outcome> {
  const server = await startModelServer({ faults, respond: (body, n) => ({ object: respond(body, n) }) })
  const team = new ResearchTeam({
    cwd: scene.cwd,
    sources: ['*.md', '*.txt'],
    env: { OPENAI_BASE_URL: server.url },
    model: 'openai-compatible:main',
    policy: POLICY,
    ...options,
  })
  const events: RuntimeEvent[] = []
  team.runtime.events.subscribe(event => events.push(event))
  const began = performance.now()
  try {
    const [run] = await Promise.all([team.run(TOPIC, { depth: 'quick', ...how }), meanwhile?.(server, team)])
    return { run, log: server.log.map(entry => ({ ...entry })), events, ms: performance.now() - began }
  } finally {
    await team.stop()
    await server.close()
  }
}

const of = <T extends RuntimeEvent['type']>(events: readonly RuntimeEvent[], type: T) =>
  events.filter((event): event is Extract<RuntimeEvent, { type: T }> => event.type === type)
const reasons = (events: readonly RuntimeEvent[]): readonly string[] =>
  of(events, 'effect.retrying').map(event => event.reason)
const ended = (events: readonly RuntimeEvent[]) => of(events, 'run.finished').map(event => event.status)

/** It went well in the end, and the server was asked no more than it had to be. */
function recovered({ run, log, events }: Outcome, retries: readonly string[]): void {
  const report = reportOf(run)
  assert.ok(report.findings.length > 0)
  assert.equal(reasons(events), retries)
  assert.is(log.length, CALLS + retries.length)
  assert.equal(ended(events), ['done'])
  assert.equal(run.problems, [])
}

test('without a fault the server is asked once for each thing', async () => {
  const outcome = await runAgainst({})
  recovered(outcome, [])
  assert.is(outcome.run.usage.modelCalls, CALLS)
  assert.ok(outcome.run.usage.inputTokens > 0 && outcome.run.usage.outputTokens > 0)
  assert.is(outcome.run.usage.costUsd, null)
})

test('a slow server is waited for: a stream that moves is no stall', async () => {
  const slow = Array.from({ length: CALLS }, () => ({ delayMs: 80 }))
  recovered(await runAgainst({ faults: slow }), [])
  const timeouts = { ...POLICY.timeouts, progressMs: 400 }
  const trickle = await runAgainst({ faults: [{ trickleMs: 40 }], team: { policy: { ...POLICY, timeouts } } })
  recovered(trickle, [])
  assert.ok(trickle.ms > 800, `${trickle.ms} ms`)
})

test('a 429 is retried when the provider said, not earlier', async () => {
  const outcome = await runAgainst({ faults: [{ status: 429, retryAfter: 1 }] })
  recovered(outcome, ['rate-limited'])
  const [first, second] = outcome.log
  const waited = (second?.at ?? 0) - (first?.at ?? 0)
  assert.ok(waited >= 995 && waited < 1_800, `${waited} ms`)
})

test('a 429 for one researcher slows all of them down', async () => {
  const outcome = await runAgainst({ faults: [{}, { status: 429, retryAfter: 1 }] })
  recovered(outcome, ['rate-limited'])
  const limited = outcome.log[1]?.at ?? 0
  // One question was already under way; whatever else is asked waits its turn.
  const early = outcome.log.slice(2).filter(entry => entry.at - limited < 950)
  assert.ok(early.length <= 1, `${early.length} requests within the pause`)
})

test('two 500s are retried with backoff, then all is well', async () => {
  const outcome = await runAgainst({ faults: [{ status: 500 }, { status: 500 }] })
  recovered(outcome, ['failed', 'failed'])
  // A millisecond may pass between the decision and the event that tells of it.
  const [first = 0, second = 0] = of(outcome.events, 'effect.retrying').map(event => event.delayMs)
  assert.ok(first > 10 && first <= 20 && second > 30 && second <= 40, `${first} and ${second} ms`)
  const at = outcome.log.map(entry => entry.at)
  assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 15 && (at[2] ?? 0) - (at[1] ?? 0) >= 35)
})

test('a body that is no JSON is retried', async () => {
  recovered(await runAgainst({ faults: [{ malformed: true }] }), ['failed'])
})

test('a connection cut in the middle of an answer is retried', async () => {
  recovered(await runAgainst({ faults: [{}, { cut: true }, { cut: true }] }), ['failed', 'failed'])
})

test('an answer of the wrong shape goes back once with what is wrong, and costs no retry', async () => {
  const { run, log, events } = await runAgainst({ faults: [{ invalid: true }] })
  reportOf(run)
  assert.is(log.length, CALLS + 1)
  assert.equal(reasons(events), [])
  const repair = log[1]?.messages.at(-1)
  assert.match(JSON.stringify(repair), 'does not fit the requested JSON schema')
  assert.is(log[1]?.messages.at(-2)?.role, 'assistant')
})

test('a question that is always answered in the wrong shape is given up, skipped and named', async () => {
  const wrong = 'part 2'
  const { run, log, events } = await runAgainst({
    respond: body =>
      schemaOf(body) === 'research' && promptOf(body).includes(wrong) ? { findings: 'many' } : answerTo(body),
  })
  const report = reportOf(run)
  assert.equal(
    run.problems.map(({ step, index, error }) => [step, index, error.kind]),
    [['gather', 1, 'schema-invalid']],
  )
  assert.equal(
    report.metadata.assignments.map(one => one.agent === null),
    [false, true, false],
  )
  assert.is(of(events, 'effect.gave-up').length, 1)
  // The answer, and three attempts at its repair.
  assert.is(
    log.filter(
      entry => JSON.stringify(entry.messages).includes(`(${wrong})`) && schemaOf(entry.body) === 'research',
    ).length,
    4,
  )
  assert.is(log.length, CALLS + 3)
  const step = of(events, 'step.finished').find(event => event.error)
  assert.equal([step?.step, step?.index, step?.error?.kind], ['gather', 1, 'schema-invalid'])
})

test('a plan that never has the right shape ends the run as failed, and says why', async () => {
  const { run, log, events } = await runAgainst({ respond: () => ({ subtasks: 'none' }) })
  assert.equal([run.status, run.error?.kind, run.output], ['failed', 'schema-invalid', null])
  assert.match(`${run.error?.why}`, 'subtasks')
  assert.is(log.length, 4)
  assert.equal(reasons(events), ['schema-invalid', 'schema-invalid'])
  assert.equal(ended(events), ['failed'])
})

test('a server that hangs is left at the attempt’s limit, and asked again', async () => {
  const timeouts = { ...POLICY.timeouts, attemptMs: 600 }
  const outcome = await runAgainst({ faults: [{ hang: true }], team: { policy: { ...POLICY, timeouts } } })
  recovered(outcome, ['timeout'])
  assert.is(outcome.log[0]?.aborted, true)
  assert.ok(outcome.ms >= 600 && outcome.ms < 4_000)
})

test('a server that says nothing is stalled long before the attempt’s limit', async () => {
  const timeouts = { ...POLICY.timeouts, attemptMs: 10_000, taskMs: 20_000, progressMs: 600 }
  const outcome = await runAgainst({ faults: [{ hang: true }], team: { policy: { ...POLICY, timeouts } } })
  recovered(outcome, ['stalled'])
  assert.is(outcome.log[0]?.aborted, true)
  assert.ok(outcome.ms < 6_000)
})

test('when nothing works from the start, the run fails after the allowed attempts and says so', async () => {
  const down = Array.from({ length: 50 }, () => ({ status: 503 }))
  const { run, log, events, ms } = await runAgainst({ faults: down })
  assert.equal([run.status, run.error?.kind, run.output], ['failed', 'model-failed', null])
  assert.match(`${run.error?.message} ${run.error?.why}`, '503')
  assert.is(log.length, POLICY.retry.attempts)
  assert.is(of(events, 'effect.gave-up').length, 1)
  assert.ok(ms < 1_500, `${ms} ms`)
})

test('when the server goes down in the middle, the breaker opens and spares it, and the run fails soon', async () => {
  const down = [{}, ...Array.from({ length: 50 }, () => ({ status: 500 }))]
  const { run, log, events, ms } = await runAgainst({ faults: down, how: { depth: 'comprehensive' } })
  assert.is(run.status, 'failed')
  assert.ok(['model-failed', 'circuit-open'].includes(run.error?.kind ?? ''), run.error?.kind)
  assert.equal(
    of(events, 'breaker.changed').map(event => event.state),
    ['open'],
  )
  // The plan, and the five failures that open the breaker; a sixth may have been under way.
  assert.ok(log.length >= 6 && log.length <= 7, `${log.length} requests`)
  assert.ok(ms < 3_000, `${ms} ms`)
  assert.is(run.status !== 'done' && run.output?.subtasks.length, 8)
  assert.equal(ended(events), ['failed'])
})

test('a server that is not there is said to be unreachable', async () => {
  const { run, ms } = await runAgainst({ team: { env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } } })
  assert.equal([run.status, run.error?.kind], ['failed', 'model-failed'])
  assert.match(
    `${run.error?.message} ${run.error?.why}`,
    /ECONNREFUSED|bad port|could not be reached|unreachable/i,
  )
  assert.ok(ms < 3_000)
})

test('the fallback model takes over from the second attempt on', async () => {
  const { run, log, events } = await runAgainst({
    team: { fallbackModel: 'openai-compatible:spare' },
    respond: body => {
      if (body.model === 'main') throw new Error('out of order')
      return answerTo(body)
    },
  })
  // The report names the model that wrote it, not the one that was meant to.
  assert.match(reportOf(run).fullReport, 'The language model openai-compatible:spare was used')
  assert.equal(
    ['main', 'spare'].map(model => log.filter(entry => entry.model === model).length),
    [CALLS, CALLS],
  )
  const retrying = of(events, 'effect.retrying')
  assert.is(retrying.length, CALLS)
  for (const { remedy } of retrying) assert.equal(remedy, { model: 'openai-compatible:spare' })
})

test('a fallback of another kind of trouble: the main model hangs, the spare one answers', async () => {
  const timeouts = { ...POLICY.timeouts, attemptMs: 600 }
  const { run, log } = await runAgainst({
    team: { fallbackModel: 'openai-compatible:spare', policy: { retry: POLICY.retry, timeouts } },
    faults: [{ hang: true }],
  })
  reportOf(run)
  assert.equal(
    log.slice(0, 2).map(entry => entry.model),
    ['main', 'spare'],
  )
})

test('a budget of three calls ends the run as budget-exhausted with what there is', async () => {
  const { run, log, events } = await runAgainst({ how: { budget: { modelCalls: 3 } } })
  assert.equal([run.status, run.error?.kind], ['budget-exhausted', 'budget-exhausted'])
  assert.is(log.length, 3)
  assert.is(run.usage.modelCalls, 3)
  assert.is(run.status !== 'done' && run.output?.subtasks.length, 3)
  assert.ok(run.status !== 'done' && (run.output?.findings.length ?? 0) > 0)
  assert.ok((run.output?.reasoningTrace.length ?? 0) > 0)
  assert.equal(ended(events), ['budget-exhausted'])
})

test('a cancelled run ends at once, and the server sees its connections end', async () => {
  const stop = new AbortController()
  const hanging = [{}, ...Array.from({ length: 10 }, () => ({ hang: true as const }))]
  const { run, log, events } = await runAgainst({
    faults: hanging,
    how: { signal: stop.signal },
    meanwhile: async server => {
      while (server.log.length < 3) await new Promise(resolve => setTimeout(resolve, 5))
      const began = performance.now()
      stop.abort()
      while (!server.log.slice(1).every(entry => entry.aborted)) {
        assert.ok(performance.now() - began < 2_000, 'the server still has open requests')
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
  })
  assert.equal([run.status, run.error?.kind], ['cancelled', 'cancelled'])
  assert.is(log.length, 3)
  assert.equal(ended(events), ['cancelled'])
  assert.equal(of(events, 'effect.retrying'), [])
})

test('a run that takes longer than it may ends as failed, and asks nothing more', async () => {
  const { run, log, ms } = await runAgainst({
    faults: [{}, { hang: true }, { hang: true }],
    how: { timeoutMs: 1_000 },
  })
  assert.equal([run.status, run.error?.kind], ['failed', 'deadline-exceeded'])
  assert.is(log.length, 3)
  assert.ok(ms < 3_000, `${ms} ms`)
})

test.run()
