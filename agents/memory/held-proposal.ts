/**
 * What a language model is asked to fill when it consolidates, and the holding of its reply to the episodes it points
 * at. Pure. What does not stand there is left out and counted; dates that no episode names are left out alone.
 */
import { z } from 'zod'
import type { MemoryRecord, ProposedEnding, ProposedFact, ProposedInsight } from '../../memory/memory.ts'
import { timeExpressions } from '../../memory/time/time-expressions.ts'
import { isDenied, isHeld, standsIn } from './held.ts'
import type { Proposed } from './memory-effects.ts'

const MOST = 200
const text = z.string().trim().min(1).max(1_000)
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const from = z.array(z.string()).min(1).max(50)

/** Its ids are `e1`, `e2`, … for the episodes in the order in which they were shown. */
export const consolidationReply = z.object({
  facts: z
    .array(
      z.object({
        subject: text,
        predicate: text,
        object: text,
        single: z.boolean(),
        sentence: text,
        from,
        since: day.nullable(),
        until: day.nullable(),
        confidence: z.number().min(0).max(1),
      }),
    )
    .max(MOST),
  ended: z
    .array(z.object({ subject: text, predicate: text, object: text.nullable(), since: day.nullable(), from }))
    .max(MOST),
  insights: z.array(z.object({ text, from, importance: z.number().min(0).max(1) })).max(MOST),
})
export type ConsolidationReply = z.infer<typeof consolidationReply>
type Named = ReadonlyMap<string, MemoryRecord>

/** What of a reply stands in the episodes it points at, as a proposal `by`. */
export function heldProposal(
  { facts, ended, insights }: ConsolidationReply,
  episodes: readonly MemoryRecord[],
  by: string,
): Proposed {
  const named = new Map(episodes.map((episode, i) => [`e${i + 1}`, episode]))
  const kept = {
    facts: facts.flatMap(one => heldFact(one, named)),
    endings: ended.flatMap(one => heldEnding(one, named)),
    insights: insights.flatMap(one => heldInsight(one, named)),
  }
  const proposed = facts.length + ended.length + insights.length
  const unheld = proposed - kept.facts.length - kept.endings.length - kept.insights.length
  return { proposal: { ...kept, drop: [], by }, unheld }
}

/** The episodes that ids stand for; none when one of them was not given. */
function sourcesOf(ids: readonly string[], named: Named): readonly MemoryRecord[] {
  const sources = [...new Set(ids)].flatMap(id => named.get(id) ?? [])
  return sources.length === new Set(ids).size ? sources : []
}

const idsOf = (sources: readonly MemoryRecord[]): readonly string[] => sources.map(one => one.id)

function heldFact(one: ConsolidationReply['facts'][number], named: Named): ProposedFact[] {
  const { subject, predicate, object, single, sentence, confidence } = one
  const sources = sourcesOf(one.from, named)
  const stands = standsIn(`${subject} ${object}`, sources) && isHeld(`${sentence} ${object}`, sources)
  if (!stands || isDenied(sentence, object, sources)) return []
  const validFrom = saidDay(one.since, sources)
  const validUntil = saidDay(one.until, sources)
  const statement = { subject, predicate, object, ...(single && { single }) }
  return [
    {
      statement,
      text: sentence,
      from: idsOf(sources),
      confidence,
      ...(validFrom !== undefined && { validFrom }),
      ...(validUntil !== undefined && validUntil > (validFrom ?? 0) && { validUntil }),
    },
  ]
}

function heldEnding(one: ConsolidationReply['ended'][number], named: Named): ProposedEnding[] {
  const { subject, predicate, object } = one
  const sources = sourcesOf(one.from, named)
  const [first] = sources
  if (!first || !standsIn(`${subject} ${object ?? ''}`, sources)) return []
  const at = saidDay(one.since, sources) ?? Math.max(...sources.map(source => source.at))
  return [{ subject, predicate, ...(object !== null && { object }), at, from: idsOf(sources) }]
}

function heldInsight(one: ConsolidationReply['insights'][number], named: Named): ProposedInsight[] {
  const sources = sourcesOf(one.from, named)
  return isHeld(one.text, sources)
    ? [{ text: one.text, from: idsOf(sources), importance: one.importance }]
    : []
}

const DAY_MS = 86_400_000
const MOST_READ = 2_000

/** The day (absolute ms), if an episode names it or was on it: a date of the model's own says nothing. */
function saidDay(written: string | null, sources: readonly MemoryRecord[]): number | undefined {
  const at = written === null ? Number.NaN : Date.parse(`${written}T00:00:00Z`)
  if (Number.isNaN(at)) return undefined
  const isSaid = sources.some(
    source =>
      (source.at >= at && source.at < at + DAY_MS) ||
      timeExpressions(source.text.slice(0, MOST_READ), source.at).some(
        time => at >= time.from - DAY_MS && at < time.until,
      ),
  )
  return isSaid ? at : undefined
}
