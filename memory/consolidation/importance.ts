/**
 * How much a fact or an insight weighs, from 0 to 1, and why. Called by the extractive consolidator. The numbers are
 * an order of what one would least like to lose, not measurements: what keeps somebody safe or reachable first, then
 * where and as what somebody lives and what was decided, then tastes.
 */

export interface Weighed {
  /** 0 to 1. */
  readonly importance: number
  /** "0.7 for what it is about, raised by 2 more sources": for whoever asks. */
  readonly because: string
}

const CLASSES: readonly (readonly [weight: number, predicates: ReadonlySet<string>])[] = [
  [0.9, new Set(['allergic to', 'is called', 'email', 'phone', 'address'])],
  [
    0.8,
    new Set([
      'lives in',
      'works at',
      'works as',
      'is on',
      'decided',
      'married to',
      'born on',
      'birthday',
      'order number',
      'account number',
      'reference number',
    ]),
  ],
  [
    0.7,
    new Set([
      'uses',
      'is',
      'age',
      'goal',
      'studies',
      'studies at',
      'is from',
      'speaks',
      'does not eat',
      'does not drink',
      'born in',
      'grew up in',
      'postcode',
    ]),
  ],
  [0.6, new Set(['dislikes', 'prefers', 'has', 'joined', 'volunteers at', 'plays', 'is learning'])],
]
const OTHERS = 0.5
/** What is left to 1 shrinks by this with every source after the first. */
const REPEATED = 0.9

const rounded = (value: number): number => Math.round(value * 100) / 100

/** Of a fact: by its predicate, raised by every further source. */
export function importanceOfFact(predicate: string, sources: number): Weighed {
  const base = CLASSES.find(([, predicates]) => predicates.has(predicate))?.[0] ?? OTHERS
  const more = Math.max(0, sources - 1)
  return {
    importance: rounded(1 - (1 - base) * REPEATED ** more),
    because: `${base} for "${predicate}"${more === 0 ? '' : `, raised by ${more} more ${more === 1 ? 'source' : 'sources'}`}`,
  }
}

export type InsightKind = 'profile' | 'decisions' | 'theme' | 'summary'

const INSIGHTS: Readonly<Record<InsightKind, number>> = {
  profile: 0.4,
  decisions: 0.4,
  theme: 0.3,
  summary: 0.3,
}

/** Of an insight: by its kind, raised by every further session that it draws on. */
export function importanceOfInsight(kind: InsightKind, sessions: number): Weighed {
  const base = INSIGHTS[kind]
  const more = Math.max(0, sessions - 1)
  return {
    importance: rounded(1 - (1 - base) * REPEATED ** more),
    because: `${base} for a ${kind}${more === 0 ? '' : `, raised by ${more} more ${more === 1 ? 'session' : 'sessions'}`}`,
  }
}
