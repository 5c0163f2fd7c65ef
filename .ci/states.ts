/**
 * The machines that `docs/states.md` draws, and the page with its diagrams made anew. The test compares, and
 * `draw-states.ts` writes. The text around the diagrams is left as it is.
 */
import { toMermaid } from '../actors/mermaid.ts'
import { supervisorBehaviour } from '../actors/supervisor.ts'
import { agentBehaviour } from '../agents/agent-behaviour.ts'
import { coordinator } from '../agents/coordinator.ts'
import { memoryBehaviour } from '../agents/memory/memory-actor.ts'
import { workflowMachine } from '../agents/workflow/compile.ts'
import { researchTeam } from '../agents/workflows/research-team.ts'

/** Drawing runs no effect, so the agent needs no models to be drawn. */
const NO_MODELS = {
  use: () => Promise.reject(new Error('a diagram has no models')),
  generate: () => Promise.reject(new Error('a diagram has no models')),
}

const never = (): never => {
  throw new Error('a diagram has no memory')
}
const WITH_MEMORY = {
  ...{ limit: 1, recent: 1, maxTokens: 1, timeoutMs: 1, trust: 'untrusted', space: never },
  ...{ remember: true, required: false, tools: false },
} as const
const NO_STORE = { id: 'main', open: never, now: () => 0, maxWaiting: 1 }

/** Heading of the page to the diagram below it. */
export const diagrams = (): Readonly<Record<string, string>> => ({
  Supervisor: toMermaid(supervisorBehaviour().machine),
  Agent: toMermaid(agentBehaviour(coordinator, { models: NO_MODELS, now: () => 0 }).machine),
  'Agent with a memory': toMermaid(
    agentBehaviour(coordinator, { models: NO_MODELS, now: () => 0, memory: WITH_MEMORY }).machine,
  ),
  Memory: toMermaid(memoryBehaviour(NO_STORE).machine),
  Workflow: toMermaid(workflowMachine(researchTeam)),
})

/** `page` with the diagram under each `## ` heading replaced. Throws for a heading without a machine, and vice versa. */
export function redrawn(page: string, drawn = diagrams()): string {
  const parts = page.split(/^(?=## )/m)
  const sections = parts.filter(part => part.startsWith('## '))
  const headings = sections.map(section => /^## (.*)/.exec(section)?.[1]?.trim() ?? '')
  if (headings.join() !== Object.keys(drawn).join())
    throw new Error(`the headings are ${headings.join(', ')}; the machines ${Object.keys(drawn).join(', ')}`)
  const anew = sections.map((section, i) =>
    section.replace(/^```mermaid\n.*?^```$/ms, () => `\`\`\`mermaid\n${drawn[headings[i] ?? '']}\n\`\`\``),
  )
  return [...parts.slice(0, parts.length - sections.length), ...anew].join('')
}
