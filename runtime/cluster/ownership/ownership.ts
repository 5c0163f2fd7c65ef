/**
 * Takes the partitions that this node should own and nobody serves, hands over those that another node should own, and
 * gives up all of them before the node goes. Called by whoever starts a node of a cluster. What taking and giving up
 * mean is the territory's business, and that a partition has one owner is the log's: to be wrong here costs time.
 *
 * Every node compares what it holds with the log now and then (`auditMs`): one that slept while others took over may not
 * have written since, and would hold for ever what is not its own.
 */
import type { Member } from '../membership/roster.ts'
import { PARTITIONS, weightOf } from '../placement.ts'
import { giveUpAll } from './draining.ts'
import { type Estate, holdingsOf, type OwnershipOptions, publish, tell } from './estate.ts'
import { AGAIN_MS, begin, compare, giveUp, look, nobody, ready } from './moves.ts'
import { electorate, ownerIn, vouchesFor, wantedOwner } from './plan.ts'
import { clashed, newPlot, type Plot, turn } from './plot.ts'

export interface Ownership {
  /** The partitions this node owns, with their epochs. */
  owned(): ReadonlyMap<number, number>
  /** Who serves a partition, from the heartbeats: the highest epoch wins. Undefined while it changes hands. */
  ownerOf(partition: number): { readonly node: string; readonly epoch: number } | undefined
  /** When what the other two tell may have changed. Returns how to stop it. */
  onChange(listener: () => void): () => void
  /** For the territory to tell that another node has sealed `epoch` of a partition: it is not ours from then on. */
  lost(partition: number, epoch: number): void
  /**
   * Gives up everything, each partition to who should own it next, then leaves the members. Never rejects; what cannot be
   * given up within `graceMs` (default 20 s) and a little is taken over by others once this node has left.
   */
  drain(graceMs?: number): Promise<void>
  /** No decisions from now on. Nothing is given up: for a process that ends. */
  stop(): void
}

const DEFAULTS = {
  concurrency: 4,
  stableMs: 3_000,
  rebalanceAfterMs: 60_000,
  graceMs: 20_000,
  auditMs: 30_000,
  unableMs: 300_000,
  takeMs: 120_000,
}
const REVIEW_MS = 250
const PREPARED_AT_ONCE = 2

/** Begins at once. `membership` must have been joined. */
export function claimPartitions(given: OwnershipOptions): Ownership {
  const { membership, clock } = given
  const estate: Estate = {
    options: { ...DEFAULTS, ...given },
    plots: Array.from({ length: PARTITIONS }, (_, partition) => newPlot(partition)),
    listeners: new Set(),
    status: 'claiming',
    running: 0,
    electorate: '',
    wanted: [],
    stableSince: clock.now(),
    sight: membership.sight,
    announced: '',
    owners: undefined,
    cancelTick: () => {},
    unlisten: () => {},
    review: () => review(estate),
    drained: undefined,
  }
  estate.unlisten = membership.onChange(() => {
    tell(estate)
    review(estate)
  })
  tick(estate)
  return {
    owned: () => holdingsOf(estate).partitions,
    ownerOf(partition) {
      estate.owners ??= estate.plots.map(plot => ownerIn(plot.partition, membership.members()))
      return estate.owners[partition]
    },
    onChange(listener) {
      estate.listeners.add(listener)
      return () => void estate.listeners.delete(listener)
    },
    lost: (partition, epoch) => lose(estate, partition, epoch),
    drain(graceMs = estate.options.graceMs) {
      estate.drained ??= drain(estate, graceMs)
      return estate.drained
    },
    stop: () => stop(estate),
  }
}

function tick(estate: Estate): void {
  review(estate)
  if (estate.status !== 'claiming') return
  const { clock } = estate.options
  estate.cancelTick = clock.at(clock.now() + REVIEW_MS, () => tick(estate))
}

/** Looks at everything and begins what should be done. Called when something has changed, and by the clock. */
function review(estate: Estate): void {
  if (estate.status !== 'claiming') return
  const { membership, onError } = estate.options
  try {
    if (membership.state === 'left') {
      abandon(estate)
      return
    }
    const members = membership.members()
    observe(estate, members)
    publish(estate)
    if (estate.sight === 'none') return
    claim(estate)
    prepare(estate, members)
    handOver(estate, members)
    audit(estate, members)
  } catch (error) {
    onError(error)
  }
}

function observe(estate: Estate, members: readonly Member[]): void {
  const { membership, clock } = estate.options
  const now = clock.now()
  const others = members.filter(({ node }) => node !== membership.node)
  for (const plot of estate.plots) {
    const { partition, phase } = plot
    const isVouched = others.some(member => vouchesFor(member, partition))
    if (isVouched) plot.served = true
    if (others.some(({ partitions }) => partitions.has(partition))) plot.handedUntil = 0
    const isFree = phase === 'free' || phase === 'looking'
    if (isVouched || !isFree) plot.forsakenSince = undefined
    else plot.forsakenSince ??= now
  }
  const voters = electorate(members)
  if (voters !== estate.electorate) {
    estate.electorate = voters
    estate.stableSince = now
    estate.wanted = estate.plots.map(({ partition }) => wantedOwner(partition, members))
  }
  const { sight } = membership
  if (sight !== 'full' && estate.sight === 'full') {
    for (const plot of estate.plots) plot.auditedAt = Number.NEGATIVE_INFINITY
  }
  estate.sight = sight
}

