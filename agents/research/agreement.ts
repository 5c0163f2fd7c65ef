/**
 * Which findings say the same in different sources, and which cannot both be true. Called by the analysts.
 * It compares words, polarity and numbers and would rather miss a case than report a wrong one.
 */
import type { Finding } from './document.ts'
import { type Claim, claimOf, isDenied, OPPOSITES, type Quantity } from './polarity.ts'
import { cosine, overlap, tfIdfVectors, type Vector } from './vectors.ts'

export interface Agreement {
  /** Ids of the findings that agree, in the order in which they were given. */
  readonly findings: readonly string[]
  readonly sources: readonly string[]
}

export interface Contradiction {
  readonly findings: readonly [string, string]
  /** What they disagree on: "2 seconds or 5 seconds (reconnect wait)". */
  readonly about: string
}

export interface Comparison {
  readonly agreements: readonly Agreement[]
  readonly contradictions: readonly Contradiction[]
}

interface Compared {
  readonly finding: Finding
  readonly claim: Claim
  readonly vector: Vector
  readonly sources: readonly string[]
}

/** From here on two statements count as the same statement. */
const SAME_WORDS = 0.6
const SAME_WEIGHTS = 0.7
/** From here on two statements count as being about the same thing. */
const SAME_SUBJECT = 0.6

/** Agreements over different sources (joined when they share a finding) and contradicting pairs. */
export function compareFindings(findings: readonly Finding[]): Comparison {
  const vectors = tfIdfVectors(findings.map(finding => finding.statement))
  const compared = findings.map((finding, index) => ({
    finding,
    claim: claimOf(finding.statement),
    vector: vectors[index] ?? new Map<string, number>(),
    sources: [...new Set(finding.citations.map(({ source }) => source))],
  }))
  // A finding that quotes two sources is an agreement by itself.
  const agreeing: (readonly number[])[] = compared.flatMap(({ sources }, index) =>
    sources.length > 1 ? [[index]] : [],
  )
  const contradictions: Contradiction[] = []
  for (let b = 1; b < compared.length; b++) {
    for (let a = 0; a < b; a++) {
      const [left, right] = [compared[a], compared[b]]
      if (left === undefined || right === undefined || samePlace(left, right)) continue
      const about = contradiction(left, right)
      if (about !== undefined) contradictions.push({ findings: [left.finding.id, right.finding.id], about })
      else if (agrees(left, right)) agreeing.push([a, b])
    }
  }
  return { agreements: joined(agreeing, compared), contradictions }
}

/** Two sub-tasks may have found the same sentence. */
const samePlace = (a: Compared, b: Compared): boolean =>
  a.finding.statement === b.finding.statement && a.sources.join('\0') === b.sources.join('\0')

function agrees(a: Compared, b: Compared): boolean {
  if (a.sources.every(source => b.sources.includes(source))) return false
  if (b.sources.every(source => a.sources.includes(source))) return false
  if (!sameNames(a.claim, b.claim) || !sameQuantities(a.claim, b.claim)) return false
  if (opposition(a.claim, b.claim) !== undefined || isNegated(a.claim, b.claim)) return false
  const shared = overlap(a.claim.subject, b.claim.subject)
  return (
    a.claim.subject.size >= 3 &&
    (shared >= SAME_WORDS || (shared >= 0.45 && cosine(a.vector, b.vector) >= SAME_WEIGHTS))
  )
}

/** One affirms what the other denies. */
const isNegated = (a: Claim, b: Claim): boolean => isDenied(a, b) !== isDenied(b, a)

/** What the two disagree on, or undefined. An even number of oppositions cancels out: "not before", "after". */
function contradiction(a: Compared, b: Compared): string | undefined {
  const [left, right] = [a.claim, b.claim]
  if (left.subject.size < 2 || overlap(left.subject, right.subject) < SAME_SUBJECT || !sameNames(left, right))
    return undefined
  // Under different conditions both may hold: "If enabled, …. If disabled, …".
  if ((left.conditional || right.conditional) && overlap(left.subject, right.subject) < 0.9) return undefined
  const on = sharedSubject(a, b)
  const opposed = opposition(left, right)
  const negated = isNegated(left, right)
  const conditionDiffers = left.conditional && right.conditional && opposed !== undefined
  if (!conditionDiffers && (opposed !== undefined) !== negated && sameQuantities(left, right)) {
    return opposed === undefined ? `whether it holds or not (${on})` : `${opposed} (${on})`
  }
  const numbers = opposed === undefined && !negated ? differentQuantity(left, right) : undefined
  return numbers === undefined ? undefined : `${numbers[0].text} or ${numbers[1].text} (${on})`
}

/** "always or never": exactly one pair of opposites of which the two take different sides. */
function opposition(a: Claim, b: Claim): string | undefined {
  const pairs = [...a.sides].filter(([pair, side]) => b.sides.has(pair) && b.sides.get(pair) !== side)
  if (pairs.length % 2 === 0) return undefined
  const [left, right] = OPPOSITES[pairs[0]?.[0] ?? -1] ?? []
  return left === undefined || right === undefined ? undefined : `${left[0]} or ${right[0]}`
}

/** Neither names a thing that the other does not; statements that name nothing pass. */
const sameNames = (a: Claim, b: Claim): boolean => {
  const lower = (names: ReadonlySet<string>) => new Set([...names].map(name => name.toLowerCase()))
  const [left, right] = [lower(a.names), lower(b.names)]
  return left.size === right.size && [...left].every(name => right.has(name))
}

const sameQuantities = (a: Claim, b: Claim): boolean =>
  a.quantities.length === b.quantities.length &&
  a.quantities.every((one, index) => equal(one, b.quantities[index]))

const equal = (a: Quantity, b: Quantity | undefined): boolean => a.value === b?.value && a.unit === b.unit

/** The one number on each side, in the same unit, when their values differ. */
function differentQuantity(a: Claim, b: Claim): readonly [Quantity, Quantity] | undefined {
  const [left, right] = [a.quantities[0], b.quantities[0]]
  if (left === undefined || right === undefined || a.quantities.length !== 1 || b.quantities.length !== 1)
    return undefined
  return left.unit === right.unit && left.value !== right.value ? [left, right] : undefined
}

/** The words of the first statement whose stems both statements have. */
function sharedSubject(a: Compared, b: Compared): string {
  const shared = [...a.claim.subject].filter(one => b.claim.subject.has(one))
  const said = a.finding.statement.match(/[\p{L}\p{N}_'’-]+/gu) ?? []
  const words = said.filter(word => [...claimOf(word).subject].some(one => shared.includes(one)))
  return [...new Set(words.map(word => (/^\p{Lu}\p{Ll}+$/u.test(word) ? word.toLowerCase() : word)))]
    .slice(0, 5)
    .join(' ')
}

/** Pairs that share a finding become one agreement. */
function joined(pairs: readonly (readonly number[])[], compared: readonly Compared[]): Agreement[] {
  const groups: Set<number>[] = []
  for (const pair of pairs) {
    const touched = groups.filter(group => pair.some(index => group.has(index)))
    const all = new Set([...pair, ...touched.flatMap(group => [...group])])
    for (const group of touched) groups.splice(groups.indexOf(group), 1)
    groups.push(all)
  }
  return groups
    .map(group => [...group].sort((a, b) => a - b))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
    .map(group => ({
      findings: group.flatMap(index => compared[index]?.finding.id ?? []),
      sources: [...new Set(group.flatMap(index => compared[index]?.sources ?? []))].sort(),
    }))
}
