import * as assert from 'uvu/assert'
import { atEveryCommit, type Life } from '../../runtime/testkit/lives.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ResearchRun } from './research-report.ts'
import { ResearchTeam } from './team.ts'
import { type CountingModel, countingModel, newScene, reportOf, TOPIC } from './testdata/team-scene.ts'

const test = testSuite('agents/research/team (killed at every few commits)', { limitMs: 60_000 })

const scene = newScene()
test.after(() => scene.remove())

interface TeamLife extends Life {
  readonly model: CountingModel | undefined
}

function lifeOf(model: CountingModel | undefined): TeamLife {
  return {
    behaviours: [],
    model,
    stepMs: 1,
    async program(runtime) {
      const team = new ResearchTeam({
        runtime,
        id: 't',
        run: 'r',
        cwd: scene.cwd,
        sources: ['*.md', '*.txt'],
        env: {},
        ...(model && { model }),
      })
      return team.run(TOPIC, { depth: 'quick', runId: 'r' })
    },
  }
}

/** What of a report must not depend on when its processes died: not how long it took, nor the trace of one of them. */
function lasting(outcome: unknown): unknown {
  const { metadata: _, reasoningTrace: __, ...report } = reportOf(outcome as ResearchRun)
  return JSON.parse(JSON.stringify(report))
}

// Not at each commit: the whole takes seconds.
for (const [name, modelOf, every] of [
  ['without a model', () => undefined, 2],
  ['with a model', () => countingModel(0), 3],
] as const)
  test(`comes to the same report ${name}, and asks for nothing twice that it knows`, async () => {
    let calm: unknown
    let calls = 0
    await atEveryCommit(
      () => lifeOf(modelOf()),
      (outcome, _, { model }) => {
        calm ??= lasting(outcome)
        assert.equal(lasting(outcome), calm)
        const requests = model?.requests.length ?? 0
        calls ||= requests
        const most = Math.max(0, ...Object.values(model?.most ?? {}))
        assert.ok(requests <= calls + most, `${requests} calls, ${calls} without a death, ${most} at once`)
      },
      { every },
    )
  })

test.run()
