/** OpenAI Agents SDK: `Runner.run` with a fake model, one function tool, a schema for the output, no tracing. */
import { z } from 'zod'
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { ADD_DESCRIPTION, answerText, INSTRUCTIONS, operands, question } from '../work.ts'

interface Item {
  readonly type?: string
  readonly content?: unknown
  readonly output?: unknown
}
interface ModelRequest {
  readonly input: string | readonly Item[]
}
interface Sdk {
  readonly Agent: new (options: Record<string, unknown>) => unknown
  readonly Runner: new (options: {
    tracingDisabled: boolean
  }) => {
    run(agent: unknown, input: string): Promise<{ finalOutput?: { answer: number } }>
  }
  readonly Usage: new (usage: Record<string, number>) => unknown
  tool(options: Record<string, unknown>): unknown
}

export async function agentTurn(): Promise<Measured> {
  const { Agent, Runner, Usage, tool } = await loadPeer<Sdk>('@openai/agents')
  const add = tool({
    name: 'add',
    description: ADD_DESCRIPTION,
    parameters: z.object({ a: z.number(), b: z.number() }),
    execute: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }),
  })
  const model = {
    async getResponse({ input }: ModelRequest) {
      const usage = new Usage({ requests: 1, inputTokens: 0, outputTokens: 0, totalTokens: 0 })
      return { usage, output: [nextItem(input)] }
    },
    getStreamedResponse(): never {
      throw new Error('not streamed here')
    },
  }
  const agent = new Agent({
    name: 'calculator',
    instructions: INSTRUCTIONS,
    model,
    tools: [add],
    outputType: z.object({ answer: z.number() }),
  })
  const runner = new Runner({ tracingDisabled: true })
  const turn = await timed(async n => {
    const { finalOutput } = await runner.run(agent, question(n))
    return finalOutput?.answer === n + 1 ? 1 : 0
  })
  return measured({ turn })
}

function nextItem(input: string | readonly Item[]): Record<string, unknown> {
  const last = typeof input === 'string' ? { content: input } : input.at(-1)
  if (last?.type === 'function_call_result') {
    const { sum } = JSON.parse((last.output as { text: string }).text) as { sum: number }
    const content = [{ type: 'output_text', text: answerText(sum) }]
    return { type: 'message', role: 'assistant', status: 'completed', content }
  }
  const args = JSON.stringify(operands(String(last?.content)))
  return { type: 'function_call', callId: 'call-1', name: 'add', status: 'completed', arguments: args }
}
