/**
 * The report: findings put in order for their readers, with numbered citations. Called last by the research
 * team. Every sentence about the topic is a finding's statement; what is composed here are headings, counts
 * and the links between them.
 */
import type { Comparison } from './agreement.ts'
import type { Finding, Subtask } from './document.ts'
import type { Gap } from './gaps.ts'
import { KNOWN_TITLE, knownChapter, knownSince } from './known-chapter.ts'
import type { Depth } from './planning.ts'
import { capitalised, readable, withoutTicks } from './readable.ts'
import { createReferences, type References, type SourceText } from './references.ts'
import { type Audience, KEY_FINDINGS, keyFindings, sectionFindings, usable } from './selection.ts'
import { isAdvice } from './sentence-quality.ts'
import { FURTHER_POINTS, type Theme } from './themes.ts'
import { subjectOf } from './topic-parts.ts'

export interface ReportInput {
  readonly topic: string
  readonly audience: Audience
  readonly depth: Depth
  readonly subtasks: readonly Subtask[]
  readonly findings: readonly Finding[]
  readonly themes: readonly Theme[]
  readonly comparison: Comparison
  readonly gaps: readonly Gap[]
  /** The language model that wrote the statements, as `provider:model`; undefined when none was used. */
  readonly model: string | undefined
  readonly sources: readonly SourceText[]
}

export interface Section {
  readonly title: string
  /** Markdown with citation marks. */
  readonly body: string
  /** Ids of the findings it shows. */
  readonly findings: readonly string[]
}

export interface Recommendation {
  readonly text: string
  /** `advice`: a sentence of a source; `gap`: what would close a named gap. */
  readonly from: 'advice' | 'gap'
  readonly findings: readonly string[]
}

export interface Report {
  readonly executiveSummary: string
  /** Markdown. */
  readonly fullReport: string
  /** Statements with citation marks; 5 to 8 by depth when there are as many findings. */
  readonly keyFindings: readonly string[]
  readonly recommendations: readonly Recommendation[]
  readonly sections: readonly Section[]
}

/** What all parts of one report share. */
interface Draft {
  readonly input: ReportInput
  readonly findings: readonly Finding[]
  readonly references: References
  /** A statement as this audience reads it, with its citation marks. */
  readonly say: (finding: Finding) => string
}

export const NO_MODEL =
  'No language model was used: this report is composed of sentences quoted from the sources.'

const SUMMARY_SENTENCES: Readonly<Record<Audience, number>> = { general: 4, technical: 4, executive: 3 }
const MOST_ADVICE = 5
const MOST_GAPS_RECOMMENDED = 3

/** The report as Markdown and its parts as data. Pure; the same input gives the same report. */
export function composeReport(input: ReportInput): Report {
  const findings = usable(input.findings)
  const references = createReferences()
  const draft: Draft = {
    input,
    findings,
    references,
    say: finding => sayFor(input.audience, finding, references),
  }
  const key = keyFindings(input.subtasks, findings, input.audience, KEY_FINDINGS[input.depth])
  const executiveSummary = summary(draft, key)
  const keyTexts = key.map(draft.say)
  const early = input.audience === 'executive' ? recommend(draft) : undefined
  const sections = sectionsOf(draft)
  const compared = comparisonLines(draft)
  const recommendations = early ?? recommend(draft)
  const chapters: Chapter[] = [
    { title: 'Executive summary', body: executiveSummary },
    { title: 'Key findings', body: bullets(keyTexts) },
    ...sections,
    { title: KNOWN_TITLE, body: knownChapter(input.subtasks, input.findings, findings.length) },
    { title: 'Themes', body: themesBody(draft) },
    { title: 'Where the sources agree and differ', body: bullets(compared) },
    { title: 'Statements that could not be verified', body: unverified(input.findings) },
    { title: 'Recommendations', body: bullets(recommendations.map(({ text }) => text)) },
    { title: 'Open questions', body: bullets(input.gaps.map(({ text }) => escaped(text))) },
  ]
  return {
    executiveSummary,
    fullReport: assemble(input, ordered(chapters, input.audience), references),
    keyFindings: keyTexts,
    recommendations,
    sections,
  }
}

interface Chapter {
  readonly title: string
  readonly body: string
}

