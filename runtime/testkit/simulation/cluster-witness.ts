/**
 * What a simulated cluster promised, read off the logs of its partitions as they are written: who owned what when, the
 * commits of all actors, and what the stores of each partition hold by them. It outlives every node and what the
 * broker forgets. Whoever starts an effect is asked by it whether it may.
 */
import type { Address } from '../../../actors/address.ts'
import type { Commit } from '../../../actors/journal.ts'
import { openRecord } from '../../../memory/chained-record.ts'
import { decodeCommit } from '../../../memory/encoder.ts'
import { readKey } from '../../../memory/journal-keys.ts'
import type { Op } from '../../../memory/level.ts'
import type { Stored } from '../../cluster/broker.ts'
import { decodeOps, type Entry, readEntry } from '../../cluster/log/entry.ts'
import { partitionOf } from '../../cluster/placement.ts'
import { journalCodec } from '../../data-directory.ts'
import type { Violation } from './invariants.ts'
import type { LedgerEntry } from './ledger.ts'
import type { Witnessed } from './recorder.ts'

export interface Reign {
  readonly partition: number
  readonly epoch: number
  /** Undefined while nobody owns it. */
  readonly life: string | undefined
}

export interface ClusterWitness {
  /** Every life of every actor, in the order of their beginning. */
  readonly lives: readonly Witnessed[]
  /** By intent: when its result was stored first. */
  readonly results: ReadonlyMap<string, number>
  /** Ids of dead letters. */
  readonly dead: Set<string>
  readonly broken: readonly string[]
  readonly violations: readonly Violation[]
  /** Entries of `started` by a life whose partition was another's by then. */
  readonly zombies: ReadonlySet<string>
  /** Something was written to the log. */
  stored(stored: Stored): void
  /** Whoever wrote it knows. */
  acknowledged(subject: string): void
  /** The broker lost everything: what nobody was told of is not promised. */
  wiped(): void
  /** A life begins an attempt. */
  started(entry: Omit<LedgerEntry, 'order' | 'at'>): void
  reign(partition: number): Reign
  /** How often a partition got an owner. */
  readonly takeovers: number
  /** What the journal of a partition holds, by key. */
  contents(partition: number): ReadonlyMap<string, Uint8Array>
  /** Told of every entry of changes, as it is stored: by whom. */
  onCommit: (life: string) => void
}

interface Estate {
  readonly partition: number
  reigns: Reign[]
  readonly values: Map<string, Uint8Array>
  /** The last entry, while whoever wrote it does not know. */
  open: Pending | undefined
  /** It was on the way to its writer when the broker forgot it. */
  doubtful: Pending | undefined
}

interface Pending {
  readonly subject: string
  readonly ops: readonly Op[]
  readonly epoch: number
  readonly before: readonly (readonly [key: string, value: Uint8Array | undefined])[]
  readonly commits: readonly Commit[]
}

interface Memory {
  readonly order: () => number
  readonly lives: Witnessed[]
  readonly current: Map<Address, Witnessed>
  readonly results: Map<string, number>
  /** By intent: the epoch in which it was stored. */
  readonly intents: Map<string, number>
  readonly broken: string[]
  readonly violations: Violation[]
  readonly zombies: Set<string>
}

const JOURNAL = 's!journal!'
const codec = journalCodec()

/** `order` counts everything that is witnessed. */
export function clusterWitness(order: () => number): ClusterWitness {
  const memory: Memory = {
    order,
    lives: [],
    current: new Map(),
    results: new Map(),
    intents: new Map(),
    broken: [],
    violations: [],
    zombies: new Set(),
  }
  const estates = new Map<number, Estate>()
  const estateOf = (partition: number): Estate => {
    const known = estates.get(partition)
    if (known) return known
    const estate: Estate = { partition, reigns: [], values: new Map(), open: undefined, doubtful: undefined }
    estates.set(partition, estate)
    return estate
  }
  const { lives, results, broken, violations, zombies } = memory
  const witness: ClusterWitness = {
    lives,
    results,
    broken,
    violations,
    zombies,
    dead: new Set(),
    stored({ subject, data }) {
      const [, , kind, partition, epoch] = subject.split('.')
      if (kind !== 'jrn') return
      const entry = readEntry(data)
      take(memory, estateOf(Number(partition)), subject, Number(epoch), entry)
      if (entry.kind === 'ops') witness.onCommit(lifeOf(entry.by.life))
    },
    acknowledged(subject) {
      const partition = Number(subject.split('.')[3])
      const estate = estateOf(partition)
      if (estate.open?.subject === subject) estate.open = undefined
      if (estate.doubtful?.subject !== subject) return
      const { ops, epoch } = estate.doubtful
      estate.doubtful = undefined
      apply(memory, estate, subject, epoch, ops)
      estate.open = undefined
    },
    wiped() {
      for (const estate of estates.values()) {
        if (!estate.open) continue
        undo(memory, estate, estate.open)
        estate.doubtful = estate.open
        estate.open = undefined
      }
    },
    started: entry => judge(memory, estateOf(partitionOf(entry.actor ?? '')), entry),
    reign: partition => reignOf(estateOf(partition)),
    get takeovers() {
      return [...estates.values()].reduce((sum, { reigns }) => sum + reigns.length, 0)
    },
    contents: partition => estateOf(partition).values,
    onCommit: () => {},
  }
  return witness
}

/** Ids end with the life that made them: see `cluster-world.ts`. */
export const lifeOf = (id: string): string => id.replace(/^.*x([a-z]+)(\d+)$/, '$1.$2')

const reignOf = ({ reigns, partition }: Estate): Reign =>
  reigns.at(-1) ?? { partition, epoch: 0, life: undefined }

