/** A process of its own: an agent with a memory works through numbered tasks in a data directory, and says so. */
import { z } from 'zod'
import { createRuntime } from '../../../runtime/create-runtime.ts'
import { defineAgent } from '../../define-agent.ts'
import { defineSkill } from '../../skill.ts'
import { spawnAgent } from '../../spawn-agent.ts'

const clerk = defineAgent({
  name: 'clerk',
  description: 'notes',
  skills: {
    note: defineSkill({
      description: 'notes a number',
      input: z.object({ text: z.string() }),
      output: z.object({ noted: z.string() }),
      extract: ({ text }) => ({ noted: `noted: ${text}` }),
    }),
  },
})

const [dataDir = '', tasks = '0'] = process.argv.slice(2)
const runtime = createRuntime({ dataDir })
const { ask } = await spawnAgent(runtime, clerk, { id: 'one', memory: { recent: 2, limit: 2 } })
for (let i = 0; i < Number(tasks); i++) {
  await ask('note', { text: `number ${i}` }, { key: `task-${i}` })
  process.stdout.write(`done ${i}\n`)
}
await runtime.stop()
process.stdout.write('over\n')
