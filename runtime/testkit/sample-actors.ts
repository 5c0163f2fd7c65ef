/**
 * Small actors to test a runtime with: one that answers, one that does an effect, one that asks another, one
 * that takes notes and breaks on demand. And how to wait for what a promise comes to without waiting long.
 */
import { type Behaviour, type BehaviourDefinition, defineBehaviour } from '../../actors/behaviour.ts'
import { type EffectSpec, effect } from '../../actors/effect.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { assign } from '../../actors/machine.ts'
import { type Declared, looseMachine, type Seen } from './loose-machine.ts'

/** A behaviour of a loose machine. */
export const sample = (
  type: string,
  config: Readonly<Record<string, unknown>>,
  declared: Declared = {},
  more: Partial<BehaviourDefinition> = {},
): Behaviour => defineBehaviour({ type, machine: looseMachine(config, declared), ...more })

export const reply = (body: (seen: Seen) => unknown) => ({
  type: 'reply',
  params: (seen: Seen) => ({ body: body(seen) }),
})

export const fail = { type: 'fail', params: ({ event }: Seen) => ({ error: event['error'] }) }

/** Answers `echo.say` with what was said. */
export const echo = (more: Partial<BehaviourDefinition> = {}): Behaviour =>
  sample('echo', { on: { 'echo.say': { actions: reply(({ event }) => event['body']) } } }, {}, more)

type Run = EffectSpec<never, unknown>['run']

/** Does `run` for each `work.do`, one after the other, and answers with what it returns or how it failed. */
export const worker = (
  run: Run,
  spec: Partial<Omit<EffectSpec<never, unknown>, 'run'>> = {},
  more: Partial<BehaviourDefinition> = {},
): Behaviour =>
  sample(
    'worker',
    {
      initial: 'idle',
      states: {
        idle: { on: { 'work.do': 'working' } },
        working: {
          tags: 'busy',
          invoke: {
            src: 'work',
            input: ({ event }: Seen) => event['body'],
            onDone: { target: 'idle', actions: reply(({ event }) => event['output']) },
            onError: { target: 'idle', actions: fail },
          },
        },
      },
    },
    { actors: { work: effect({ class: 'pure', ...spec, run } as EffectSpec<never, unknown>) } },
    more,
  )

/** Asks as the body of `ask.on` says, and answers with the answer. */
export const asker = (): Behaviour =>
  sample('asker', {
    initial: 'idle',
    states: {
      idle: { on: { 'ask.on': 'asking' } },
      asking: {
        tags: 'busy',
        invoke: {
          src: 'ask',
          input: ({ event }: Seen) => event['body'],
          onDone: { target: 'idle', actions: reply(({ event }) => event['output']) },
          onError: { target: 'idle', actions: fail },
        },
      },
    },
  })

/**
 * Keeps the bodies of `note.add`, and answers `note.read` with them. Breaks on `note.break`, and on a note that
 * is "poison".
 */
export const notebook = (more: Partial<BehaviourDefinition> = {}): Behaviour =>
  sample(
    'notebook',
    {
      context: { notes: [] },
      on: {
        'note.add': {
          actions: assign(({ context, event }: never) => {
            const { notes } = context as { notes: readonly unknown[] }
            const { body } = event as { body: unknown }
            if (body === 'poison') throw new Error('a poisonous note')
            return { notes: [...notes, body] }
          }),
        },
        'note.read': { actions: reply(({ context }) => context['notes']) },
        'note.break': {
          actions: assign(() => {
            throw new Error('told to break')
          }),
        },
      },
    },
    {},
    more,
  )

/** A promise that a test settles when it likes. */
export interface Gate<T> {
  readonly promise: Promise<T>
  readonly open: (value: T) => void
  readonly fail: (error: unknown) => void
}

export function gate<T = void>(): Gate<T> {
  const made: { open?: (value: T) => void; fail?: (error: unknown) => void } = {}
  const promise = new Promise<T>((resolve, reject) => {
    made.open = resolve
    made.fail = reject
  })
  return { promise, open: value => made.open?.(value), fail: error => made.fail?.(error) }
}

/** What `work` comes to: its value, or the kind of its error. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : error
  }
}

/** The kind of the error that `act` throws. */
export function kindOf(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : error
  }
}

/** The error `work` ends with. */
export async function errorOf(work: Promise<unknown>): Promise<RuntimeError> {
  try {
    await work
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** What `work` has come to by now, and undefined while it has not. */
export interface Watched {
  readonly outcome: unknown
}

export function watch(work: Promise<unknown>): Watched {
  const watched: { outcome: unknown } = { outcome: undefined }
  void outcomeOf(work).then(outcome => {
    watched.outcome = outcome
  })
  return watched
}
