/** What a workflow engine adds to each step. */
import type { Scenario } from '../scenario.ts'

export const workflowSteps: Scenario = {
  name: 'workflow-steps',
  summary: 'ten steps one after the other, each adds one; ours asks an agent and commits every step',
  rounds: 5,
  metrics: [{ name: 'step', unit: 'µs per step', better: 'lower' }],
  ours: {
    name: 'AgentiCraft',
    package: 'agenticraft',
    load: async () => (await import('../ours/workflow-steps.ts')).workflowSteps,
  },
  peers: [
    {
      name: 'LangGraph.js',
      package: '@langchain/langgraph',
      load: async () => (await import('../peers/langgraph.ts')).workflowSteps,
    },
    {
      name: 'LangGraph.js with MemorySaver',
      package: '@langchain/langgraph',
      load: async () => (await import('../peers/langgraph.ts')).workflowStepsWithMemory,
    },
    {
      name: 'Mastra',
      package: '@mastra/core',
      load: async () => (await import('../peers/mastra.ts')).workflowSteps,
    },
  ],
}
