/** A folder of short documents on one subject, a slow model that counts, and a team over both: for tests of teams. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_USAGE } from '../../../actors/events.ts'
import type { Model, ModelRequest } from '../../models/model.ts'
import { researchAnswer } from '../../testkit/research-answers.ts'
import type { ResearchReport, ResearchRun } from '../research-report.ts'

export const TOPIC = 'How does a lighthouse warn ships?'

const DOCUMENTS = {
  'lamp.md': `# The lamp of a lighthouse

A lighthouse warns ships with a lamp that can be seen from a distance of 20 nautical miles.
The lamp of a lighthouse stands in a lens that bundles its light into a beam.

## Lens

A Fresnel lens bends the light of the lamp with rings of glass, so that it needs far less glass than a solid lens.
Keepers should clean the lens of the lamp every day, because salt makes it blind.
`,
  'signals.md': `# Signals

Each lighthouse has a rhythm of light and dark by which ships recognise it at night.
The rhythm of a lighthouse is written in the list of lights, so a navigator can tell two lighthouses apart.

## Fog

In fog a lighthouse warns ships with a horn, because its light does not reach them.
The fog horn sounds once every 30 seconds. It can be heard from 3 nautical miles away.
`,
  'keepers.txt': `Keepers lived in the lighthouse and wound the clockwork that turned its lens.
Today most lighthouses warn ships without a keeper, because their lamps are switched on by a light sensor.
A lighthouse without a keeper reports a failed lamp by radio to the coast guard.
`,
} as const

export interface Scene {
  readonly cwd: string
  /** Text of every source by its name. */
  readonly texts: Readonly<Record<string, string>>
  remove(): void
}

/** A new temporary folder with the documents, or with `files`. */
export function newScene(files: Readonly<Record<string, string>> = DOCUMENTS): Scene {
  const cwd = mkdtempSync(join(tmpdir(), 'agenticraft-team-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return { cwd, texts: files, remove: () => rmSync(cwd, { recursive: true }) }
}

export const promptOf = ({ messages }: ModelRequest): string => {
  const user = messages.find(message => message.role === 'user')
  return user?.role === 'user' ? user.text : ''
}

export interface CountingModel extends Model {
  /** The most calls that were under way at once, by schema name. */
  readonly most: Readonly<Record<string, number>>
  readonly requests: readonly ModelRequest[]
}

/** Answers as the prompt allows, after `ms`; `change` may say something else instead. */
export function countingModel(
  ms: number,
  change: (request: ModelRequest, answer: object) => object = (_, answer) => answer,
): CountingModel {
  const most: Record<string, number> = {}
  const now: Record<string, number> = {}
  const requests: ModelRequest[] = []
  return {
    id: 'test:counting',
    most,
    requests,
    async generate(request, { signal }) {
      const name = request.schemaName ?? ''
      requests.push(request)
      now[name] = (now[name] ?? 0) + 1
      most[name] = Math.max(most[name] ?? 0, now[name])
      try {
        await sleep(ms, undefined, { signal })
      } finally {
        now[name]--
      }
      const text = JSON.stringify(change(request, researchAnswer(name, promptOf(request))))
      const usage = { ...NO_USAGE, modelCalls: 1, inputTokens: 10, outputTokens: 5 }
      return { text, toolCalls: [], finish: 'stop', usage, model: 'test:counting' }
    },
  }
}

/** The report of a run that ended well; throws with what went wrong otherwise. */
export function reportOf(run: ResearchRun): ResearchReport {
  if (run.status === 'done') return run.output
  throw new Error(`the run ended as ${run.status}: ${JSON.stringify(run.error ?? run.problems)}`)
}
