/**
 * Which facts of one subject and predicate hold when, whatever the order in which they became known. Called by the
 * store for each new fact and after one was taken away. Pure: intervals follow from what was said of each fact, never
 * from what was decided before.
 *
 * The most trusted facts come first: they lay down their intervals, and a less trusted one holds only where none of
 * them that contradicts it does. It is kept all the same, as ended at the moment it begins. Among equally trusted ones
 * the newer ends the older. Facts said of the same instant count in the order in which they were stored.
 */
import type { Trust } from '../memory.ts'
import { sameName } from './names.ts'
import type { Again, Ends, HeldFact, Resolve, Validity } from './resolution.ts'

const RANK: Readonly<Record<Trust, number>> = { untrusted: 0, agent: 1, trusted: 2 }

/** One object at a time, or the same object twice: these two cannot both hold. */
const contradict = (a: HeldFact, b: HeldFact): boolean =>
  (a.single && b.single) || sameName(a.object, b.object)

const holdsAt = ({ validFrom, validUntil }: Interval, at: number): boolean =>
  validFrom <= at && (validUntil === undefined || at < validUntil)

interface Interval extends Validity {
  readonly validFrom: number
}

/** What the incoming fact is, and what changes for the others. See `Resolution`. */
export const resolve: Resolve = (existing, incoming) => {
  const peers = peersOf(existing, incoming)
  const same = peers.find(one => isConfirmed(one, incoming))
  // One that says the same goes on where its twin is cut off: no confirmation is lost.
  const again = same === undefined ? repeated(peers, incoming) : undefined
  const all = intervals([...peers, ...(again === undefined ? [] : [again.fact]), incoming])
  const own = all.get(incoming)
  return {
    ...(same !== undefined && { same: same.id }),
    ...(own !== undefined && rest(own, again)),
    changes: peers.flatMap(one => changed(one, all.get(one), again)),
    ...(again !== undefined && { again: { of: again.of, ...againOf(all.get(again.fact), again) } }),
  }
}

/** Of a predicate with several objects at a time only the same object matters: there may be thousands of others. */
const peersOf = (existing: readonly HeldFact[], incoming: HeldFact): readonly HeldFact[] =>
  incoming.single || existing.some(one => one.single)
    ? existing
    : existing.filter(one => sameName(one.object, incoming.object))

/**
 * The same is said while it holds, by one who is believed as much: that is evidence, not another fact. With another
 * trust it is a fact of its own, since the trust of a fact is that of the least of its sources.
 */
const isConfirmed = (one: HeldFact, incoming: HeldFact): boolean =>
  sameName(one.object, incoming.object) &&
  one.trust === incoming.trust &&
  one.saidUntil === incoming.saidUntil &&
  holdsAt(one, incoming.validFrom)

interface Repeated {
  readonly of: string
  readonly fact: HeldFact
}

/**
 * The fact that the incoming one cuts off from a confirmation of it. There is at most one: two that contradict the
 * incoming fact contradict each other, and only one of them held where it ends.
 */
function repeated(existing: readonly HeldFact[], incoming: HeldFact): Repeated | undefined {
  if (!existing.some(({ confirmed = [] }) => confirmed.some(at => at > incoming.validFrom))) return undefined
  const all = intervals([...existing, incoming])
  const own = all.get(incoming)
  for (const one of existing) {
    const now = all.get(one)
    const isWeaker = RANK[one.trust] < RANK[incoming.trust]
    const isLost = (at: number) =>
      at > incoming.validFrom &&
      now !== undefined &&
      !holdsAt(now, at) &&
      !(isWeaker && own !== undefined && holdsAt(own, at))
    const lost = contradict(one, incoming) ? (one.confirmed ?? []).filter(isLost) : []
    if (lost.length > 0) return { of: one.id, fact: repetition(one, Math.min(...lost)) }
  }
  return undefined
}

const repetition = ({ id, object, single, trust, saidUntil }: HeldFact, validFrom: number): HeldFact => ({
  id: `${id} again`,
  object,
  single,
  trust,
  validFrom,
  ...(saidUntil !== undefined && { saidUntil }),
})

const againOf = (interval: Interval | undefined, again: Repeated): Omit<Again, 'of'> => ({
  validFrom: again.fact.validFrom,
  ...(interval !== undefined && rest(interval)),
})

/** The end of an interval, with the name that the store knows for a fact that has no id yet. */
function rest({ validUntil, endedBy }: Omit<Validity, 'id'>, again?: Repeated): Omit<Validity, 'id'> {
  const by = again !== undefined && endedBy === again.fact.id ? again.of : endedBy
  return { ...(validUntil !== undefined && { validUntil }), ...(by !== undefined && { endedBy: by }) }
}

function changed(before: HeldFact, interval: Interval | undefined, again?: Repeated): Validity[] {
  const after = interval && rest(interval, again)
  if (after === undefined || (before.validUntil === after.validUntil && before.endedBy === after.endedBy))
    return []
  return [{ id: before.id, ...after }]
}

/** The interval of every fact, from what was said of all. Of equal instants the later in the list is the newer. */
function intervals(facts: readonly HeldFact[]): Map<HeldFact, Interval> {
  const out = new Map<HeldFact, Interval>()
  const above: HeldFact[] = []
  for (const rank of [2, 1, 0]) {
    // Sorting is stable, so that the order of storing decides between equal instants.
    const level = facts.filter(one => RANK[one.trust] === rank).sort((a, b) => a.validFrom - b.validFrom)
    level.forEach((one, index) => {
      const newer = level.slice(index + 1).find(other => contradict(one, other))
      out.set(one, intervalOf(one, newer, stronger(one, above, out)))
    })
    above.push(...level.filter(one => out.get(one)?.validUntil !== one.validFrom))
  }
  return out
}

/** Of the more trusted facts that contradict it, the one that holds when it begins, or else the next to begin. */
function stronger(
  one: HeldFact,
  above: readonly HeldFact[],
  known: ReadonlyMap<HeldFact, Interval>,
): HeldFact | undefined {
  const against = above.filter(other => contradict(one, other))
  const holding = against.find(other => {
    const interval = known.get(other)
    return interval !== undefined && holdsAt(interval, one.validFrom)
  })
  if (holding !== undefined) return holding
  const later = against.filter(other => other.validFrom > one.validFrom)
  return later.sort((a, b) => a.validFrom - b.validFrom)[0]
}

function intervalOf(one: HeldFact, ...enders: readonly (HeldFact | undefined)[]): Interval {
  let until = one.saidUntil === undefined ? undefined : Math.max(one.saidUntil, one.validFrom)
  let endedBy: string | undefined
  for (const ender of enders) {
    const end = ender === undefined ? undefined : Math.max(ender.validFrom, one.validFrom)
    if (ender === undefined || end === undefined || (until !== undefined && until <= end)) continue
    until = end
    endedBy = ender.id
  }
  return {
    id: one.id,
    validFrom: one.validFrom,
    ...rest({ ...(until !== undefined && { validUntil: until }), ...(endedBy !== undefined && { endedBy }) }),
  }
}

/**
 * Ids of the facts that a negation ends: those of that object (of any, without one) that hold at `at`, are not trusted
 * more than the negation, and were not confirmed after it.
 */
export const ends: Ends = (existing, { object, at, trust }) =>
  existing
    .filter(
      one =>
        (object === undefined || sameName(one.object, object)) &&
        RANK[one.trust] <= RANK[trust] &&
        holdsAt(one, at) &&
        !(one.confirmed ?? []).some(time => time > at),
    )
    .map(({ id }) => id)
