/**
 * A proposal as it may be applied: checked like everything that comes from outside, because a model may have made it.
 * Called by `consolidating.ts`. Throws `input-invalid`.
 */
import type { Proposal, ProposedEnding, ProposedFact, ProposedInsight } from '../consolidation/proposal.ts'
import {
  checkedEnd,
  checkedIds,
  checkedObject,
  checkedShare,
  checkedStatement,
  checkedText,
  checkedTime,
  MAX_NAME,
  MAX_TEXT,
  refused,
} from './input.ts'

const MOST = 10_000
const MEMBERS = new Set(['facts', 'endings', 'insights', 'drop', 'by'])
const FACT = new Set<string>([
  ...(['statement', 'text', 'from', 'validFrom', 'validUntil', 'who', 'confidence', 'importance'] as const),
] satisfies (keyof ProposedFact)[])
const ENDING = new Set(['subject', 'predicate', 'object', 'at', 'from'])
const INSIGHT = new Set(['text', 'from', 'importance', 'who'])

export function checkedProposal(proposal: Proposal): Proposal {
  const given = checkedObject(proposal, 'a proposal', MEMBERS)
  return {
    facts: listOf(given['facts'], 'facts', checkedFact),
    endings: listOf(given['endings'], 'endings', checkedEnding),
    insights: listOf(given['insights'], 'insights', checkedInsight),
    drop: checkedIds(given['drop'], 'drop'),
    by: checkedText(given['by'], 'by', MAX_NAME),
  }
}

function listOf<T>(value: unknown, what: string, check: (one: unknown) => T): readonly T[] {
  if (Array.isArray(value) && value.length <= MOST) return value.map(check)
  throw refused(`${what} of a proposal is not a list of at most ${MOST}`, 'pass [] for none')
}

function checkedFact(value: unknown): ProposedFact {
  const given = checkedObject(value, 'a proposed fact', FACT)
  const { validFrom, validUntil, importance } = given
  const from = validFrom === undefined ? undefined : checkedTime(validFrom, 'validFrom')
  return {
    statement: checkedStatement(given['statement']),
    text: checkedText(given['text'], 'text', MAX_TEXT),
    from: checkedSources(given['from']),
    ...(from !== undefined && { validFrom: from }),
    ...(validUntil !== undefined && { validUntil: checkedEnd(validUntil, from ?? Number.NEGATIVE_INFINITY) }),
    ...whoOf(given['who']),
    confidence: checkedShare(given['confidence'], 'confidence'),
    ...(importance !== undefined && { importance: checkedShare(importance, 'importance') }),
  }
}

function checkedEnding(value: unknown): ProposedEnding {
  const given = checkedObject(value, 'a proposed ending', ENDING)
  return {
    subject: checkedText(given['subject'], 'subject', MAX_NAME),
    predicate: checkedText(given['predicate'], 'predicate', MAX_NAME),
    ...(given['object'] !== undefined && { object: checkedText(given['object'], 'object', 8 * MAX_NAME) }),
    at: checkedTime(given['at'], 'at'),
    from: checkedSources(given['from']),
  }
}

function checkedInsight(value: unknown): ProposedInsight {
  const given = checkedObject(value, 'a proposed insight', INSIGHT)
  return {
    text: checkedText(given['text'], 'text', MAX_TEXT),
    from: checkedSources(given['from']),
    importance: checkedShare(given['importance'], 'importance'),
    ...whoOf(given['who']),
  }
}

const whoOf = (who: unknown): { readonly who?: string } =>
  who === undefined ? {} : { who: checkedText(who, 'who', MAX_NAME) }

function checkedSources(value: unknown): readonly string[] {
  const ids = checkedIds(value, 'from')
  if (ids.length > 0) return ids
  throw refused('what is derived has no sources', 'name the ids of the memories that say it')
}
