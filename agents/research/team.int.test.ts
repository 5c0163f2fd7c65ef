import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import type { RuntimeEvent } from '../../actors/events.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { usable } from './selection.ts'
import { type ResearchOptions, ResearchTeam, type ResearchTeamOptions } from './team.ts'
import { countingModel, newScene, reportOf, TOPIC } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team', { limitMs: 30_000 })

const scene = newScene()
test.after(() => scene.remove())

const SOURCES = ['*.md', '*.txt']

async function withTeam<T>(
  options: ResearchTeamOptions,
  body: (team: ResearchTeam) => Promise<T>,
): Promise<T> {
  const team = new ResearchTeam({ cwd: scene.cwd, sources: SOURCES, env: {}, ...options })
  try {
    return await body(team)
  } finally {
    await team.stop()
  }
}

const research = (options: ResearchTeamOptions = {}, how: ResearchOptions = {}) =>
  withTeam(options, async team => reportOf(await team.run(TOPIC, how)))

const kindOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'nothing'
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : String(error)
  }
}

test('a team of 3 to 10 is exactly that many supervised actors, and answers', async () => {
  for (const size of [3, 4, 5, 6, 7, 8, 9, 10]) {
    await withTeam({ size }, async team => {
      const report = reportOf(await team.run(TOPIC, { depth: 'quick' }))
      const status = team.teamStatus()
      const actors = team.runtime.actors()
      const supervisors = actors.filter(actor => actor.address.startsWith('supervisor/team-'))
      assert.is(supervisors.length, 1)
      const members = actors.filter(actor => actor.supervisor === supervisors[0]?.address)
      assert.is(members.length, size)
      assert.equal(
        members.map(member => member.address).sort(),
        status.agents.map(agent => agent.address).sort(),
      )
      assert.equal([status.size, report.metadata.teamSize], [size, size])
      const duties = Object.keys(report.metadata.teamComposition).sort()
      assert.equal(duties, ['analysts', 'checkers', 'coordinator', 'researchers', 'writers'])
      assert.ok(report.metadata.agentsInvolved.length <= size)
      for (const agent of report.metadata.agentsInvolved)
        assert.ok(
          members.some(member => member.address === agent),
          agent,
        )
    })
  }
})

test('sub-tasks are spread over all researchers (field.md 5.6.1: all went to the first)', async () => {
  for (const [size, researchers] of [
    [5, 2],
    [7, 3],
    [10, 5],
  ] as const) {
    const { metadata } = await research({ size }, { depth: 'comprehensive', focusAreas: ['fog', 'keepers'] })
    const by = new Map<string | null, number>()
    for (const { agent } of metadata.assignments) by.set(agent, (by.get(agent) ?? 0) + 1)
    assert.is(by.has(null), false)
    assert.is(by.size, Math.min(researchers, metadata.totalSubtasks), JSON.stringify([...by]))
    assert.ok(Math.max(...by.values()) - Math.min(...by.values()) <= 1, JSON.stringify([...by]))
  }
})

test('researchers really work at the same time, as many as there are', async () => {
  for (const [size, researchers] of [
    [3, 1],
    [5, 2],
    [10, 5],
  ] as const) {
    const model = countingModel(25)
    await research({ size, model }, { depth: 'comprehensive' })
    assert.is(model.most['research'], researchers)
    assert.equal([model.most['plan'], model.most['write']], [1, 1])
    assert.is(model.requests.length, 1 + 8 + 1)
  }
})

test('the events of two researchers overlap in time', async () => {
  const runtime = createRuntime()
  const spans = new Map<string, { began: number; ended: number }>()
  runtime.events.subscribe((event: RuntimeEvent) => {
    if (!('effect' in event) || event.name !== 'model' || !event.actor.startsWith('web-researcher/')) return
    const now = performance.now()
    const known = spans.get(event.effect) ?? { began: now, ended: now }
    spans.set(event.effect, { ...known, ended: now })
  })
  await research({ runtime, size: 6, model: countingModel(30) })
  await runtime.stop()
  const all = [...spans.values()]
  assert.is(all.length, 5)
  const overlapping = all.filter(a =>
    all.some(b => a !== b && a.began < b.ended - 5 && b.began < a.ended - 5),
  )
  assert.ok(overlapping.length >= 4, JSON.stringify(all))
})