function take(memory: Memory, estate: Estate, subject: string, epoch: number, entry: Entry): void {
  if (entry.kind === 'mark') return
  const now = reignOf(estate).epoch
  if (epoch !== now) {
    const what = `"${subject}" (${entry.kind}) was written by ${lifeOf(entry.by.life)} in epoch ${now}`
    memory.violations.push({ invariant: 'I3', what })
    return
  }
  if (entry.kind === 'seal') {
    const { seal, by } = entry
    const life = seal.node === undefined ? undefined : lifeOf(by.life)
    // What was there when it was sealed is there for good: whoever comes next has read it.
    estate.open = undefined
    estate.doubtful = undefined
    estate.reigns.push({ partition: estate.partition, epoch: seal.epoch, life })
    return
  }
  if (entry.more) throw new Error('the simulation makes no entry of several parts')
  estate.doubtful = undefined
  apply(memory, estate, subject, epoch, decodeOps(entry.content).ops)
}

function apply(memory: Memory, estate: Estate, subject: string, epoch: number, ops: readonly Op[]): void {
  const before: [string, Uint8Array | undefined][] = []
  const commits: Commit[] = []
  const removed = new Set<Address>()
  for (const op of ops) {
    if (!op.key.startsWith(JOURNAL)) continue
    const key = op.key.slice(JOURNAL.length)
    before.push([key, estate.values.get(key)])
    const named = readKey(key)
    if (op.type === 'del') {
      estate.values.delete(key)
      if (named && 'actor' in named && named.kind !== 'run') removed.add(named.actor)
      continue
    }
    estate.values.set(key, op.value)
    if (named && 'actor' in named) removed.delete(named.actor)
    if (named?.kind !== 'commit') continue
    const opened = openRecord(key, op.value)
    const commit = 'body' in opened ? decodeCommit(codec, opened.body, named.actor, named.seq) : undefined
    if (!commit) memory.broken.push(`commit ${named.seq} of ${named.actor} is unreadable`)
    else if (accept(memory, commit, epoch)) commits.push(commit)
  }
  for (const actor of removed) forget(memory, estate, actor)
  estate.open = { subject, ops, epoch, before, commits }
}

function undo(memory: Memory, estate: Estate, { before, commits }: Pending): void {
  for (const [key, value] of [...before].reverse()) {
    if (value) estate.values.set(key, value)
    else estate.values.delete(key)
  }
  for (const commit of commits) {
    for (const life of memory.lives) {
      const at = life.actor === commit.actor ? life.commits.indexOf(commit) : -1
      if (at >= 0) life.commits.splice(at, 1)
    }
    if ('intent' in commit.taken) memory.results.delete(commit.taken.intent)
  }
}

/** False for one that was stored before, and is written again because the broker forgot it. */
function accept(memory: Memory, commit: Commit, epoch: number): boolean {
  const { actor, seq, taken, acts } = commit
  const begins = taken.kind === 'init'
  const same = memory.current.get(actor)?.commits.find(known => known.seq === seq)
  if (same && JSON.stringify(same) === JSON.stringify(commit)) return false
  const life = begins ? begin(memory, actor, taken.life) : memory.current.get(actor)
  if (!life) {
    memory.broken.push(`commit ${seq} of ${actor} belongs to no life`)
    return false
  }
  const last = life.commits.at(-1)
  if (last && last.seq + 1 !== seq) memory.broken.push(`commit ${seq} of ${actor} came after ${last.seq}`)
  if (life.over) memory.broken.push(`commit ${seq} of ${actor} came after its end`)
  life.commits.push(commit)
  if (taken.kind === 'ended') life.over = true
  if (taken.kind === 'result' || taken.kind === 'failure') settle(memory, taken.intent)
  acts.forEach((act, k) => {
    if (act.act === 'start') memory.intents.set(`${actor}.${life.life}.${seq}.${k}`, epoch)
  })
  return true
}

function settle({ results, broken, order }: Memory, intent: string): void {
  if (results.has(intent)) broken.push(`"${intent}" has two results`)
  else results.set(intent, order())
}

function begin({ lives, current }: Memory, actor: Address, life: string): Witnessed {
  const begun: Witnessed = { actor, life, commits: [], over: false }
  lives.push(begun)
  current.set(actor, begun)
  return begun
}

function forget({ current }: Memory, { values }: Estate, actor: Address): void {
  for (const key of values.keys()) if (key.startsWith(`a!${actor}!`)) return
  const life = current.get(actor)
  if (life) life.over = true
  current.delete(actor)
}

/** I2 over owners: one that was sealed out starts at most what it had stored before, and one that gave up nothing. */
function judge(
  memory: Memory,
  estate: Estate,
  { key, life, class: of }: Omit<LedgerEntry, 'order' | 'at'>,
): void {
  const { reigns } = estate
  const wrong = (why: string): void =>
    void memory.violations.push({
      invariant: 'I2',
      what: `${of} effect "${key}" was started by ${life} ${why}`,
    })
  const at = reigns.findLastIndex(reign => reign.life === life)
  const mine = reigns[at]
  const stored = memory.intents.get(key)
  if (!mine) wrong(`which never owned partition ${estate.partition}`)
  else if (stored === undefined) wrong('before its intent was stored')
  else if (stored > mine.epoch) wrong(`of epoch ${mine.epoch}, stored in epoch ${stored}`)
  else if (at < reigns.length - 1) {
    if (reigns[at + 1]?.life === undefined) wrong(`after it had given up epoch ${mine.epoch}`)
    memory.zombies.add(`${key} ${life}`)
  }
}
