/**
 * Every quote against its source, every number and name against its quotes. Called after findings were
 * extracted or written by a model, before anything is reported. It trusts no offset and no quote; it judges
 * what is written, not whether the source is right.
 */
import type { Citation, Finding } from './document.ts'
import { namesIn, quantitiesOf } from './polarity.ts'
import { readable } from './readable.ts'

export interface FactProblem {
  readonly finding: string
  readonly kind: 'moved' | 'not-in-source' | 'source-unknown' | 'no-citation' | 'not-in-quotes'
  /** A sentence for people, with the offending value. */
  readonly text: string
}

export interface FactCheck {
  /** With their verdicts: `checked` or `unsupported`. */
  readonly findings: readonly Finding[]
  /** Findings left without a citation (mode `drop`), as they were given. */
  readonly dropped: readonly Finding[]
  readonly problems: readonly FactProblem[]
}

export interface FactCheckOptions {
  /** What becomes of a finding without a true citation: left out, or kept as `unsupported`. Default `drop`. */
  readonly mode?: 'drop' | 'mark'
}

/** A quote of more words is compared to the letter only. */
const MOST_QUOTED_WORDS = 400

/**
 * Checks `findings` against the texts that `lookup` gives for their sources. A quote found elsewhere in its
 * source (also with other white space) is re-anchored and made literal again; one that is not there loses
 * its citation. Numbers and names in a statement that none of its quotes holds make it `unsupported`.
 */
export function checkFindings(
  findings: readonly Finding[],
  lookup: (source: string) => string | undefined,
  { mode = 'drop' }: FactCheckOptions = {},
): FactCheck {
  const problems: FactProblem[] = []
  const dropped: Finding[] = []
  const kept = findings.flatMap(finding => {
    const report = (kind: FactProblem['kind'], text: string) =>
      problems.push({ finding: finding.id, kind, text })
    const citations = finding.citations.flatMap(citation => anchored(citation, lookup, report) ?? [])
    if (citations.length > 0) return [judged({ ...finding, citations }, report)]
    report('no-citation', `nothing supports "${excerpt(finding.statement)}"`)
    if (mode === 'mark') return [{ ...finding, citations, verdict: 'unsupported' as const }]
    dropped.push(finding)
    return []
  })
  return { findings: kept, dropped, problems }
}

type Report = (kind: FactProblem['kind'], text: string) => void

function anchored(
  citation: Citation,
  lookup: (source: string) => string | undefined,
  report: Report,
): Citation | undefined {
  const { source, quote, start, end } = citation
  const text = lookup(source)
  if (text === undefined) {
    report('source-unknown', `the source "${source}" is not among the documents`)
    return undefined
  }
  if (quote.trim() !== '' && text.slice(start, end) === quote && end - start === quote.length) return citation
  const place = nearest(text, quote, start)
  if (place === undefined) {
    report('not-in-source', `"${excerpt(quote)}" does not occur in "${source}"`)
    return undefined
  }
  report('moved', `"${excerpt(quote)}" is at ${place.start} in "${source}", not at ${start}`)
  return { source, quote: text.slice(place.start, place.end), ...place }
}

/** The occurrence of `quote` closest to where it was said to be, to the letter or else word by word. */
function nearest(text: string, quote: string, start: number): { start: number; end: number } | undefined {
  if (quote.trim() === '') return undefined
  let best: number | undefined
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + quote.length)) {
    if (best === undefined || Math.abs(at - start) < Math.abs(best - start)) best = at
  }
  if (best !== undefined) return { start: best, end: best + quote.length }
  const words = quote.trim().split(/\s+/)
  if (words.length > MOST_QUOTED_WORDS) return undefined
  const loose = new RegExp(
    words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+(?:>\\s*)*'),
    'u',
  )
  const found = loose.exec(text)
  return found === null ? undefined : { start: found.index, end: found.index + found[0].length }
}

function judged(finding: Finding, report: Report): Finding {
  const missing = unsupportedWords(finding)
  if (missing.length === 0) return { ...finding, verdict: 'checked' }
  report('not-in-quotes', `its quotes do not hold ${missing.map(word => `"${word}"`).join(', ')}`)
  return { ...finding, verdict: 'unsupported' }
}

function unsupportedWords({ statement, citations }: Finding): string[] {
  const quotes = citations.map(({ quote }) => `${quote}\n${readable(quote)}`).join('\n')
  const numbers = new Set(numbersIn(quotes))
  const held = quantitiesOf(quotes)
  const wrongNumbers = numbersIn(statement).filter(number => !numbers.has(number))
  // "2 seconds" for "2000 ms" is the same quantity in another unit.
  const converted = new Set(
    quantitiesOf(statement)
      .filter(({ value, unit }) => held.some(other => other.value === value && other.unit === unit))
      .flatMap(({ text }) => numbersIn(text)),
  )
  const lower = quotes.toLowerCase()
  const wrongNames = [...namesIn(statement)].filter(name => !lower.includes(name.toLowerCase()))
  return [...new Set([...wrongNumbers.filter(number => !converted.has(number)), ...wrongNames])]
}

/** The numbers as a person compares them: `1,000` is `1000`, `2.0` stays `2.0` (it may be a version). */
const numbersIn = (text: string): string[] =>
  (text.match(/\d+(?:[.,]\d+)*/g) ?? []).map(number =>
    /^\d{1,3}(?:,\d{3})+$/.test(number) ? number.replaceAll(',', '') : number,
  )

const excerpt = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text)
