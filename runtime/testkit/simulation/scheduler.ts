/**
 * The one place where simulated time passes and where something runs: deferred tasks, timers and completions of
 * I/O all wait here, and a seed picks which of those that are ready is next. It never waits itself: whoever drives
 * it calls `step`, then `drain`. What was scheduled for an owner that is dead is dropped.
 */
import { createHash } from 'node:crypto'
import type { Cancel } from '../../../actors/clock.ts'
import type { Prng } from './prng.ts'
import { type Timed, timeline } from './timeline.ts'

/** Whose a task is: one life of a node, or the world around it. */
export interface Owner {
  readonly name: string
  readonly alive: boolean
  /** A process that stands still: nothing of it runs before. */
  heldUntil?: number
}

export interface Scheduler {
  /** Milliseconds since the epoch: true time, which clocks of nodes may differ from. */
  readonly now: number
  /** Tasks run so far. */
  readonly picks: number
  /** Whether anything is left to run, now or later. */
  readonly waiting: boolean
  /** Ready at once, among all that is ready. */
  soon(owner: Owner, what: string, run: () => void): Cancel
  /** Ready at `due`; at once when that is past. */
  at(due: number, owner: Owner, what: string, run: () => void): Cancel
  /** Runs one ready task, going on to the time of the next one when none is ready. False when nothing waits until `until`. */
  step(until?: number): boolean
  /** Lets time pass while what is ready stays where it is: a process that hangs, or one that is down. */
  pass(ms: number): void
  /** Resolves when no promise has anything left to do. */
  drain(): Promise<void>
  /** SHA-256 over (time, what, whose) of every task run so far, and of what was noted. */
  hash(): string
  /** Adds something to the hash, and to the trace. */
  note(what: string, who: string): void
}

export interface SchedulerOptions {
  readonly random: Prng
  /** Default: 1 January 2026. */
  readonly start?: number
  /** Told of every task before it runs. */
  readonly trace?: (line: string) => void
}

interface Task extends Timed {
  due: number
  readonly owner: Owner
  readonly what: string
  readonly run: () => void
  cancelled: boolean
}

/** Turns of the event loop cost more than ticks, and none at all would keep the process from ever doing anything else. */
const TURN_EVERY = 256

export function scheduler({ random, start = Date.UTC(2026, 0, 1), trace }: SchedulerOptions): Scheduler {
  const ready: Task[] = []
  const later = timeline<Task>()
  const record = tracer(trace)
  let now = start
  let order = 0
  let picks = 0

  const add = (due: number, owner: Owner, what: string, run: () => void): Cancel => {
    const task: Task = { due, order: order++, owner, what, run, cancelled: false }
    if (due <= now) ready.push(task)
    else later.add(task)
    return () => {
      task.cancelled = true
    }
  }
  const lives = (task: Task): boolean => !task.cancelled && task.owner.alive
  const ripen = (): void => {
    for (let task = later.first(); task && task.due <= now; task = later.first()) {
      later.removeFirst()
      if (lives(task)) ready.push(task)
    }
  }
  const pick = (): Task | undefined => {
    while (ready.length > 0) {
      const at = random.below(ready.length)
      const task = ready[at] as Task
      const last = ready.pop() as Task
      if (at < ready.length) ready[at] = last
      if (!lives(task)) continue
      const { heldUntil = now } = task.owner
      if (heldUntil <= now) return task
      task.due = heldUntil
      later.add(task)
    }
    return undefined
  }
  const advance = (until: number): Task | undefined => {
    for (let task = later.first(); task && task.due <= until; task = later.first()) {
      later.removeFirst()
      if (!lives(task)) continue
      now = Math.max(now, task.due)
      ready.push(task)
      ripen()
      const picked = pick()
      if (picked) return picked
    }
    return undefined
  }

  return {
    get now() {
      return now
    },
    get picks() {
      return picks
    },
    get waiting() {
      return ready.some(lives) || later.some(lives)
    },
    soon: (owner, what, run) => add(now, owner, what, run),
    at: add,
    step(until = Number.POSITIVE_INFINITY) {
      const task = pick() ?? advance(until)
      if (!task) return false
      picks++
      record.add(now, task.what, task.owner.name)
      task.run()
      return true
    },
    pass(ms) {
      now += ms
      ripen()
    },
    drain: () => settled(picks % TURN_EVERY === 0),
    hash: record.hash,
    note: (what, who) => record.add(now, what, who),
  }
}

/** A tick comes after all microtasks, also those that they cause. */
const settled = (aTurn: boolean): Promise<void> =>
  new Promise(resolve => {
    if (aTurn) setImmediate(resolve)
    else process.nextTick(resolve)
  })

function tracer(trace: ((line: string) => void) | undefined) {
  const hash = createHash('sha256')
  let pending = ''
  const flush = (): void => {
    hash.update(pending)
    pending = ''
  }
  return {
    add(now: number, what: string, who: string): void {
      const line = `${now} ${what} ${who}`
      trace?.(line)
      pending += `${line}\n`
      if (pending.length > 8_192) flush()
    },
    hash(): string {
      flush()
      return hash.copy().digest('hex')
    },
  }
}
