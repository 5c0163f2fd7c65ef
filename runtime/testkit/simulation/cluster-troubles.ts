/**
 * Strikes the nodes and the broker of a simulated cluster, at times that the seed says: at a random moment, or in the
 * middle of a commit. It never leaves the cluster without nodes, nor takes from the broker what only a node that is
 * not there still has: that much the cluster does not promise to bear.
 */

import { partitionLog } from '../../cluster/log/partition-log.ts'
import { PARTITIONS } from '../../cluster/placement.ts'
import { JUMP_MS, TROUBLE_NAMES, TROUBLES, type Trouble } from './cluster-faults.ts'
import type { Machine } from './cluster-machine.ts'
import { type ClusterUniverse, NAMESPACE, worldClient } from './cluster-world.ts'
import type { Prng } from './prng.ts'

export interface Troubles {
  /** No more: what is broken heals, and who is down comes back. */
  stop(): void
}

interface Siege {
  readonly made: ClusterUniverse
  readonly random: Prng
  readonly machines: Machine[]
  readonly join: () => Machine | undefined
  /** By life: strikes at one of its next commits. */
  readonly armed: Map<string, { left: number; strike: () => void }>
  /** The broker is being given back what it lost. */
  get restoring(): boolean
  set restoring(is: boolean)
  stopped: boolean
  rolling: boolean
}

const MOST_MACHINES = 5
const HEARD_MS = 2_000

/** `count` troubles within `untilMs`. */
export function besiege(
  made: ClusterUniverse,
  machines: Machine[],
  join: () => Machine | undefined,
  {
    count,
    untilMs,
    only,
  }: { readonly count: number; readonly untilMs: number; readonly only?: readonly Trouble[] },
): Troubles {
  const random = made.random.fork('troubles')
  const siege: Siege = {
    made,
    random,
    machines,
    join,
    armed: new Map(),
    get restoring() {
      return made.calm.links
    },
    set restoring(is) {
      made.calm.links = is
    },
    stopped: false,
    rolling: false,
  }
  made.witness.onCommit = life => {
    const armed = siege.armed.get(life)
    if (!armed || --armed.left > 0) return
    siege.armed.delete(life)
    armed.strike()
  }
  for (let n = 0; n < count; n++) {
    const what = draw(random, only ?? TROUBLE_NAMES)
    later(siege, random.between(500, untilMs), () => strike(siege, what))
  }
  return { stop: () => stop(siege) }
}

function draw(random: Prng, names: readonly Trouble[]): Trouble {
  const bag = names.flatMap(name => Array.from({ length: TROUBLES[name] }, () => name))
  return random.pick(bag as [Trouble])
}

const later = ({ made }: Siege, ms: number, act: () => void): void =>
  void made.scheduler.at(made.scheduler.now + ms, made.owner, 'trouble', act)

function stop(siege: Siege): void {
  const { made, machines } = siege
  siege.stopped = true
  siege.armed.clear()
  made.faults.stop()
  made.broker.setFull(false)
  for (const machine of machines) {
    machine.heal()
    if (machine.state === 'down') machine.start()
  }
}

function strike(siege: Siege, what: Trouble): void {
  if (siege.stopped) return
  // What has to be there for a while goes first.
  if (siege.restoring) later(siege, 1_000, () => strike(siege, what))
  else if (what.startsWith('broker.')) strikeBroker(siege, what)
  else if (what === 'node.join') {
    if (siege.machines.length < MOST_MACHINES && siege.join()) siege.made.faults.hit(what)
  } else if (what === 'node.rolling') roll(siege)
  else strikeNode(siege, what)
}

const present = ({ machines }: Siege): readonly Machine[] => machines.filter(({ state }) => state === 'up')

function strikeNode(siege: Siege, what: Trouble): void {
  const { made, random } = siege
  const up = present(siege)
  const victim = up[random.below(up.length)]
  if (!victim?.life) return
  const { life } = victim
  const act = (): void => {
    if (siege.stopped || siege.restoring || !life.alive) return
    made.scheduler.note(what, life.name)
    if (harm(siege, victim, what)) made.faults.hit(what)
  }
  if (random.chance(0.5)) act()
  // In the middle of a commit: it is stored, and nobody knows.
  else siege.armed.set(life.name, { left: random.between(1, 12), strike: act })
}

/** False when it cannot be. */
function harm(siege: Siege, victim: Machine, what: Trouble): boolean {
  const { random } = siege
  const isLast = present(siege).length < 2
  const back = (ms: number): void => later(siege, ms, () => !siege.stopped && victim.start())
  switch (what) {
    case 'node.crash':
      victim.kill()
      back(random.between(100, 20_000))
      return true
    case 'node.power-cut':
      victim.powerCut()
      back(random.between(1_000, 20_000))
      return true
    case 'node.disk-lost':
      victim.loseDisks()
      back(random.between(5_000, 20_000))
      return true
    case 'node.pause':
      victim.pause(random.between(1_000, 20_000))
      return true
    case 'node.drain':
      if (isLast || victim.state !== 'up') return false
      victim.drain(() => back(random.between(100, 10_000)))
      return true
    case 'node.disk-fails':
      victim.failDisk()
      // It strikes with the next write.
      return false
    default:
      harmForAWhile(siege, victim, what)
      later(siege, random.between(500, 20_000), () => victim.heal())
      return true
  }
}

