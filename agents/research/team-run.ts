/** The research team as the command line runs it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RuntimeError } from '../../actors/errors.ts'
import type { RunnableWorkflow } from '../workflow/runnable.ts'
import { researchTeam } from '../workflows/research-team.ts'
import { researchInput } from './exchange.ts'
import type { ResearchReport } from './research-report.ts'
import { type ResearchOptions, ResearchTeam } from './team.ts'
import { replayBehaviours, replayedReport } from './team-replay.ts'
import { LARGEST, SMALLEST } from './team-seats.ts'

/** Where sources are looked for when none are named. */
const DEFAULT_SOURCES = 'sources'

export const researchTeamRun: RunnableWorkflow = {
  name: researchTeam.name,
  description: researchTeam.description,
  input: researchInput,
  async run(input, { runtime, cwd, env, signal, runId, size, model, memory, decisions }) {
    const {
      topic,
      sources = [],
      ...options
    } = input as { topic: string; sources?: readonly string[] } & ResearchOptions
    if (size !== undefined && (size < SMALLEST || size > LARGEST)) {
      throw new RuntimeError('input-invalid', `a research team of ${size} is not possible`, {
        fix: `choose a whole number from ${SMALLEST} to ${LARGEST}`,
      })
    }
    const found = sources.length > 0 || !existsSync(join(cwd, DEFAULT_SOURCES)) ? sources : [DEFAULT_SOURCES]
    const team = new ResearchTeam({
      runtime,
      id: runId,
      run: runId,
      cwd,
      env,
      sources: found,
      ...(size !== undefined && { size }),
      ...(model && { model }),
      ...(memory !== undefined && { memory: { namespace: memory } }),
    })
    try {
      return await team.run(topic, { ...options, signal, runId, ...(decisions && { decisions }) })
    } finally {
      await team.stop()
    }
  },
  behaviours: replayBehaviours,
  replayed: replayedReport,
  render: output => (output as ResearchReport).fullReport,
}
