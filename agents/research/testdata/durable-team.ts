/**
 * A process of its own for the tests of kill -9: `durable-team.ts DATA_DIR RUN_ID SOURCES_DIR MODEL_URL`. Runs the
 * research team with a journal on disk, or goes on with the run of that id, and prints how it ended.
 */
import { createRuntime } from '../../../runtime/create-runtime.ts'
import { ResearchTeam } from '../team.ts'
import { TOPIC } from './team-scene.ts'

const [dataDir = '', runId = '', cwd = '', url = ''] = process.argv.slice(2)

const runtime = createRuntime({ dataDir })
const team = new ResearchTeam({
  runtime,
  id: runId,
  run: runId,
  cwd,
  sources: ['*.md', '*.txt'],
  env: { OPENAI_BASE_URL: url },
  model: 'openai-compatible:main',
})
const run = await team.run(TOPIC, { depth: 'standard', runId })
process.stdout.write(`${JSON.stringify(run)}\n`)
await team.stop()
await runtime.stop()