function harmForAWhile({ random }: Siege, victim: Machine, what: Trouble): void {
  if (what === 'node.clock-jump') victim.jumpClock(random.between(-JUMP_MS, JUMP_MS))
  else if (what === 'cut.broker') victim.cutBroker('unreachable')
  else if (what === 'cut.held') victim.cutBroker('held')
  else if (what === 'cut.answers') victim.cutBroker('answers-lost')
  else if (what === 'cut.bus') victim.cutBus('both', random.chance(0.5))
  else if (what === 'cut.bus-in') victim.cutBus('in', false)
  else if (what === 'cut.bus-out') victim.cutBus('out', false)
  else if (what === 'cut.slow') victim.slow(random.between(50, 2_000))
  else {
    victim.cutBus('both', random.chance(0.5))
    victim.cutBroker(random.chance(0.5) ? 'unreachable' : 'held')
  }
}

function strikeBroker(siege: Siege, what: Trouble): void {
  const { made, random, machines } = siege
  const { broker, faults } = made
  made.scheduler.note(what, 'broker')
  if (what === 'broker.wiped') wipe(siege)
  else if (what === 'broker.restarted') {
    faults.hit(what)
    broker.restart()
  } else if (what === 'broker.full') {
    faults.hit(what)
    broker.setFull(true)
    later(siege, random.between(500, 8_000), () => broker.setFull(false))
  } else {
    faults.hit(what)
    for (const machine of machines) machine.cutBroker('unreachable')
    later(siege, random.between(500, 15_000), () => {
      for (const machine of machines) machine.heal()
    })
  }
}

/** Only while everything has an owner that is there, and nothing else until it has been given back. */
function wipe(siege: Siege): void {
  const { made, machines } = siege
  if (!isSettled(siege)) {
    later(siege, 1_000, () => !siege.stopped && (siege.restoring || wipe(siege)))
    return
  }
  made.faults.hit('broker.wiped')
  made.scheduler.note('wipe', 'broker')
  siege.restoring = true
  siege.armed.clear()
  for (const machine of machines) machine.heal()
  made.witness.wiped()
  made.broker.wipe()
  whenRestored(siege)
}

/** Every partition is served by the life that the log names. */
function isSettled({ made, machines }: Siege): boolean {
  const now = made.scheduler.now
  const steady = machines.filter(({ state, pausedUntil }) => state === 'up' && pausedUntil <= now)
  if (steady.length < machines.length) return false
  // A claim that is between looking and sealing would seal a log that is not the one it looked at.
  if (steady.some(one => isClaiming(one) || !hearsAll(one, steady))) return false
  return Array.from({ length: PARTITIONS }, (_, partition) => made.witness.reign(partition)).every(
    ({ partition, epoch, life }) =>
      steady.some(
        one => one.life?.name === life && one.node?.partitions.served().get(partition)?.epoch === epoch,
      ),
  )
}

const isClaiming = ({ name, node }: Machine): boolean =>
  node?.membership.members().some(member => member.node === name && member.taking.length > 0) ?? true

/** The log forgotten, who owns what is what the nodes hear of each other. */
function hearsAll({ name, node }: Machine, all: readonly Machine[]): boolean {
  const members = node?.membership.members() ?? []
  const now = members.find(member => member.node === name)?.heardAt ?? 0
  return all.every(other =>
    members.some(member => member.node === other.name && now - member.heardAt < HEARD_MS),
  )
}

function whenRestored(siege: Siege): void {
  const { made } = siege
  const broker = worldClient(made)
  const look = async (): Promise<void> => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const tip = await partitionLog({ broker, namespace: NAMESPACE, partition }).tip()
      if (tip.epoch < made.witness.reign(partition).epoch) return later(siege, 500, again)
    }
    siege.restoring = false
  }
  const again = (): void => void look()
  again()
}

/** Each in its turn hands over, ends, and comes back. */
function roll(siege: Siege): void {
  const { made, random, machines } = siege
  if (siege.rolling || machines.length < 2) return
  siege.rolling = true
  made.faults.hit('node.rolling')
  const all = [...machines]
  const next = (): void => {
    const machine = all.shift()
    if (!machine || siege.stopped) {
      siege.rolling = false
      return
    }
    if (siege.restoring || machine.state !== 'up' || present(siege).length < 2) {
      all.push(machine)
      later(siege, 1_000, next)
      return
    }
    machine.drain(() => {
      if (siege.stopped) machine.start()
      else
        later(siege, random.between(100, 2_000), () => {
          machine.start()
          later(siege, 3_000, next)
        })
    })
  }
  next()
}
