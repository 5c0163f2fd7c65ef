/**
 * The numbered citations of a report: the same quote always has the same number, numbers follow the order of
 * first use. Called while a report is composed, then asked for the list of sources.
 */
import type { Citation, Document, Finding } from './document.ts'

/** The text is optional; with it a reference names the line. */
export type SourceText = Pick<Document, 'source' | 'title'> & Partial<Pick<Document, 'text'>>

export interface References {
  /** " [1][2]" for the citations of a finding, numbering those not seen before. */
  mark(finding: Finding): string
  /** The numbered list, one Markdown line per reference; empty when nothing was cited. */
  list(sources: readonly SourceText[]): string[]
}

/** More citations behind one sentence are noise. */
const MOST_MARKS = 4

export function createReferences(): References {
  const numbers = new Map<string, { readonly number: number; readonly citation: Citation }>()
  const numberOf = (citation: Citation): number => {
    const key = `${citation.source}\0${citation.start}\0${citation.end}`
    const known = numbers.get(key)
    if (known !== undefined) return known.number
    numbers.set(key, { number: numbers.size + 1, citation })
    return numbers.size
  }
  return {
    mark: ({ citations }) => {
      const marks = [...new Set(citations.slice(0, MOST_MARKS).map(numberOf))]
      return marks.length === 0 ? '' : ` ${marks.map(number => `[${number}]`).join('')}`
    },
    list: sources => {
      const bySource = new Map(sources.map(source => [source.source, source]))
      return [...numbers.values()].map(({ number, citation }) =>
        line(number, citation, bySource.get(citation.source)),
      )
    },
  }
}

function line(number: number, { source, quote, start }: Citation, known: SourceText | undefined): string {
  const at = known?.text === undefined ? '' : `:${lineNumber(known.text, start)}`
  const title =
    known !== undefined && known.title !== '' && known.title !== source ? ` (${safe(known.title)})` : ''
  return `- [${number}] ${source}${at}${title}: “${safe(quote)}”`
}

const lineNumber = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** On one line, and without tags that a Markdown viewer would obey. */
const safe = (text: string): string =>
  text
    .replace(/\s+(?:>\s+)*/g, ' ')
    .replace(/<(?=[a-zA-Z/!])/g, '&lt;')
    // A picture would be loaded by whoever opens the report.
    .replaceAll('![', '\\![')
    .trim()
