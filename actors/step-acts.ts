/**
 * What XState decided in one step, as acts: data that is committed first and carried out then. Whatever an act
 * could not be carried out with (an address that is none, a reserved type) is refused here, before the commit,
 * so that carrying out cannot fail halfway. Used by `behaviour.ts` alone.
 */
import { parseAddress, token } from './address.ts'
import { checkMessageType, refuseReserved } from './envelope.ts'
import { isWireError, RuntimeError } from './errors.ts'
import type { Act } from './journal.ts'
import { isOutputName, type OutputName, SIGNALS } from './machine.ts'
import { type Plain, toPlain } from './plain.ts'

/** An action that XState resolved: its own by their `xstate.` names, ours by the names of `outputs`. */
export interface Executable {
  readonly type: string
  readonly params: unknown
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The act behind an action, or undefined for one that is done already. `now` in ms since the epoch.
 * Throws `machine-unsupported`, `not-plain-data`, and what the checks of addresses and message types throw.
 */
export function toAct(action: Executable, now: number): Act | undefined {
  if (isOutputName(action.type)) return toOutput(action.type, action.params)
  const params = (action.params ?? {}) as Fields
  switch (action.type) {
    case 'xstate.spawnChild':
      return toStart(params)
    case 'xstate.stopChild':
      // XState resolves a child that is gone already to nothing.
      return action.params === undefined ? undefined : { act: 'stop', child: String(params['id']) }
    case 'xstate.raise':
      // Without a delay, the event was taken within this very step.
      return params['delay'] === undefined ? undefined : toTimer(params, now)
    case 'xstate.cancel':
      return { act: 'cancel', id: String(params['sendId']) }
    case 'xstate.emit': {
      const event = params['event'] as { type: string }
      return {
        act: 'publish',
        kind: checkMessageType(event.type),
        body: toPlain(event, `event ${event.type}`),
      }
    }
    default:
      throw unsupported(`action "${action.type}" is not one the runtime knows`)
  }
}

function toStart({ id, actorRef, src, input, systemId }: Fields): Act {
  if (typeof src !== 'string' || !actorRef)
    throw unsupported('a child is spawned from logic that setup({ actors }) does not name')
  // Without one XState makes up an id of its own, and a replay would make up another.
  if (id === undefined) throw unsupported(`a child is spawned from "${src}" without an id`)
  if (systemId !== undefined) throw unsupported(`a child is spawned from "${src}" with a systemId`)
  // The parameter may still be a function of the context; the actor that XState made has its value.
  const child = String((actorRef as { id: unknown }).id)
  return { act: 'start', child, src, input: toPlain(input ?? null, `input of ${src}`) }
}

function toTimer({ id, delay, event }: Fields, now: number): Act {
  if (!Number.isFinite(delay)) throw unsupported(`a delay of ${String(delay)} ms has no end`)
  const raised = toPlain(event, 'raised event') as { type: string }
  return {
    act: 'timer',
    ...(id !== undefined && { id: String(id) }),
    due: now + Number(delay),
    event: raised,
  }
}

function toOutput(name: OutputName, given: unknown): Act {
  const params = toPlain(given ?? {}, name) as { readonly [key: string]: Plain }
  OUTPUTS[name](params)
  if (name === 'control') return { body: null, ...params, act: 'tell', control: true } as unknown as Act
  // One spread: this runs for each message that is sent.
  return (BODIED.has(name)
    ? { body: null, ...params, act: name }
    : { ...params, act: name }) as unknown as Act
}

const BODIED: ReadonlySet<OutputName> = new Set(['tell', 'reply', 'publish', 'signal'])

type Check = (params: Fields) => void

const isText = (value: unknown): value is string => typeof value === 'string'

const OUTPUTS: Readonly<Record<OutputName, Check>> = {
  tell({ to, type }) {
    parseAddress(to as string)
    refuseReserved(checkMessageType(type))
  },
  control({ to, type }) {
    parseAddress(to as string)
    checkMessageType(type)
  },
  reply() {},
  fail({ error }) {
    if (!isWireError(error)) throw unsupported('"fail" is given something that is no error in its wire form')
  },
  behalf({ of }) {
    if (!isText(of)) throw unsupported('"behalf" is not given the id of a message')
  },
  spawn({ type, id }) {
    token(type as string, 'actor type')
    token(id as string, 'actor id')
  },
  publish({ kind }) {
    checkMessageType(kind)
  },
  direct({ child, directive }) {
    parseAddress(child as string)
    if (!isText(directive) || !DIRECTIVES.has(directive))
      throw unsupported(`"${String(directive)}" is not a directive`)
  },
  signal({ name }) {
    if (!isText(name) || !SIGNALS.has(name)) {
      throw new RuntimeError('machine-unsupported', `"${String(name)}" is not a signal`, {
        fix: `use one of ${[...SIGNALS].join(', ')}, or publish it`,
      })
    }
  },
}

const DIRECTIVES: ReadonlySet<string> = new Set(['resume', 'restart', 'stop', 'escalate'])

export const unsupported = (problem: string): RuntimeError =>
  new RuntimeError('machine-unsupported', problem, {
    fix: 'declare effects with effect(), speak with the named actions of `outputs`',
  })
