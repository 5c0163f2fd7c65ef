/**
 * Simulated effects: a language model or a tool on the other side of a wire. Each call takes simulated time, is
 * written into the ledger, and can be slow, refused with 429, answered with garbage, answered with 500, or never
 * answered. A call whose caller dies or gives up has happened or not, and never happens afterwards.
 */
import { type EffectClass, type EffectContext, type EffectLogic, effect } from '../../../actors/effect.ts'
import { type ErrorKind, RuntimeError } from '../../../actors/errors.ts'
import type { Usage } from '../../../actors/events.ts'
import { toPlain } from '../../../actors/plain.ts'
import type { Faults } from './faults.ts'
import type { Incarnation } from './host.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import type { Prng } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface SimulatedEffect<Input, Output> {
  readonly class: EffectClass
  /** What the world does and answers. Called once per happening; for `idempotent`, once per key. */
  run(input: Input, context: EffectContext): Output
  /** The longest a call takes when nothing is wrong, ms. Default 200. */
  readonly latencyMs?: number
  readonly timeoutMs?: number
  /** What one call costs: reserved before, spent when it happens. */
  readonly usage?: Usage
}

export interface OutsideOptions {
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly faults: Faults
  readonly ledger: Ledger
}

/** An effect for `setup({ actors })` of a machine that runs in this life of the node. */
export function simulatedEffect<Input, Output>(
  outside: OutsideOptions,
  life: Incarnation,
  name: string,
  spec: SimulatedEffect<Input, Output>,
): EffectLogic<Input, Output> {
  const { ledger } = outside
  const { usage, timeoutMs } = spec
  const about = { name, class: spec.class, life: life.name }
  return effect<Input, Output>({
    class: spec.class,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(usage && { reserve: () => usage }),
    run: (input, context) => call(outside, life, { name, spec, input, context }),
    ...(spec.class === 'verifiable' && {
      check: async (key: string) => {
        await reach(outside, life, 'effect.check')
        const found = ledger.outcome(key)
        ledger.add({ ...about, kind: 'checked', key, done: found !== undefined })
        return found ? { done: true, output: found.output as Output } : { done: false }
      },
    }),
    ...(spec.class === 'compensable' && {
      undo: async (key: string) => {
        await reach(outside, life, 'effect.undo')
        ledger.setOutcome(key, undefined)
        ledger.add({ ...about, kind: 'undone', key })
      },
    }),
  })
}

interface Call<Input, Output> {
  readonly name: string
  readonly spec: SimulatedEffect<Input, Output>
  readonly input: Input
  readonly context: EffectContext
}

const reach = ({ scheduler, random }: OutsideOptions, life: Incarnation, what: string): Promise<void> =>
  new Promise(resolve => void scheduler.at(scheduler.now + random.between(1, 50), life, what, resolve))

type Fate = 'fine' | 'slow' | 'rate-limited' | 'garbage' | 'hang' | 'error'

function fateOf(faults: Faults): Fate {
  if (faults.hit('model.rate-limit')) return 'rate-limited'
  if (faults.hit('model.hang')) return 'hang'
  if (faults.hit('model.error')) return 'error'
  if (faults.hit('model.garbage')) return 'garbage'
  return faults.hit('model.slow') ? 'slow' : 'fine'
}

const HALF_AN_HOUR_MS = 1_800_000

/** One attempt. Rejects as the world answers, or with the signal's reason. */
function call<Input, Output>(
  outside: OutsideOptions,
  life: Incarnation,
  made: Call<Input, Output>,
): Promise<Output> {
  const { scheduler, random, faults, ledger } = outside
  const { name, spec, input, context } = made
  const { key, signal } = context
  const about = {
    key,
    name,
    class: spec.class,
    life: life.name,
    actor: context.actor,
    attempt: context.attempt,
  }
  const late = lateness(life, context)
  ledger.add({ ...about, kind: 'started', input: toPlain(input ?? null), ...(late && { late }) })
  const fate = fateOf(faults)

  return new Promise<Output>((resolve, reject) => {
    let open = true
    let happened = false
    const close = (entry: Pick<LedgerEntry, 'kind' | 'error'>): boolean => {
      if (!open) return false
      open = false
      signal.removeEventListener('abort', onAbort)
      ledger.add({ ...about, ...entry })
      return true
    }
    const happen = (): void => {
      happened = true
      happens(outside, about, made)
    }
    /** Nobody waits any more: it reached the other side, or it did not. */
    const lose = (): void => {
      if (open && !happened && fate !== 'rate-limited' && random.chance(0.5)) happen()
      close({ kind: 'lost' })
    }
    const onAbort = (): void => {
      lose()
      reject(signal.reason)
    }
    const refuse = (error: RuntimeError): void => {
      if (close({ kind: 'failed', error: error.kind })) reject(error)
    }
    const answer = (): void => {
      if (!open) return
      if (fate === 'garbage') refuse(nonsense(name))
      else if (fate === 'error') refuse(broken(name))
      else if (close({ kind: 'completed' })) resolve(ledger.outcome(key)?.output as Output)
    }
    const after = (ms: number, what: string, run: () => void): void =>
      void scheduler.at(scheduler.now + ms, life, what, () => open && run())

    life.onDeath(lose)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    // Signs of progress: also moments at which the node may die while the call is under way.
    for (let i = random.below(4); i > 0; i--)
      after(random.between(0, 400), `progress ${name}`, () => context.progress())
    const longest = fate === 'slow' ? HALF_AN_HOUR_MS : (spec.latencyMs ?? 200)
    const there = random.between(0, longest)
    if (fate === 'hang') return
    if (fate === 'rate-limited') {
      after(there, `429 ${name}`, () => refuse(limited(name, random.between(100, 5_000))))
      return
    }
    after(there, `effect ${name}`, () => {
      // Of a 500 nobody knows on which side of the work it broke.
      if (fate !== 'error' || random.chance(0.5)) happen()
      after(random.between(0, longest), `answer ${name}`, answer)
    })
  })
}

function happens<Input, Output>(
  { ledger }: OutsideOptions,
  about: Omit<LedgerEntry, 'order' | 'at' | 'kind'>,
  { spec, input, context }: Call<Input, Output>,
): void {
  const { key } = context
  const { usage } = spec
  const repeated = spec.class === 'idempotent' && ledger.outcome(key)
  ledger.add({ ...about, kind: 'happened', ...(usage && { usage }) })
  if (usage) context.spent(usage)
  if (!repeated) ledger.setOutcome(key, toPlain(spec.run(input, context) ?? null))
}

function lateness(life: Incarnation, { deadline, signal }: EffectContext): LedgerEntry['late'] {
  if (signal.aborted) return 'cancelled'
  return deadline !== undefined && life.host.clock.now() >= deadline ? 'deadline' : undefined
}

const failure = (kind: ErrorKind, message: string, retryAfterMs?: number): RuntimeError =>
  new RuntimeError(kind, message, retryAfterMs === undefined ? {} : { retryAfterMs })

const limited = (name: string, retryAfterMs: number): RuntimeError =>
  failure('rate-limited', `"${name}" answered 429`, retryAfterMs)
const broken = (name: string): RuntimeError => failure('model-failed', `"${name}" answered 500`)
const nonsense = (name: string): RuntimeError => failure('schema-invalid', `"${name}" answered garbage`)
