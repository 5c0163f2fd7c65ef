/**
 * What a supervisor does about trouble: it tries a failing model again, then lets another one take over. The
 * agent knows nothing of it; whoever watches sees every decision as an event.
 */
import { createRuntime, RuntimeError } from 'agenticraft'
import { defineAgent, defineSkill, spawnAgent } from 'agenticraft/agents'
import { scriptedModel } from 'agenticraft/testing'
import { z } from 'zod'

const writer = defineAgent({
  name: 'writer',
  description: 'Writes one line.',
  skills: {
    write: defineSkill({
      description: 'Write a line about something.',
      input: z.object({ about: z.string() }),
      output: z.object({ line: z.string() }),
      prompt: ({ about }) => ({ user: `One line about ${about}.` }),
    }),
  },
})

const down = () => ({ error: new RuntimeError('model-failed', 'the model is down') })
const first = scriptedModel(down, { id: 'scripted:first' })
const spare = scriptedModel([{ object: { line: 'The sea is wide.' } }], { id: 'scripted:spare' })

const runtime = createRuntime()
runtime.events.subscribe(event => {
  if (event.type === 'effect.retrying')
    console.log(
      `${event.reason}: attempt ${event.attempt} follows, ${JSON.stringify(event.remedy ?? 'as before')}`,
    )
})

const agent = await spawnAgent(runtime, writer, {
  model: first,
  fallbackModel: spare,
  policy: { retry: { attempts: 3, backoff: { kind: 'fixed', baseMs: 10, maxMs: 10 } } },
})
console.log(await agent.ask('write', { about: 'the sea' }))
console.log(`calls: ${first.calls.length} to the first model, ${spare.calls.length} to the spare one`)
await runtime.stop()