test('what the analysts find is in the report (field.md 5.6.1: no analyst ever had output)', async () => {
  const report = await research({ size: 6 }, { depth: 'comprehensive', focusAreas: ['helicopters'] })
  assert.ok(
    report.reasoningTrace.some(({ agent, action }) => agent.includes('analyst') && action === 'analysing'),
  )
  assert.ok(report.metadata.gaps.length > 0)
  for (const gap of report.metadata.gaps)
    assert.ok(report.fullReport.includes(gap.slice(0, 40)), `${gap}\n${report.fullReport}`)
  assert.match(report.fullReport, '## Themes')
})

test('key findings are never empty when there are findings, and at least five when there are as many', async () => {
  for (const depth of ['quick', 'standard', 'comprehensive'] as const) {
    const { keyFindings, findings } = await research({}, { depth })
    const distinct = usable(findings).length
    assert.ok(distinct >= 4, `${distinct} findings`)
    assert.ok(keyFindings.length >= Math.min(5, distinct), `${depth}: ${keyFindings.length} of ${distinct}`)
    assert.ok(keyFindings.every(one => one.verdict === 'checked' && one.citations.length > 0))
  }
})

test('the executive summary says what was found, never a stock sentence (field.md 5.6.1)', async () => {
  const { executiveSummary, keyFindings } = await research()
  assert.not.match(executiveSummary, /research (?:is )?complete/i)
  const said = keyFindings.filter(one => executiveSummary.includes(one.statement.slice(0, 30)))
  assert.ok(said.length >= 2, executiveSummary)
  const nothing = await withTeam({}, async team => reportOf(await team.run('quantum chromodynamics')))
  assert.match(nothing.executiveSummary, 'hold no statement')
  assert.match(nothing.executiveSummary, 'quantum chromodynamics')
  assert.equal([nothing.keyFindings.length, nothing.findings.length], [0, 0])
})

test('audience changes what is written, not what was found', async () => {
  const [general, technical, executive] = await Promise.all(
    (['general', 'technical', 'executive'] as const).map(audience =>
      research({}, { audience, focusAreas: ['cleaning the lens'] }),
    ),
  )
  const ids = (report: typeof general) => report?.findings.map(one => one.id).sort()
  assert.equal(ids(general), ids(technical))
  assert.equal(ids(general), ids(executive))
  const texts = new Set([general, technical, executive].map(report => report?.fullReport))
  assert.is(texts.size, 3)
  const at = (title: string) => executive?.fullReport.indexOf(`## ${title}`) ?? -1
  assert.ok(at('Recommendations') > 0 && at('Recommendations') < at('Key findings'))
})

test('depth sets the number of questions, focus areas add one each', async () => {
  const count = async (how: ResearchOptions) => (await research({}, how)).metadata.totalSubtasks
  assert.ok((await count({ depth: 'quick' })) <= 3)
  assert.ok((await count({ depth: 'comprehensive' })) > (await count({ depth: 'quick' })))
  const focused = await research({}, { depth: 'quick', focusAreas: ['the fog horn', 'the keepers'] })
  assert.ok(focused.metadata.assignments.some(one => /fog horn/.test(one.question)))
  assert.ok(focused.findings.some(one => /horn/.test(one.statement)))
})

test('a memory needs a place: a team on a runtime without a data directory has to name one', async () => {
  await withTeam({ memory: true }, async team => {
    assert.is(await kindOf(team.run(TOPIC)), 'definition-invalid')
  })
})

test('adjustTeam adds agents that then work, and refuses the eleventh', () =>
  withTeam({ size: 5 }, async team => {
    const status = await team.adjustTeam({ addResearchers: 3 })
    assert.is(status.size, 8)
    assert.is(status.agents.filter(agent => agent.duties.includes('researchers')).length, 5)
    const { metadata } = reportOf(await team.run(TOPIC, { depth: 'comprehensive' }))
    const working = new Set(metadata.assignments.map(one => one.agent))
    assert.is(working.size, Math.min(5, metadata.totalSubtasks))
    assert.is(await kindOf(team.adjustTeam({ addAnalysts: 3 })), 'definition-invalid')
    assert.is(await kindOf(team.adjustTeam({ addWriters: -1 })), 'definition-invalid')
    assert.is(team.teamStatus().size, 8)
  }))

test('two adjustments at once cannot exceed ten together', () =>
  withTeam({ size: 8 }, async team => {
    const outcomes = await Promise.all([
      kindOf(team.adjustTeam({ addResearchers: 2 })),
      kindOf(team.adjustTeam({ addResearchers: 2 })),
    ])
    assert.equal(outcomes.sort(), ['definition-invalid', 'nothing'])
    assert.equal([team.teamStatus().size, team.teamStatus().agents.length], [10, 10])
  }))

