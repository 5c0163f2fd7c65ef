/**
 * A research team over your own documents: `npx tsx examples/research-team.ts "your question" docs/ notes.md`. Without a
 * model its report is made of sentences of the documents, each with the place where it stands.
 */
import { ResearchTeam } from 'agenticraft/workflows'

const [topic = 'How are schemas parsed?', ...sources] = process.argv.slice(2)

const team = new ResearchTeam({
  size: 5,
  sources: sources.length > 0 ? sources : ['node_modules/zod/README.md'],
  // model: 'anthropic:claude-sonnet-5', fallbackModel: 'openai:gpt-5-mini',
})
const report = await team.research(topic, { depth: 'quick', audience: 'technical' })

console.log(report.fullReport)
for (const { question, agent, findings } of report.metadata.assignments)
  console.error(`${agent}: ${findings} findings for "${question}"`)
await team.stop()
