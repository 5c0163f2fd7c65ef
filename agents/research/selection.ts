/**
 * Which findings a report shows, where, and in what order, for whom. Called by the composition of reports.
 * It chooses and orders; it writes no text.
 */
import type { Finding, Subtask } from './document.ts'
import type { Depth } from './planning.ts'
import { hasCode } from './sentence-quality.ts'
import { cosine, tfIdfVectors } from './vectors.ts'

export type Audience = 'general' | 'technical' | 'executive'

/** The most findings a section shows. */
const SECTION_SIZE: Readonly<Record<Audience, number>> = { general: 5, technical: 8, executive: 2 }
export const KEY_FINDINGS: Readonly<Record<Depth, number>> = { quick: 5, standard: 6, comprehensive: 8 }
/** A sentence that two sub-tasks found stays with the earlier one, unless it suits the later one clearly better. */
const CLEARLY_BETTER = 1.3
/** Two statements more alike than this say the same to a reader. */
const REPEATS = 0.8

/** Supported findings, each statement once: of repeated ones the most relevant, with the citations of all. */
export function usable(findings: readonly Finding[]): Finding[] {
  const byStatement = new Map<string, Finding>()
  for (const finding of findings) {
    if (finding.verdict === 'unsupported' || finding.citations.length === 0) continue
    const key = finding.statement
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
    const known = byStatement.get(key)
    byStatement.set(key, known === undefined ? finding : merged(known, finding))
  }
  const all = [...byStatement.values()]
  return all.filter(finding => !all.some(other => other !== finding && isWithin(finding, other)))
}

/** One quote is a part of the other's: with its antecedent, say. */
const isWithin = ({ citations: [a] }: Finding, { citations: [b] }: Finding): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.source === b.source &&
  a.start >= b.start &&
  a.end <= b.end &&
  a.quote !== b.quote

function merged(a: Finding, b: Finding): Finding {
  const best = b.relevance > CLEARLY_BETTER * a.relevance ? b : a
  const places = new Map(
    [...best.citations, ...a.citations, ...b.citations].map(one => [`${one.source}\0${one.start}`, one]),
  )
  // What was known stays known when it is found again.
  const memory = a.memory ?? b.memory
  return {
    ...best,
    relevance: Math.max(a.relevance, b.relevance),
    citations: [...places.values()],
    ...(memory && { memory }),
  }
}

/** How much a reader of this kind gets out of a finding. */
export function valueFor(audience: Audience, finding: Finding): number {
  if (audience === 'technical') return finding.relevance * (hasCode(finding.statement) ? 1.2 : 1)
  const words = finding.statement.split(' ').length
  const plain = finding.relevance * (hasCode(finding.statement) ? 0.7 : 1)
  return audience === 'executive' && words > 30 ? plain * 0.8 : plain
}

const byValue = (audience: Audience) => (a: Finding, b: Finding) =>
  valueFor(audience, b) - valueFor(audience, a) || (a.id < b.id ? -1 : 1)

/** The best findings of each sub-task, chosen by value; in reading order: by source, then by place. */
export function sectionFindings(
  subtask: Subtask,
  findings: readonly Finding[],
  audience: Audience,
): Finding[] {
  const own = findings.filter(finding => finding.subtask === subtask.id).sort(byValue(audience))
  const chosen = withoutRepeats(own, SECTION_SIZE[audience])
  const rankOf = new Map<string, number>()
  for (const { citations } of chosen) {
    const source = citations[0]?.source ?? ''
    if (!rankOf.has(source)) rankOf.set(source, rankOf.size)
  }
  const place = ({ citations }: Finding) =>
    [rankOf.get(citations[0]?.source ?? '') ?? 0, citations[0]?.start ?? 0] as const
  return chosen.sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
}

/** The most valuable findings, taking turns between the sub-tasks so that every question has its share. */
export function keyFindings(
  subtasks: readonly Subtask[],
  findings: readonly Finding[],
  audience: Audience,
  limit: number,
): Finding[] {
  const rows = subtasks.map(({ id }) =>
    findings.filter(finding => finding.subtask === id).sort(byValue(audience)),
  )
  const known = new Set(subtasks.map(({ id }) => id))
  rows.push(findings.filter(finding => !known.has(finding.subtask)).sort(byValue(audience)))
  const turns = Math.max(0, ...rows.map(row => row.length))
  const inTurn = Array.from({ length: turns }, (_, turn) => rows.flatMap(row => row[turn] ?? []))
  return withoutRepeats(inTurn.flat(), limit)
}

/** The first `limit` that differ from each other; when too few differ, the rest in order, for five are promised. */
function withoutRepeats(sorted: readonly Finding[], limit: number): Finding[] {
  const vectors = tfIdfVectors(sorted.map(finding => finding.statement))
  const chosen: number[] = []
  const late: number[] = []
  sorted.forEach((_, index) => {
    const vector = vectors[index] ?? new Map<string, number>()
    const repeats = chosen.some(other => cosine(vector, vectors[other] ?? new Map()) > REPEATS)
    if (repeats) late.push(index)
    else if (chosen.length < limit) chosen.push(index)
  })
  return [...chosen, ...late].slice(0, limit).flatMap(index => sorted[index] ?? [])
}
