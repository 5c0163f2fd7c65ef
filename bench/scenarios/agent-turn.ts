/** What the runtime around a language model costs, when the model itself costs nothing. */
import type { Scenario } from '../scenario.ts'

export const agentTurn: Scenario = {
  name: 'agent-turn',
  summary:
    'one task of an agent: two model turns that answer at once and one tool call, output held to a schema',
  rounds: 5,
  metrics: [{ name: 'turn', unit: 'µs per task', better: 'lower' }],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/agent-turn.ts')).agentTurn,
  },
  peers: [
    {
      name: 'OpenAI Agents JS',
      package: '@openai/agents',
      load: async () => (await import('../peers/openai-agents.ts')).agentTurn,
    },
    {
      name: 'LangGraph.js',
      package: '@langchain/langgraph',
      load: async () => (await import('../peers/langgraph.ts')).agentTurn,
    },
  ],
}
