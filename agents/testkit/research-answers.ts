/**
 * What a careful language model answers to the prompts of a research team, computed from the prompt alone:
 * questions from the topic, findings copied out of the passages, a report of the findings. For tests of the
 * whole team, with a scripted model or behind `model-server.ts`; it is never offered to users.
 */

interface Passage {
  readonly source: string
  readonly text: string
}

export interface AnsweredFinding {
  readonly statement: string
  readonly relevance: number
  readonly quotes: readonly { readonly source: string; readonly quote: string }[]
}

/** The passages of a researcher's prompt. */
const passagesIn = (prompt: string): readonly Passage[] =>
  [...prompt.matchAll(/<passage n="\d+" source=("(?:[^"\\]|\\.)*") under=.*>\n([\s\S]*?)\n<\/passage>/g)].map(
    ([, source = '""', text = '']) => ({ source: JSON.parse(source) as string, text }),
  )

/** Ids and statements of the findings in a writer's prompt. */
const findingsIn = (prompt: string): readonly { readonly id: string; readonly statement: string }[] =>
  [...prompt.matchAll(/^- \[([^\]]+)\] \([^)]*\) (.+)$/gm)].map(([, id = '', statement = '']) => ({
    id,
    statement,
  }))

/** The object for the schema called `name` (`plan`, `research`, `write`). Throws for another. */
export function researchAnswer(name: string | undefined, prompt: string): object {
  switch (name) {
    case 'plan':
      return planned(prompt)
    case 'research':
      return { findings: found(prompt) }
    case 'write':
      return written(prompt)
    default:
      throw new Error(`nobody asks a research team for "${name}"`)
  }
}

function planned(prompt: string): object {
  const topic = /^Topic: (.*)$/m.exec(prompt)?.[1] ?? ''
  const count = Number(/^Write (\d+) questions/m.exec(prompt)?.[1] ?? 3)
  const focus = /^Focus areas, one question each: (.*)$/m.exec(prompt)?.[1]?.split('; ') ?? []
  const asked = Array.from({ length: count }, (_, i) => ({
    question: `${topic} (part ${i + 1})`,
    terms: [topic],
  }))
  return {
    subtasks: [...asked, ...focus.map(one => ({ question: `${one}: ${topic}`, terms: [one], focus: one }))],
  }
}

/** The first sentence of each passage, as it stands there. */
function found(prompt: string): readonly AnsweredFinding[] {
  const limit = Number(/^Give at most (\d+) findings/m.exec(prompt)?.[1] ?? 4)
  if (prompt.includes('There are no passages.')) {
    return [{ statement: 'This is what the model remembers.', relevance: 0.5, quotes: [] }]
  }
  return passagesIn(prompt)
    .flatMap(({ source, text }) => {
      const quote = /[A-Z][^.!?`|<>[\]]{20,300}[.!?](?=\s|$)/.exec(text)?.[0]
      return quote === undefined ? [] : [{ source, quote }]
    })
    .slice(0, limit)
    .map(quote => ({ statement: quote.quote.replaceAll(/\s+/g, ' '), relevance: 0.8, quotes: [quote] }))
}

function written(prompt: string): object {
  const findings = findingsIn(prompt)
  const paragraphs = findings.map(({ id, statement }) => ({ text: statement, findings: [id] }))
  return {
    executiveSummary: paragraphs.slice(0, 2),
    sections: paragraphs.length === 0 ? [] : [{ title: 'What was found', paragraphs }],
    recommendations: paragraphs.slice(0, 1),
  }
}
