/**
 * What is asked of a partition about its runs and its agents, by name, and how large answers are kept small. Called by
 * `agent-node.ts`; whoever asks is hostile until its request was read here.
 */
import { token } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { textOf } from '../../runtime/cluster/actor-operations.ts'
import { answerInPages } from '../../runtime/cluster/pages.ts'
import type { Operations } from '../../runtime/cluster/partition-host.ts'
import type { OpenEffect } from '../../runtime/history/open-effects.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { AgentHost, SpawnOrder } from './agent-host.ts'
import { brief } from './run-briefs.ts'
import type { RunOrderOptions } from './run-carrier.ts'
import { readDecisions } from './run-decisions.ts'
import type { RunHost, RunOrder } from './run-host.ts'
import type { RunTexts } from './run-texts.ts'

export const agentOperations = (spawned: AgentHost): Operations => ({
  spawn: async body => spawned.spawn(body as unknown as SpawnOrder),
  stop: async body => {
    await spawned.stop(textOf(body, 'actor') as never)
    return null
  },
})

const asBrief = (record: RunRecord): Plain => brief(record) as unknown as Plain

export const runOperations = (runs: RunHost, texts: RunTexts, followedUntil: () => number): Operations => ({
  'run.start': async body => {
    const order = readOrder(body)
    // Whoever submits it is about to follow it, and would miss its beginning.
    runs.follow(order.id, followedUntil())
    return asBrief(await runs.start(order))
  },
  'run.get': async body => {
    const found = await runs.get(textOf(body, 'id'))
    return found ? asBrief(found) : null
  },
  'run.part': async body => {
    const id = textOf(body, 'id')
    return texts.part(id, placeIn(body), () => runs.get(id))
  },
  'run.list': body => answerInPages(body, after => runs.briefs(after) as AsyncIterable<never>),
  'run.follow': async body => {
    const id = textOf(body, 'id')
    const found = await runs.get(id)
    if (!found) return null
    runs.follow(id, followedUntil())
    return asBrief(found)
  },
  'run.open': async body => (await runs.open(textOf(body, 'id'))).map(shortened),
  'run.decide': async body => {
    const { decisions = null } = Object(body) as { readonly decisions?: Plain }
    return asBrief(await runs.decide(textOf(body, 'id'), readDecisions(decisions)))
  },
  'run.cancel': async body => {
    await runs.cancel(textOf(body, 'id'))
    return null
  },
})

/** Characters of an effect's input that are shown. */
const SHOWN = 4_000

/** An effect without an input that may be large. */
function shortened({ input, ...rest }: OpenEffect): Plain {
  const text = JSON.stringify(input)
  return { ...rest, input: text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : input }
}

/** A run as somebody orders it. Throws `usage`, `address-invalid` for an id that cannot stand in a subject. */
function readOrder(body: Plain): RunOrder {
  const { input, options } = Object(body) as { readonly input?: Plain; readonly options?: Plain }
  const { size, model, memory } = Object(options ?? {}) as Readonly<Record<keyof RunOrderOptions, unknown>>
  return {
    id: token(textOf(body, 'id'), 'run id'),
    workflow: textOf(body, 'workflow'),
    input: (Object(input ?? {}) === input ? input : {}) as Plain,
    options: {
      ...(Number.isSafeInteger(size) && { size: size as number }),
      ...(isName(model) && { model }),
      ...(isName(memory) && { memory }),
    },
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= 256

/** The character of a record that a part begins at. Throws `usage`. */
function placeIn(body: Plain): number {
  const { at = 0 } = Object(body) as { readonly at?: Plain }
  if (Number.isSafeInteger(at) && Number(at) >= 0) return Number(at)
  throw new RuntimeError('usage', 'a part of a record is asked for at a place that is none', {
    fix: 'run the same version of agenticraft on all nodes and clients',
  })
}
