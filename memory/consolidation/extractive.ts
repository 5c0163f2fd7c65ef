/**
 * Consolidation without a language model: episodes into facts, endings and insights, all labelled `extraction`. Handed
 * to the store as its consolidator. Pure; every text is made of sentences and spans that somebody said, and each names
 * the episodes it came from. Trust is the store's: never more than that of the least trusted source.
 */
import type { ConsolidationInput } from '../memory.ts'
import type { Calendar } from '../time/calendar.ts'
import { proposedEndings, proposedFacts } from './fact-proposals.ts'
import { pauseEvery } from './pause.ts'
import { profiles } from './profiles.ts'
import type { Consolidator, Proposal } from './proposal.ts'
import { sessionDecisions, sessionSummaries } from './session-summaries.ts'
import { statedIn } from './stated.ts'
import { themes } from './themes.ts'

export interface ExtractiveOptions {
  /** Whose days "yesterday" and "Friday" are. Default: UTC. */
  readonly calendar?: Calendar
}

const BY = 'extraction'
/** Above this many waiting episodes sentences of many sessions are compared no more in one go. */
const MOST_INSIGHTS = 500

/** Ms of work after which others get their turn. */
const SLICE = 5

/** A consolidator that reads English. The same input gives the same proposal. */
export const extractiveConsolidator =
  (options: ExtractiveOptions = {}): Consolidator =>
  input =>
    proposalOf(input, options)

async function proposalOf(
  { episodes, facts, insights }: ConsolidationInput,
  { calendar }: ExtractiveOptions,
): Promise<Proposal> {
  const pause = pauseEvery(SLICE)
  const stated = await statedIn(episodes, facts, pause, calendar)
  const people = profiles(stated, facts, insights, BY)
  return {
    facts: proposedFacts(stated.facts),
    endings: proposedEndings(stated.endings),
    insights: [
      ...people.insights,
      ...sessionDecisions(stated.facts),
      ...(await themes(episodes, pause)),
      ...(await sessionSummaries(episodes, pause)),
    ].slice(0, MOST_INSIGHTS),
    drop: people.drop,
    by: BY,
  }
}
