import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Clock } from '../../actors/clock.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import { systemHost } from '../../runtime/host.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ResearchReport } from './research-report.ts'
import { type ResearchOptions, ResearchTeam, type ResearchTeamOptions } from './team.ts'
import { newScene, reportOf, TOPIC } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team-with-memory', { limitMs: 60_000 })

const scene = newScene()
const folders: string[] = []
test.after(() => {
  scene.remove()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agenticraft-team-memory-'))
  folders.push(folder)
  return folder
}

const DAY = 86_400_000
/** The days of these tests, far from now, so that what is stored can only have come from the runtime's clock. */
const FIRST_DAY = Date.UTC(2031, 4, 5, 9)

/** One life of a process: a runtime on `dataDir`, one team, one question, the end. */
async function life(
  dataDir: string,
  topic: string,
  at: number,
  options: ResearchTeamOptions = {},
  how: ResearchOptions = {},
): Promise<ResearchReport> {
  const runtime = createRuntime({ dataDir, host: { clock: clockAt(at) } })
  const team = new ResearchTeam({
    runtime,
    cwd: scene.cwd,
    env: {},
    memory: true,
    sources: ['*.md', '*.txt'],
    ...options,
  })
  try {
    return reportOf(await team.run(topic, how))
  } finally {
    await team.stop()
    await runtime.stop()
  }
}

/** Real time, moved to another day. */
function clockAt(at: number): Clock {
  const real = systemHost().clock
  const moved = at - real.now()
  return { now: () => real.now() + moved, at: (due, fire) => real.at(due - moved, fire) }
}

const WAGES = `# Wages of keepers

The wages of a keeper of a lighthouse were 600 dollars a year.
An assistant keeper earned wages of 400 dollars a year for warning ships at night.
`

const researched = (report: ResearchReport): number =>
  report.reasoningTrace.filter(
    one => one.action === 'reading' && (one.detail as { question?: string }).question,
  ).length

test('a second run, a restart later, reuses what the first found and researches only what is new', async () => {
  const dataDir = newFolder()
  const first = await life(dataDir, TOPIC, FIRST_DAY)
  assert.equal([first.metadata.memory?.known, first.metadata.memory?.continues], [0, undefined])
  assert.ok((first.metadata.memory?.remembered ?? 0) > 3)

  writeFileSync(join(scene.cwd, 'wages.md'), WAGES)
  const request = 'Continue our analysis of how a lighthouse warns ships, focusing on wages'
  const second = await life(dataDir, request, FIRST_DAY + DAY)
  rmSync(join(scene.cwd, 'wages.md'))
  const { memory } = second.metadata
  assert.is(second.metadata.memory?.continues?.topic, TOPIC)
  assert.ok((memory?.known ?? 0) > 0)
  assert.ok((memory?.fresh ?? 0) > 0)
  assert.ok(researched(second) < researched(first), `${researched(second)} against ${researched(first)}`)
  const recalled = second.reasoningTrace.find(one => one.action === 'recalling')
  assert.ok(recalled)
  const fresh = second.findings.filter(one => !one.memory)
  assert.ok(fresh.some(one => one.citations.some(({ source }) => source === 'wages.md')))
  const known = second.findings.filter(one => one.memory)
  for (const one of known) {
    assert.is(new Date(one.memory?.at ?? 0).toISOString().slice(0, 10), '2031-05-05')
    assert.ok(first.findings.some(({ statement }) => statement === one.statement))
    for (const { source, quote, start, end } of one.citations)
      assert.is(scene.texts[source]?.slice(start, end), quote)
  }
  assert.match(second.fullReport, 'known since 2031-05-05')
  assert.match(second.fullReport, 'What was known and what is new')
  const [, ...counted] =
    /(\d+) findings? (?:is|are) from memory, .*?\. (\d+) new\./.exec(second.fullReport) ?? []
  assert.equal(counted.map(Number), [memory?.known, memory?.fresh])
  assert.is((memory?.known ?? 0) + (memory?.fresh ?? 0), second.findings.length)
})

test('"continue" with the time of the earlier run, and nothing else, finds it and its sources', async () => {
  const dataDir = newFolder()
  await life(dataDir, TOPIC, FIRST_DAY)
  const report = await life(dataDir, 'Continue our research from yesterday', FIRST_DAY + DAY, { sources: [] })
  assert.is(report.metadata.memory?.continues?.topic, TOPIC)
  assert.equal(report.metadata.sources, ['*.md', '*.txt'])
})

test('what is older than it may be is researched again, and the report counts it', async () => {
  const dataDir = newFolder()
  const first = await life(dataDir, TOPIC, FIRST_DAY)
  const memory = { maxAgeMs: DAY }
  const second = await life(dataDir, TOPIC, FIRST_DAY + 3 * DAY, { memory })
  assert.is(second.metadata.memory?.known, 0)
  assert.is(second.metadata.memory?.outdated, first.metadata.memory?.remembered)
  assert.is(researched(second), researched(first))
})

test('a finding whose quote is not in its source any more is not used', async () => {
  const own = newScene()
  const dataDir = newFolder()
  const options = { cwd: own.cwd }
  const first = await life(dataDir, TOPIC, FIRST_DAY, options)
  writeFileSync(
    join(own.cwd, 'lamp.md'),
    'A lighthouse warns ships with a laser. Nothing else was kept here.\n',
  )
  const second = await life(dataDir, TOPIC, FIRST_DAY + 1_000, options)
  own.remove()
  const gone = first.findings.filter(one => one.citations.every(({ source }) => source === 'lamp.md'))
  assert.ok(gone.length > 0)
  assert.ok((second.metadata.memory?.changed ?? 0) >= gone.length)
  for (const { statement } of gone) assert.not(second.findings.some(one => one.statement === statement))
})

test('a request to continue what was never researched says so, and researches it', async () => {
  const report = await life(newFolder(), 'Continue our analysis of lighthouse lamps', FIRST_DAY)
  assert.is(report.metadata.memory?.continues, null)
  assert.ok(report.findings.length > 0)
})

test('teams of other namespaces know nothing of each other', async () => {
  const dataDir = newFolder()
  await life(dataDir, TOPIC, FIRST_DAY, { memory: { namespace: 'one' } })
  const other = await life(dataDir, TOPIC, FIRST_DAY + 1, { memory: { namespace: 'two' } })
  assert.is(other.metadata.memory?.known, 0)
})

test.run()
