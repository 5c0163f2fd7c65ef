/**
 * What should happen with a partition, decided from what a node knows: the members, and what the log says. Pure;
 * `ownership.ts` carries it out. That two nodes decide the same at the same time is seen to by the log.
 */
import type { Member } from '../membership/roster.ts'
import { desiredOwner } from '../placement.ts'
import type { Deed } from '../territory.ts'

/**
 * The node that should own a partition: of the active members that serve partitions the one of the highest weight. One
 * that failed to serve this partition is passed over, unless all have.
 */
export function wantedOwner(partition: number, members: readonly Member[]): string | undefined {
  const serving = members.filter(({ serves, state }) => serves && state === 'active')
  const able = serving.filter(({ unable }) => !unable.includes(partition))
  return desiredOwner(
    partition,
    (able.length > 0 ? able : serving).map(({ node }) => node),
  )
}

/** Whether a member says that it owns a partition, or is taking it over. */
export const vouchesFor = ({ partitions, taking }: Member, partition: number): boolean =>
  partitions.has(partition) || taking.includes(partition)

/** Who the placement depends on: while this stays the same, so does every wanted owner. */
export const electorate = (members: readonly Member[]): string =>
  members
    .filter(({ serves, state }) => serves && state === 'active')
    .map(({ node, life, unable }) => `${node} ${life} ${[...unable].sort().join()}`)
    .join('\n')

/** The owner in the members' own words; the highest epoch wins, for a node may not know yet that it has lost one. */
export function ownerIn(
  partition: number,
  members: readonly Member[],
): { readonly node: string; readonly epoch: number } | undefined {
  let found: { readonly node: string; readonly epoch: number } | undefined
  for (const { node, partitions } of members) {
    const epoch = partitions.get(partition)
    if (epoch !== undefined && epoch > (found?.epoch ?? 0)) found = { node, epoch }
  }
  return found
}

export interface Claim {
  readonly deed: Deed
  /** The claimant. */
  readonly node: string
  readonly members: readonly Member[]
  /** See `Membership.gone`. */
  readonly gone: (node: string) => boolean
  /** True when no member has vouched for the partition for a full TTL of listening. */
  readonly forsaken: boolean
}

/** Whether a partition that this node should own, does not own, and nobody vouches for, may be taken. */
export function mayTake({ deed: { owner }, node, members, gone, forsaken }: Claim): boolean {
  // Nobody's, or of this name: an earlier life of this node, or an attempt to take it that failed half way.
  if (owner === undefined || owner === node || gone(owner)) return true
  // What a newer version says it owns cannot be read. It is there, so the log is taken at its word.
  const member = members.find(one => one.node === owner)
  return member !== undefined && member.newer === undefined && forsaken
}

/** Whether the log says that a partition held since `epoch` has another owner now. */
export const isLost = (deed: Deed, node: string, epoch: number): boolean =>
  deed.epoch > epoch || (deed.epoch === epoch && deed.owner !== node)
