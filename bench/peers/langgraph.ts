/** LangGraph.js: its prebuilt agent with a fake chat model, and a graph of ten nodes with and without memory. */
import { z } from 'zod'
import { loadPeer } from '../peer-packages.ts'
import type { Measured } from '../scenario.ts'
import { measured, timed } from '../timing.ts'
import { ADD_DESCRIPTION, answerText, INSTRUCTIONS, operands, question, STEPS } from '../work.ts'

interface Message {
  readonly content: unknown
  getType(): string
}
interface ChatModel {
  bindTools(tools: readonly unknown[]): unknown
}
interface Messages {
  readonly AIMessage: new (fields: Record<string, unknown>) => Message
}
interface Chat {
  readonly BaseChatModel: new (fields: Record<string, unknown>) => object
}
interface Compiled<State> {
  invoke(input: State, config?: Record<string, unknown>): Promise<State>
}
interface Prebuilt {
  createReactAgent(options: Record<string, unknown>): Compiled<{ messages: readonly unknown[] }>
}
interface Graph {
  addNode(name: string, node: (state: { n: number }) => { n: number }): Graph
  addEdge(from: string, to: string): Graph
  compile(options?: Record<string, unknown>): Compiled<{ n: number }>
}
interface LangGraph {
  readonly StateGraph: new (state: unknown) => Graph
  readonly MemorySaver: new () => { deleteThread(id: string): Promise<void> }
  readonly START: string
  readonly END: string
  Annotation: { Root(spec: Record<string, unknown>): unknown } & (() => unknown)
}

const output = z.object({ answer: z.number() })

export async function agentTurn(): Promise<Measured> {
  const { createReactAgent } = await loadPeer<Prebuilt>('@langchain/langgraph/prebuilt')
  const { tool } = await loadPeer<{
    tool(run: (input: { a: number; b: number }) => unknown, fields: Record<string, unknown>): unknown
  }>('@langchain/core/tools')
  const add = tool(({ a, b }) => JSON.stringify({ sum: a + b }), {
    name: 'add',
    description: ADD_DESCRIPTION,
    schema: z.object({ a: z.number(), b: z.number() }),
  })
  const agent = createReactAgent({ llm: await fakeChatModel(), tools: [add], prompt: INSTRUCTIONS })
  const turn = await timed(async n => {
    const { messages } = await agent.invoke({ messages: [{ role: 'user', content: question(n) }] })
    const last = messages.at(-1) as Message
    return output.parse(JSON.parse(String(last.content))).answer === n + 1 ? 1 : 0
  })
  return measured({ turn })
}

async function fakeChatModel(): Promise<ChatModel> {
  const { BaseChatModel } = await loadPeer<Chat>('@langchain/core/language_models/chat_models')
  const { AIMessage } = await loadPeer<Messages>('@langchain/core/messages')
  const answer = (messages: readonly Message[]): Message => {
    const last = messages.at(-1) as Message
    if (last.getType() === 'tool') {
      const { sum } = JSON.parse(String(last.content)) as { sum: number }
      return new AIMessage({ content: answerText(sum) })
    }
    const call = { id: 'call-1', name: 'add', args: operands(String(last.content)), type: 'tool_call' }
    return new AIMessage({ content: '', tool_calls: [call] })
  }
  class FakeChatModel extends BaseChatModel implements ChatModel {
    _llmType(): string {
      return 'fake'
    }
    bindTools(): this {
      return this
    }
    async _generate(messages: readonly Message[]) {
      const message = answer(messages)
      return { generations: [{ text: String(message.content), message }] }
    }
  }
  return new FakeChatModel({})
}

/** A graph of ten nodes in a row, each adding one. */
export async function countingGraph(): Promise<Graph> {
  const { StateGraph, START, END, Annotation } = await loadPeer<LangGraph>('@langchain/langgraph')
  const name = (i: number): string => (i === 0 ? START : i > STEPS ? END : `step-${i}`)
  let graph = new StateGraph(Annotation.Root({ n: Annotation() }))
  for (let i = 1; i <= STEPS; i++) graph = graph.addNode(name(i), ({ n }) => ({ n: n + 1 }))
  for (let i = 0; i <= STEPS; i++) graph = graph.addEdge(name(i), name(i + 1))
  return graph
}

async function tenNodes(withMemory: boolean): Promise<Measured> {
  const { MemorySaver } = await loadPeer<LangGraph>('@langchain/langgraph')
  const graph = await countingGraph()
  const memory = withMemory ? new MemorySaver() : undefined
  const app = graph.compile(memory && { checkpointer: memory })
  const step = await timed(
    async run => {
      const thread = `run-${run}`
      const { n } = await app.invoke({ n: run }, memory && { configurable: { thread_id: thread } })
      // As our own runs are forgotten when they end; else its memory would grow without end and slow it down.
      await memory?.deleteThread(thread)
      return n === run + STEPS ? STEPS : 0
    },
    { size: STEPS },
  )
  return measured({ step })
}

export const workflowSteps = (): Promise<Measured> => tenNodes(false)
export const workflowStepsWithMemory = (): Promise<Measured> => tenNodes(true)
