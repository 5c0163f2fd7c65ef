/**
 * Gives up everything before a node goes: to each of those who take over a few partitions at a time, the next when
 * those before have arrived. A partition is served until it is its turn, so nobody waits for the taking of others.
 * What is left when the time runs short is given up at once. Called by `ownership.ts`.
 */
import type { Cancel } from '../../../actors/clock.ts'
import type { Estate } from './estate.ts'
import { begin, giveUp } from './moves.ts'
import { wantedOwner } from './plan.ts'
import { isOurs, type Plot } from './plot.ts'

/** What draining may last longer than its grace. */
const MARGIN_MS = 5_000
/** Partitions on their way to one node. */
const AT_ONCE = 2
/** Whoever has not taken a partition by then is given the next all the same. */
const ARRIVE_MS = 3_000
const LOOK_MS = 250
/** Those who take over begin to get ready when they hear that this node goes: a lead of so much makes each taking short. */
const LEAD_MS = 200

/** Where partitions wait until it is their turn to be given up. */
interface Gate {
  /** Resolves when this one may be given up, with who should take it. */
  pass(plot: Plot): Promise<string | undefined>
  /** It does not go after all. */
  stay(plot: Plot): void
  close(): void
}

/** Resolves when all is given up, or the grace is over and a little. Never rejects. */
export async function giveUpAll(estate: Estate, graceMs: number): Promise<void> {
  const { clock } = estate.options
  const until = clock.now() + graceMs
  const gate = openGate(estate, clock.now() + LEAD_MS, until - graceMs / 2)
  const givenUp = estate.plots.map(async plot => {
    await plot.work
    if (isOurs(plot)) await depart(estate, plot, gate, until)
  })
  let cancel: Cancel = () => {}
  const late = new Promise<void>(resolve => {
    cancel = clock.at(until + MARGIN_MS, resolve)
  })
  await Promise.race([Promise.all(givenUp), late])
  cancel()
  gate.close()
}

/** Where something is under way nothing new is begun from now on; elsewhere, when it is its turn. */
async function depart(estate: Estate, plot: Plot, gate: Gate, until: number): Promise<void> {
  const { territory, clock } = estate.options
  const leave = async (heir: () => Promise<string | undefined>): Promise<void> => {
    begin(estate, plot, () => giveUp(estate, plot, heir, Math.max(0, until - clock.now())))
    await plot.work
  }
  if (territory.isQuiet(plot.partition)) {
    const to = await gate.pass(plot)
    if (isOurs(plot) && territory.isQuiet(plot.partition)) return leave(async () => to)
    gate.stay(plot)
  }
  // It may have been lost meanwhile.
  if (isOurs(plot)) await leave(() => gate.pass(plot))
}

/** First where nothing new is begun any more. */
const byNeed = ([a]: readonly [Plot, unknown], [b]: readonly [Plot, unknown]): number =>
  Number(b.phase === 'releasing') - Number(a.phase === 'releasing')

/** Open for a few from `openAt` on, for all from `wideAt` on. */
function openGate(estate: Estate, openAt: number, wideAt: number): Gate {
  const { membership, clock } = estate.options
  const waiting = new Map<Plot, (to: string | undefined) => void>()
  const underWay = new Map<Plot, { readonly to: string; readonly until: number }>()
  let cancelLook: Cancel = () => {}

  const look = (): void => {
    const now = clock.now()
    const members = membership.members()
    const others = members.filter(({ node }) => node !== membership.node)
    for (const [plot, { until }] of underWay) {
      const hasArrived = others.some(({ partitions }) => partitions.has(plot.partition))
      if (hasArrived || now >= until) underWay.delete(plot)
    }
    // One that may just have died is not given more.
    const listening = new Set(
      others.filter(({ heardAt }) => now - heardAt < membership.ttlMs / 2).map(({ node }) => node),
    )
    const mayTake = (to: string): boolean =>
      now >= openAt &&
      listening.has(to) &&
      [...underWay.values()].filter(one => one.to === to).length < AT_ONCE
    for (const [plot, pass] of [...waiting].sort(byNeed)) {
      const to = wantedOwner(plot.partition, members)
      if (to !== undefined && now < wideAt && !mayTake(to)) continue
      waiting.delete(plot)
      if (to !== undefined) underWay.set(plot, { to, until: now + ARRIVE_MS })
      pass(to)
    }
  }
  const tick = (): void => {
    look()
    const now = clock.now()
    cancelLook = clock.at(now < openAt ? openAt : now + LOOK_MS, tick)
  }
  const unlisten = membership.onChange(look)
  tick()
  return {
    pass: plot =>
      new Promise(resolve => {
        waiting.set(plot, resolve)
        look()
      }),
    stay(plot) {
      underWay.delete(plot)
      look()
    },
    close() {
      unlisten()
      cancelLook()
    },
  }
}
