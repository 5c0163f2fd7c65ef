/**
 * A few short documents and the simplest corpus over them, for the tests of the extractive analysis: a
 * passage is a block between blank lines, a search counts shared stems. It ranks far worse than the real one.
 */
import type { Document, Finding, Passage, RankedPassage } from '../document.ts'
import type { SearchableCorpus } from '../key-terms.ts'
import { terms } from '../tokens.ts'

export const document = (source: string, text: string): Document => ({
  source,
  title: source,
  text,
  format: 'markdown',
})

export function corpusOf(documents: readonly Document[]): SearchableCorpus {
  const passages = documents.flatMap(passagesOf)
  const indexed = passages.map(passage => ({
    passage,
    stems: new Set(terms(`${passage.headings.join(' ')} ${passage.text}`)),
  }))
  return {
    documents,
    passages,
    search: (query, { limit = 20 } = {}) => {
      const wanted = [...new Set(terms(query))]
      const ranked = indexed.map(
        ({ passage, stems }): RankedPassage => ({
          ...passage,
          score: wanted.filter(stem => stems.has(stem)).length,
        }),
      )
      return ranked
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score)
        .slice(0, limit)
    },
  }
}

function passagesOf({ source, text }: Document): Passage[] {
  const headings: string[] = []
  const passages: Passage[] = []
  for (const { index, 0: block } of text.matchAll(/\S[\s\S]*?(?=\n\s*\n|\s*$)/g)) {
    const heading = /^(#+) (.*)$/.exec(block)
    if (heading !== null) headings.splice((heading[1] ?? '').length - 1, 9, heading[2] ?? '')
    else
      passages.push({ source, start: index, end: index + block.length, text: block, headings: [...headings] })
  }
  return passages
}

/** A finding whose quote is its statement. */
export const findingOf = (statement: string, source = 'a.md', more: Partial<Finding> = {}): Finding => ({
  id: `${source}:${statement}`,
  statement,
  subtask: 'subtask-1',
  citations: [{ source, quote: statement, start: 0, end: statement.length }],
  relevance: 0.5,
  verdict: 'checked',
  ...more,
})

export const CLIENT = document(
  'client.md',
  `# Broker client

[![build](https://example.org/badge.svg)](https://example.org)

The broker client keeps one connection and shares it between all subscriptions.

## Reconnecting

When the connection is lost, the client will **reconnect** to the next server in its
list. It waits two seconds between attempts by default. The \`reconnectDelay\` option
changes how long the client waits before it reconnects.

- Set \`maxAttempts\` to limit how often the client tries to reconnect.
- Reconnecting

> The client keeps a pending buffer while it reconnects, so that no published
> message is lost during a short outage.

\`\`\`js
client.reconnect() // The client must never reconnect here.
\`\`\`

## Draining

Draining a subscription stops new messages and lets the handler finish the pending messages.
You should [drain](https://example.org/drain) a connection before you close it. How do clients drain?

| option | default |
| --- | --- |
| drainTimeout | The client drains for 30 seconds. |

## Closing

Closing a connection rejects all pending requests. The \`closed()\` promise resolves when the client has closed its connection.

## License

The client is licensed under terms that let you reconnect, drain and close as you like.
`,
)

export const SERVER = document(
  'server.md',
  `# Broker server

## Clients that reconnect

When the connection is lost, the client will reconnect to the next server in its list.
The server keeps the pending buffer of a client for one minute after it has lost the connection.

## Shutdown

The server enters drain mode before it closes, and clients drain their pending messages.
After the drain mode the server closes the connection of every client that is left.
`,
)

export const TOPIC = 'How do clients reconnect, drain and close?'
export const CORPUS = corpusOf([CLIENT, SERVER])