/** Begins to look at what should be ours: first where somebody worked before, then where this node is wanted most. */
function claim(estate: Estate): void {
  const { membership, concurrency, clock } = estate.options
  const { node } = membership
  const now = clock.now()
  const open = estate.plots.filter(
    plot =>
      plot.phase === 'free' &&
      estate.wanted[plot.partition] === node &&
      plot.forsakenSince !== undefined &&
      plot.retryAt <= now,
  )
  const rank = ({ partition, served }: Plot) => weightOf(node, partition) + (served ? 2 ** 32 : 0)
  open.sort((a, b) => rank(b) - rank(a))
  for (const plot of open.slice(0, Math.max(0, concurrency - estate.running))) {
    estate.running++
    turn(plot, 'looking', now)
    begin(estate, plot, async () => {
      try {
        await look(estate, plot)
      } finally {
        estate.running--
      }
    })
  }
}

/** Gets ready what a member that goes will give up to this node, a few at a time, and lets go of what went elsewhere. */
function prepare(estate: Estate, members: readonly Member[]): void {
  const { membership } = estate.options
  const leaving = members.filter(({ state }) => state === 'draining')
  let preparing = estate.plots.filter(plot => plot.preparing).length
  for (const plot of estate.plots) {
    if (preparing >= PREPARED_AT_ONCE) return
    const { partition, phase, isPrepared } = plot
    if (plot.preparing || phase !== 'free') continue
    const isWanted = estate.wanted[partition] === membership.node
    const isComing = isWanted && leaving.some(({ partitions }) => partitions.has(partition))
    if (isComing ? isPrepared : isWanted || !isPrepared) continue
    preparing++
    void ready(estate, plot, isComing)
  }
}

/** Begins to hand over what should be another's, a few at a time, and counts those that have not arrived yet. */
function handOver(estate: Estate, members: readonly Member[]): void {
  const { membership, territory, clock, concurrency, stableMs, rebalanceAfterMs, graceMs } = estate.options
  const now = clock.now()
  const isCalm = estate.sight === 'full' && now - estate.stableSince >= stableMs
  // Not to one who may just have died.
  const listening = new Set(
    members.filter(({ heardAt }) => now - heardAt < membership.ttlMs / 2).map(({ node }) => node),
  )
  let moving = estate.plots.filter(plot => plot.phase === 'releasing' || plot.handedUntil > now).length
  for (const plot of estate.plots) {
    const to = estate.wanted[plot.partition]
    const isOther = to !== undefined && to !== membership.node
    if (plot.phase !== 'held' || !isCalm || !isOther) {
      plot.awaySince = undefined
      continue
    }
    plot.awaySince ??= now
    if (moving >= concurrency || !listening.has(to)) continue
    const isQuiet = territory.isQuiet(plot.partition)
    const isOverdue = now - plot.awaySince >= rebalanceAfterMs && !estate.plots.some(one => one.forced)
    if (!isQuiet && !isOverdue) continue
    moving++
    plot.forced = !isQuiet
    turn(plot, 'releasing', now)
    begin(estate, plot, () => giveUp(estate, plot, async () => to, graceMs))
  }
}

/** Compares with the log what is due, and at once what another says it owns in a later epoch. */
function audit(estate: Estate, members: readonly Member[]): void {
  const { clock, auditMs, concurrency } = estate.options
  const now = clock.now()
  let auditing = estate.plots.filter(plot => plot.auditing).length
  for (const plot of estate.plots) {
    if (auditing >= concurrency) return
    if (plot.phase !== 'held' || plot.auditing) continue
    const isContested = (ownerIn(plot.partition, members)?.epoch ?? 0) > plot.epoch
    if (now - plot.auditedAt < (isContested ? AGAIN_MS : auditMs)) continue
    auditing++
    plot.auditing = true
    void compare(estate, plot, plot.epoch)
  }
}

function lose(estate: Estate, partition: number, epoch: number): void {
  const plot = estate.plots[partition]
  if (!plot) return
  const { clock, random } = estate.options
  plot.lostEpoch = Math.max(plot.lostEpoch, epoch)
  if (plot.phase === 'held' && plot.epoch <= epoch) clashed(plot, clock.now(), random())
  publish(estate)
  review(estate)
}

async function drain(estate: Estate, graceMs: number): Promise<void> {
  const { membership, onError } = estate.options
  if (estate.status !== 'claiming') return
  estate.status = 'draining'
  membership.announce({ state: 'draining' })
  await giveUpAll(estate, graceMs)
  stop(estate)
  await membership.leave().catch(onError)
}

/** Another process has the name of this node, and in the log the partitions are of that name: stop serving them. */
function abandon(estate: Estate): void {
  stop(estate)
  for (const plot of estate.plots) {
    const stopServing = async (): Promise<void> => {
      await plot.work
      if (plot.phase === 'held') await giveUp(estate, plot, nobody, 0)
    }
    stopServing().catch(error => estate.options.onError(error, plot.partition))
  }
}

function stop(estate: Estate): void {
  estate.status = 'stopped'
  estate.cancelTick()
  estate.unlisten()
}
