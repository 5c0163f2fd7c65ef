/** What every partition answers about its actors, whatever it is used for. */
import { type Address, parseAddress } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Runtime } from '../create-runtime.ts'
import type { HeldAsk, HeldAsks } from './held-asks.ts'
import { letterOperations } from './letter-operations.ts'
import { answerInPages, bytesOf, ROW_BYTES } from './pages.ts'
import type { Operations, Served } from './partition-host.ts'

export function actorOperations(served: Served, asks: HeldAsks): Operations {
  const { runtime, epoch } = served
  return {
    ...letterOperations(served),
    ask: async body => (await asks.ask(readAsk(body))) as Plain,
    tell: async body => {
      const { body: content = null } = Object(body) as { readonly [key: string]: Plain }
      runtime.tell(addressOf(body, 'to'), textOf(body, 'type'), content)
      return null
    },
    withdraw: async body => {
      asks.withdraw(textOf(body, 'key'))
      return null
    },
    stop: async body => {
      const actor = addressOf(body, 'actor')
      if (!runtime.journal.known(actor) && !runtime.actors().some(({ address }) => address === actor))
        throw new RuntimeError('actor-not-found', `there is no actor ${actor}`)
      await runtime.stop(actor)
      return null
    },
    actors: body =>
      answerInPages(
        body,
        after => actorRows(runtime, after),
        actors => ({ epoch, actors }),
      ),
    dead: body => answerInPages(body, after => deadRows(runtime, after)),
  }
}

/** In the order of their addresses. */
async function* actorRows(
  runtime: Runtime,
  after: string | undefined,
): AsyncGenerator<readonly [key: string, row: Plain]> {
  const live = new Map(runtime.actors().map(status => [status.address, status]))
  for await (const { actor, rest, run } of runtime.journal.actors()) {
    if (rest === 'ended' || (after !== undefined && actor <= after)) continue
    const status = live.get(actor)
    const phase = status?.phase ?? 'asleep'
    const waiting = status?.waiting ?? 0
    yield [actor, { actor, phase, waiting, ...(run !== undefined && { run }) }]
  }
}

/** In the order of their ids. One that is as large as a message is told of without its body. */
const deadRows = (runtime: Runtime, after: string | undefined): (readonly [key: string, row: Plain])[] =>
  runtime
    .deadLetters()
    .filter(({ envelope }) => after === undefined || envelope.id > after)
    .sort((a, b) => (a.envelope.id < b.envelope.id ? -1 : 1))
    .map(letter => {
      const row = { ...letter } as unknown as Plain
      if (bytesOf(row) <= ROW_BYTES) return [letter.envelope.id, row]
      const { envelope, ...rest } = letter
      return [envelope.id, { ...rest, envelope: { ...envelope, body: null } } as unknown as Plain]
    })

function readAsk(body: Plain): HeldAsk {
  const { body: content = null, deadline } = Object(body) as { readonly [key: string]: Plain }
  if (typeof deadline !== 'number') throw wrong('deadline', 'a time in milliseconds')
  return {
    to: addressOf(body, 'to'),
    type: textOf(body, 'type'),
    body: content,
    key: textOf(body, 'key'),
    deadline,
  }
}

/** A text among the fields of a request. Throws `usage`. */
export function textOf(body: Plain, field: string): string {
  const value = (Object(body) as { readonly [key: string]: Plain })[field]
  if (typeof value === 'string' && value !== '') return value
  throw wrong(field, 'a text')
}

function addressOf(body: Plain, field: string): Address {
  const text = textOf(body, field) as Address
  parseAddress(text)
  return text
}

const wrong = (field: string, what: string): RuntimeError =>
  new RuntimeError('usage', `a request lacks ${what} as "${field}"`, {
    fix: 'run the same version of agenticraft on all nodes and clients',
  })