function sayFor(audience: Audience, finding: Finding, references: References): string {
  const text = audience === 'technical' ? finding.statement : withoutTicks(finding.statement)
  const ended = /[.!?。！？]["'”’)`]*$/u.test(text) ? text : `${text}.`
  return `${escaped(capitalised(ended))}${references.mark(finding)}${knownSince(finding)}`
}

/** Statements come from sources and models: no tag of theirs may reach a viewer, no line may become a heading. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`]+`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/<(?=[a-zA-Z/!])/g, '&lt;')))
    .join('')
    .replace(/\s+/g, ' ')
    .replace(/^(?=[#>|+-])/, '\\')

const bullets = (lines: readonly string[]): string => lines.map(line => `- ${line}`).join('\n')

/** The best sentence of as many questions as fit; when nothing was found, what was read and what is missing. */
function summary({ input, findings, say }: Draft, key: readonly Finding[]): string {
  const { topic, subtasks, gaps, sources, audience } = input
  if (findings.length === 0) {
    const read =
      sources.length === 1 ? 'The one source read holds' : `The ${sources.length} sources read hold`
    const open = gaps[0] === undefined ? '' : ` ${escaped(gaps[0].text)}`
    return `${read} no statement on “${escaped(readable(topic))}”.${open}`
  }
  const best = keyFindings(subtasks, key, audience, SUMMARY_SENTENCES[audience])
  const cited = new Set(findings.flatMap(({ citations }) => citations.map(({ source }) => source))).size
  const scope = `${count(findings.length, 'finding')} from ${count(cited, 'source')} on ${count(subtasks.length, 'question')}.`
  const differ = input.comparison.contradictions.length
  const conflict = differ === 0 ? '' : ` The sources contradict each other in ${count(differ, 'point')}.`
  return `${best.map(say).join(' ')}\n\n${scope}${conflict}`
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

/** One section per question that has findings, under a heading that no other section has. */
function sectionsOf({ input, findings, say }: Draft): Section[] {
  const titles = new Set(
    RESERVED.map(title => title.toLowerCase()).concat(titleOf(input.topic).toLowerCase()),
  )
  return input.subtasks.flatMap(subtask => {
    const shown = sectionFindings(subtask, findings, input.audience)
    if (shown.length === 0) return []
    const plain = titleOf(subjectOf(subtask.question) ?? subtask.question)
    let title = titles.has(plain.toLowerCase()) ? 'Direct answers' : plain
    for (let n = 2; titles.has(title.toLowerCase()); n++) title = `${plain} (${n})`
    titles.add(title.toLowerCase())
    const said = shown.map(say)
    const body = input.audience === 'general' ? said.join(' ') : bullets(said)
    return [{ title, body, findings: shown.map(({ id }) => id) }]
  })
}

const titleOf = (text: string): string =>
  escaped(capitalised(readable(text)))
    .replace(/^\\/, '')
    .slice(0, 200)

/** Themes with at least two findings that this report uses; none when there would be only one. */
function themesBody({ input, findings }: Draft): string {
  if (input.audience === 'executive') return ''
  const used = new Set(findings.map(({ id }) => id))
  const named = input.themes
    .map(theme => ({ name: theme.name, size: theme.findings.filter(id => used.has(id)).length }))
    .filter(({ name, size }) => size > 1 && name !== FURTHER_POINTS)
  return named.length < 2
    ? ''
    : bullets(named.map(({ name, size }) => `${escaped(name)}: ${count(size, 'finding')}`))
}

function comparisonLines({ input, say }: Draft): string[] {
  const byId = new Map(input.findings.map(finding => [finding.id, finding]))
  const differ = input.comparison.contradictions.flatMap(({ findings: [a, b], about }) => {
    const [left, right] = [byId.get(a), byId.get(b)]
    return left === undefined || right === undefined
      ? []
      : [`The sources contradict each other on ${escaped(about)}: ${say(left)} Against it: ${say(right)}`]
  })
  const agree = input.comparison.agreements.flatMap(({ findings, sources }) => {
    const [first, ...others] = findings.flatMap(id => byId.get(id) ?? [])
    if (first === undefined || sources.length < 2) return []
    const all = { ...first, citations: [first, ...others].flatMap(({ citations }) => citations) }
    return [`${count(sources.length, 'source')} agree: ${say(all)}`]
  })
  return [...differ, ...agree]
}

function unverified(findings: readonly Finding[]): string {
  const bad = findings.filter(finding => finding.verdict === 'unsupported' || finding.citations.length === 0)
  return bullets([...new Set(bad.map(({ statement }) => escaped(statement)))])
}

/** Advice in the sources' own words, then what would close the gravest gaps. Nothing else is ever recommended. */
function recommend({ input, findings, say }: Draft): Recommendation[] {
  const advice = findings
    .filter(({ statement }) => isAdvice(statement))
    .sort((a, b) => b.relevance - a.relevance || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_ADVICE)
    .map(finding => ({ text: say(finding), from: 'advice' as const, findings: [finding.id] }))
  const remedies = [...new Set(input.gaps.map(({ remedy }) => remedy))].slice(0, MOST_GAPS_RECOMMENDED)
  return [...advice, ...remedies.map(text => ({ text: escaped(text), from: 'gap' as const, findings: [] }))]
}

const RESERVED = [
  ...[
    'Executive summary',
    'Key findings',
    KNOWN_TITLE,
    'Themes',
    'Where the sources agree and differ',
    'Recommendations',
  ],
  ...['Statements that could not be verified', 'Open questions', 'Sources'],
]

/** Executives read the conclusion first. */
function ordered(chapters: readonly Chapter[], audience: Audience): Chapter[] {
  const full = chapters.filter(({ body }) => body !== '')
  if (audience !== 'executive') return full
  const first = ['Executive summary', 'Recommendations', 'Key findings']
  const rank = ({ title }: Chapter) => (first.includes(title) ? first.indexOf(title) : first.length)
  return full.sort((a, b) => rank(a) - rank(b))
}

function assemble(input: ReportInput, chapters: readonly Chapter[], references: References): string {
  const origin =
    input.model === undefined
      ? NO_MODEL
      : `The language model ${input.model} was used to write this report; the numbers lead to the quotes it rests on.`
  const listed = references.list(input.sources)
  const sources = listed.length === 0 ? [] : [{ title: 'Sources', body: listed.join('\n') }]
  const body = [...chapters, ...sources].map(({ title, body }) => `## ${title}\n\n${body}`)
  return `${[origin, `# ${titleOf(input.topic)}`, ...body].join('\n\n')}\n`
}
