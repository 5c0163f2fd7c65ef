/** Actors that ask each other in a chain, and one at its end that never answers. For tests of what travels along. */
import { type Address, address } from '../../actors/address.ts'
import type { EffectContext } from '../../actors/effect.ts'
import { asker, worker } from './sample-actors.ts'
import type { TestRuntime } from './test-runtime.ts'

/** The body that makes `asker` number 1 ask number 2, and so on, and the last one ask `to`. */
const through = (ids: readonly string[], to: Address, type: string, body: unknown = null): unknown =>
  ids.reduceRight<unknown>((inner, id) => ({ to: address('asker', id), type: 'ask.on', body: inner }), {
    to,
    type,
    body,
  })

/** Asks `to` through a chain of askers, which are spawned for it. */
export async function askThrough(
  runtime: TestRuntime,
  ids: readonly string[],
  to: Address,
  type: string,
  body?: unknown,
  options = {},
) {
  const [first, ...rest] = await Promise.all(ids.map(id => runtime.spawn(asker(), { id })))
  return {
    answer: runtime.ask(
      first as Address,
      'ask.on',
      through(
        rest.map(each => each.slice('asker/'.length)),
        to,
        type,
        body,
      ),
      options,
    ),
  }
}

/** A worker that never ends, and what its effect was given. */
export function endless() {
  const contexts: EffectContext[] = []
  const behaviour = worker((_, context) => {
    contexts.push(context)
    return new Promise(() => {})
  })
  return { behaviour, contexts }
}
