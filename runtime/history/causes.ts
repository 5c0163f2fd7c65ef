/**
 * What led to what within a run: an index over its steps that knows, for each step, the one step it follows from.
 * So the steps of a run are a tree, and what a step set going is all that is below it. Pure; built per question.
 */
import { type Address, address } from '../../actors/address.ts'
import { addUsage, NO_USAGE, type Usage } from '../../actors/events.ts'
import type { Act, Taken } from '../../actors/journal.ts'
import type { RunStep } from '../runs.ts'

/** A message or effect that a step made. */
export interface Made {
  readonly id: string
  readonly step: RunStep
  readonly act: Act
}

export interface Causes {
  /** What was made under that id: `<actor>.<life>.<commit>.<act>`. */
  made(id: string): Made | undefined
  /** The step that an id names by its actor, life and commit, whatever its last part is. */
  stepOf(id: string): RunStep | undefined
  /** What a step took in, by id, and the step that made it; undefined where the run begins. */
  causeOf(step: RunStep): { readonly by: string; readonly step?: RunStep } | undefined
  /** What the effects whose outcome this step took in had spent. Answers of other actors count with those. */
  spentAt(step: RunStep): Usage
  /** What all that follows from a step had spent, with its own part. */
  spentBelow(step: RunStep): Usage
}

interface Index {
  readonly lives: Map<Address, string>
  readonly bySeq: Map<string, RunStep>
  readonly made: Map<string, Made>
  /** Of an effect or ask: the ask that it is done for. */
  readonly servedBy: Map<string, string>
  /** The last step about an effect or ask, while steps are read in order. */
  readonly latest: Map<string, RunStep>
  readonly replies: Map<string, Made>
  readonly spawns: Map<Address, Made>
  readonly timers: Map<string, Made>
  /** Asks that an actor of the run took. */
  readonly asked: Set<string>
  readonly causes: Map<RunStep, { readonly by: string; readonly step?: RunStep }>
}

/** `steps` are all of a run, in order. */
export function causesOf(steps: readonly RunStep[]): Causes {
  const index: Index = {
    lives: new Map(),
    bySeq: new Map(),
    made: new Map(),
    servedBy: new Map(),
    latest: new Map(),
    replies: new Map(),
    spawns: new Map(),
    timers: new Map(),
    asked: new Set(),
    causes: new Map(),
  }
  for (const step of steps) note(index, step)
  const totals = totalsOf(index, steps)
  return {
    made: id => index.made.get(id),
    stepOf: id => stepNamedBy(index, id),
    causeOf: step => index.causes.get(step),
    spentAt: step => spentAt(index, step),
    spentBelow: step => totals.get(step) ?? NO_USAGE,
  }
}

/** What the whole of a run has spent. */
export function spentByRun(steps: readonly RunStep[]): Usage {
  const causes = causesOf(steps)
  return steps.reduce((sum, step) => addUsage(sum, causes.spentAt(step)), NO_USAGE)
}

function note(index: Index, step: RunStep): void {
  const { actor, seq, taken, acts } = step.commit
  if (taken.kind === 'init') index.lives.set(actor, taken.life)
  if (taken.kind === 'message') index.asked.add(taken.cause.id)
  const cause = findCause(index, step)
  if (cause) index.causes.set(step, cause)
  index.bySeq.set(`${actor} ${seq}`, step)
  if ('intent' in taken) index.latest.set(taken.intent, step)
  let serves = servedFor(index, taken)
  acts.forEach((act, k) => {
    if (act.act === 'behalf') serves = act.of
    const made = { id: `${actor}.${index.lives.get(actor) ?? ''}.${seq}.${k}`, step, act }
    index.made.set(made.id, made)
    noteAct(index, made, serves)
  })
}

function noteAct(index: Index, made: Made, serves: string | undefined): void {
  const { act, id, step } = made
  switch (act.act) {
    case 'start':
      index.latest.set(id, step)
      if (serves !== undefined) index.servedBy.set(id, serves)
      return
    case 'reply':
    case 'fail': {
      const answers = act.cause?.id ?? serves
      if (answers !== undefined) index.replies.set(answers, made)
      return
    }
    case 'spawn':
      index.spawns.set(address(act.type, act.id), made)
      return
    case 'timer':
      index.timers.set(`${step.commit.actor} ${act.id ?? id}`, made)
  }
}

const servedFor = ({ servedBy }: Index, taken: Taken): string | undefined =>
  'cause' in taken ? taken.cause?.id : 'intent' in taken ? servedBy.get(taken.intent) : undefined

function findCause(index: Index, { commit }: RunStep): { by: string; step?: RunStep } | undefined {
  const { actor, seq, taken } = commit
  const by = (id: string, step: RunStep | undefined) => ({ by: id, ...(step && { step }) })
  switch (taken.kind) {
    case 'message':
      return by(taken.cause.id, stepNamedBy(index, taken.cause.id))
    case 'timer': {
      const set = index.timers.get(`${actor} ${taken.id}`)
      return by(set?.id ?? taken.id, set?.step)
    }
    case 'result':
    case 'failure': {
      const reply = index.replies.get(taken.intent)
      return reply ? by(reply.id, reply.step) : by(taken.intent, index.latest.get(taken.intent))
    }
    case 'attempt-failed':
    case 'retry':
    case 'parked':
      return by(taken.intent, index.latest.get(taken.intent))
    case 'late': {
      const reply = index.replies.get(taken.ask)
      return by(reply?.id ?? taken.ask, reply?.step ?? stepNamedBy(index, taken.ask))
    }
    case 'init': {
      const spawn = index.spawns.get(actor)
      return spawn && by(spawn.id, spawn.step)
    }
    default: {
      const before = index.bySeq.get(`${actor} ${seq - 1}`)
      return before && by(`${actor}.${index.lives.get(actor) ?? ''}.${seq - 1}`, before)
    }
  }
}

function stepNamedBy({ bySeq, lives }: Index, id: string): RunStep | undefined {
  const [actor = '', life, seq] = id.split('.')
  return lives.get(actor as Address) === life ? bySeq.get(`${actor} ${seq}`) : undefined
}

function spentAt(index: Index, { commit }: RunStep): Usage {
  const { taken, spent = {} } = commit
  // A commit may tell of one intent twice: as what it took in, and among what it stopped.
  const known = new Map<string, Usage>(Object.entries(spent))
  if ('usage' in taken && 'intent' in taken && taken.usage && !known.has(taken.intent))
    known.set(taken.intent, taken.usage)
  let sum = NO_USAGE
  // What an ask cost was spent by the effects of whoever answered it, and stands there.
  for (const [intent, usage] of known) if (!index.asked.has(intent)) sum = addUsage(sum, usage)
  return sum
}

/** A step comes after what it follows from, so that one pass from the end adds everything up. */
function totalsOf(index: Index, steps: readonly RunStep[]): Map<RunStep, Usage> {
  const totals = new Map(steps.map(step => [step, spentAt(index, step)]))
  for (const step of steps.toReversed()) {
    const parent = index.causes.get(step)?.step
    const own = totals.get(step)
    if (parent && own) totals.set(parent, addUsage(totals.get(parent) ?? NO_USAGE, own))
  }
  return totals
}
