/**
 * Machines for tests, written without XState's types: half of what the tests hand in is wrong on purpose, and
 * the rest reads better as a literal. Every named action of `outputs` is declared.
 */
import { type AnyStateMachine, ask, outputs, setup } from '../../actors/machine.ts'

/** What an action, guard or input function of a loose machine gets. */
export interface Seen {
  readonly context: Readonly<Record<string, never>>
  readonly event: Readonly<Record<string, never>>
}

type Literal = Readonly<Record<string, unknown>>

export interface Declared {
  readonly actors?: Literal
  readonly actions?: Literal
  readonly guards?: Literal
  readonly delays?: Literal
}

/** A machine of `config` with `declared` besides `ask` and the named actions. */
export const looseMachine = (config: Literal, declared: Declared = {}): AnyStateMachine =>
  setup({
    actors: { ask, ...declared.actors },
    actions: { ...outputs, ...declared.actions },
    guards: declared.guards ?? {},
    delays: declared.delays ?? {},
  } as never).createMachine({ context: {}, ...config } as never) as unknown as AnyStateMachine
