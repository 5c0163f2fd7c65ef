/**
 * Findings grouped by what they speak about. Called by the analysts. Names come from the findings' own
 * words; a finding that resembles no other goes to "Further points".
 */
import type { Finding } from './document.ts'
import { mostFrequent, phrasesOf } from './key-terms.ts'
import { capitalised } from './readable.ts'
import { stem, tokens } from './tokens.ts'
import { cosine, tfIdfVectors } from './vectors.ts'

export interface Theme {
  /** Readable and unique: "Reconnect attempts and jitter". */
  readonly name: string
  /** Ids, in the order in which the findings were given. */
  readonly findings: readonly string[]
}

interface Phrase {
  readonly forms: Map<string, number>
  readonly stems: readonly string[]
  readonly members: Set<number>
}

export const FURTHER_POINTS = 'Further points'

/** Two groups less alike than this on average speak of different things. */
const LEAST_ALIKE = 0.09
/** A larger theme would say no more than the topic itself: at most this share of all findings. */
const LARGEST_SHARE = 0.5

/**
 * Every finding in exactly one theme, the largest theme first, "Further points" last. Agglomerative
 * clustering with average linkage (Sokal & Michener, 1958, as UPGMA) on the cosine of tf-idf vectors.
 */
export function groupByTheme(findings: readonly Finding[]): Theme[] {
  const vectors = tfIdfVectors(findings.map(finding => finding.statement))
  const likeness = vectors.map(a => vectors.map(b => cosine(a, b)))
  const clusters = averageLink(likeness, Math.max(3, Math.ceil(findings.length * LARGEST_SHARE)))
  const groups = clusters.filter(cluster => cluster.length > 1)
  groups.sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0))
  const single = clusters.filter(cluster => cluster.length === 1).flat()
  const phrases = phrasesIn(findings)
  const names = new Set<string>([FURTHER_POINTS])
  const themes = groups.map(members => ({
    name: nameOf(members, phrases, names),
    findings: idsOf(members, findings),
  }))
  if (single.length > 0) themes.push({ name: FURTHER_POINTS, findings: idsOf(single, findings) })
  return themes
}

const idsOf = (members: readonly number[], findings: readonly Finding[]): string[] =>
  [...members].sort((a, b) => a - b).flatMap(index => findings[index]?.id ?? [])

/** Merges the two most alike clusters until none are alike; remembers each one's nearest to stay quadratic. */
function averageLink(likeness: number[][], largest: number): number[][] {
  const clusters = new Map(likeness.map((_, index) => [index, [index]]))
  const nearest = new Map<number, number>()
  const between = (a: number, b: number): number => likeness[a]?.[b] ?? 0
  const sizeOf = (index: number): number => clusters.get(index)?.length ?? 0
  const look = (index: number) => {
    let best: number | undefined
    for (const other of clusters.keys()) {
      if (other === index || sizeOf(index) + sizeOf(other) > largest) continue
      if (best === undefined || between(index, other) > between(index, best)) best = other
    }
    if (best === undefined) nearest.delete(index)
    else nearest.set(index, best)
  }
  for (const index of clusters.keys()) look(index)
  for (;;) {
    let pair: readonly [number, number] | undefined
    for (const [a, b] of nearest) if (pair === undefined || between(a, b) > between(...pair)) pair = [a, b]
    if (pair === undefined || between(...pair) < LEAST_ALIKE) return [...clusters.values()]
    const [keep, gone] = pair[0] < pair[1] ? pair : [pair[1], pair[0]]
    joinRows(likeness, keep, gone, sizeOf(keep), sizeOf(gone))
    clusters.set(keep, [...(clusters.get(keep) ?? []), ...(clusters.get(gone) ?? [])])
    clusters.delete(gone)
    nearest.delete(gone)
    look(keep)
    for (const [index, other] of [...nearest]) {
      if (other === keep || other === gone || sizeOf(index) + sizeOf(other) > largest) look(index)
    }
  }
}

/** Lance & Williams (1967): the average link of a joined cluster follows from its parts. */
function joinRows(
  likeness: number[][],
  keep: number,
  gone: number,
  sizeKeep: number,
  sizeGone: number,
): void {
  const row = likeness[keep] ?? []
  likeness.forEach((other, index) => {
    const joined =
      (sizeKeep * (row[index] ?? 0) + sizeGone * (likeness[gone]?.[index] ?? 0)) / (sizeKeep + sizeGone)
    row[index] = joined
    other[keep] = joined
  })
}

function phrasesIn(findings: readonly Finding[]): Phrase[] {
  const phrases = new Map<string, Phrase>()
  findings.forEach((finding, index) => {
    for (const form of phrasesOf(finding.statement)) {
      const stems = tokens(form).map(stem)
      const key = stems.join(' ')
      const known = phrases.get(key) ?? { forms: new Map(), stems, members: new Set() }
      known.forms.set(form, (known.forms.get(form) ?? 0) + 1)
      known.members.add(index)
      phrases.set(key, known)
    }
  })
  return [...phrases.values()]
}

/** One or two phrases that are frequent inside and rare outside; a second and third are added to keep names apart. */
function nameOf(members: readonly number[], phrases: readonly Phrase[], names: Set<string>): string {
  const inside = new Set(members)
  const ranked = phrases
    .map(phrase => ({ phrase, weight: weightOf(phrase, inside) }))
    .filter(({ phrase, weight }) => weight > 0 && !/(?:ed|ly|es)$/.test(mostFrequent(phrase.forms)))
    .sort((a, b) => b.weight - a.weight || (a.phrase.stems.join() < b.phrase.stems.join() ? -1 : 1))
  const picked: Phrase[] = []
  const name = () => capitalised(listed(picked.map(({ forms }) => mostFrequent(forms))))
  const strongest = ranked[0]?.weight ?? 0
  for (const { phrase, weight } of ranked) {
    if (picked.some(one => one.stems.some(stem => phrase.stems.includes(stem)))) continue
    if (picked.length >= 2 && !names.has(name())) break
    if (picked.length === 1 && weight < 0.55 * strongest && !names.has(name())) break
    picked.push(phrase)
  }
  const base = name() || 'Related points'
  let unique = base
  for (let n = 2; names.has(unique); n++) unique = `${base} (${n})`
  names.add(unique)
  return unique
}

function weightOf({ members, stems }: Phrase, inside: ReadonlySet<number>): number {
  const within = [...members].filter(index => inside.has(index)).length
  if (within < Math.min(2, inside.size)) return 0
  const share = within / inside.size
  const purity = within / members.size
  return share * (0.25 + 0.75 * purity) * (1 + 0.5 * (stems.length - 1))
}

const listed = (texts: readonly string[]): string => texts.join(', ').replace(/, ([^,]*)$/, ' and $1')