test('two runs of one team at the same time do not mix', () =>
  withTeam({}, async team => {
    const [fog, keepers] = await Promise.all([
      team.run('fog horn', { depth: 'quick', runId: 'run-fog' }),
      team.run('keepers of a lighthouse', { depth: 'quick', runId: 'run-keepers' }),
    ])
    assert.equal([fog.runId, keepers.runId], ['run-fog', 'run-keepers'])
    assert.equal([reportOf(fog).topic, reportOf(keepers).topic], ['fog horn', 'keepers of a lighthouse'])
    const questions = reportOf(fog).metadata.assignments.map(one => one.question)
    for (const { action, detail } of reportOf(fog).reasoningTrace) {
      const { question } = (detail ?? {}) as { question?: string }
      if (action === 'reading' && question) assert.ok(questions.includes(question), question)
    }
    assert.is(team.teamStatus().runs, 2)
  }))

test('two teams share one runtime, and stopping one leaves the other working', async () => {
  const runtime = createRuntime()
  const options = { runtime, cwd: scene.cwd, sources: SOURCES, env: {} }
  const [a, b] = [new ResearchTeam({ ...options, size: 3 }), new ResearchTeam({ ...options, size: 7 })]
  await Promise.all([a.research(TOPIC, { depth: 'quick' }), b.research(TOPIC, { depth: 'quick' })])
  const members = () => runtime.actors().filter(actor => actor.supervisor?.startsWith('supervisor/team-'))
  assert.is(members().length, 10)
  await a.stop()
  assert.is(members().length, 7)
  assert.ok((await b.research(TOPIC, { depth: 'quick' })).findings.length > 0)
  await b.stop()
  assert.is(members().length, 0)
  assert.is(
    await kindOf(runtime.ask(runtime.actors()[0]?.address ?? ('x/y' as never), 'no.such')),
    'message-unhandled',
  )
  await runtime.stop()
})

test('stop ends runs under way as cancelled, stops its own runtime, and may be called again', async () => {
  const team = new ResearchTeam({ cwd: scene.cwd, sources: SOURCES, env: {}, model: countingModel(5_000) })
  const run = team.run(TOPIC)
  await new Promise<void>(resolve => {
    const unsubscribe = team.runtime.events.subscribe(event => {
      if (event.type !== 'effect.started' || event.name !== 'model') return
      unsubscribe()
      resolve()
    })
  })
  const began = performance.now()
  await team.stop()
  const { status, output } = await run
  assert.ok(performance.now() - began < 1_000)
  assert.equal([status, output], ['cancelled', null])
  await team.stop()
  assert.is(await kindOf(team.run(TOPIC)), 'runtime-stopped')
  assert.is(await kindOf(team.adjustTeam({ addWriters: 1 })), 'runtime-stopped')
  assert.equal(team.runtime.actors(), [])
})

test('stop before the first run, and stop of a team on a given runtime, leave nothing behind', async () => {
  await new ResearchTeam({ env: {} }).stop()
  const runtime = createRuntime()
  const before = runtime.actors().length
  const team = new ResearchTeam({ runtime, cwd: scene.cwd, sources: SOURCES, env: {} })
  assert.equal([team.teamStatus().agents.length, team.teamStatus().size], [0, 5])
  await team.research(TOPIC, { depth: 'quick' })
  await team.stop()
  assert.is(runtime.actors().length, before)
  assert.is(await kindOf(team.run(TOPIC)), 'runtime-stopped')
  await runtime.stop()
})

test('a team whose model cannot be used says so, and again when asked again', async () => {
  const team = new ResearchTeam({ model: 'openai:gpt-5-mini', env: {} })
  assert.is(await kindOf(team.run(TOPIC)), 'model-key-missing')
  assert.is(await kindOf(team.run(TOPIC)), 'model-key-missing')
  await team.stop()
})

test('the report tells its story: assignments, trace in order, times, composition', async () => {
  const { metadata, reasoningTrace } = await research({ size: 6 })
  assert.equal([metadata.model, metadata.depth, metadata.audience], [null, 'standard', 'general'])
  assert.is(new Date(metadata.timestamp).toISOString(), metadata.timestamp)
  assert.is(metadata.assignments.length, metadata.totalSubtasks)
  const times = reasoningTrace.map(entry => entry.atMs)
  assert.equal(
    times,
    [...times].sort((a, b) => a - b),
  )
  assert.ok(metadata.durationMs >= (times.at(-1) ?? 0))
  const first = (action: string) => reasoningTrace.findIndex(entry => entry.action === action)
  assert.ok(first('reading') < first('checking') && first('checking') < first('writing'))
})

test.run()
