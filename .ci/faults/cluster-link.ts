/**
 * Messages between partitions over a link that loses, doubles and delays them: the post of the runtime on a simulated
 * broker and clock, in one process, so that a million of them take minutes. A fault case of `cases.ts`.
 */
import type { Address } from '../../actors/address.ts'
import { assign } from '../../actors/machine.ts'
import { addressIn, idOf, type Partition, partitions } from '../../runtime/testkit/partitions.ts'
import { reply, sample } from '../../runtime/testkit/sample-actors.ts'
import { type Prng, prng } from '../../runtime/testkit/simulation/prng.ts'
import { type FaultCase, type FaultOptions, progressOf, type Tally } from './fault-case.ts'

/** Partitions that write to each other, and actors of each kind in each. */
const PLACES = [3, 5, 8, 13] as const
const ACTORS = 2
/** Messages told at once, in one commit; every burst ends with an ask. */
const BURST = 4
const BURSTS = 40
/** Of each kind of fault. */
const CHANCE = 0.05
const DELAY_MS = 3_000
/** Simulated: a message that was lost is sent again after a second, then two, up to twenty. */
const LIMIT_MS = 10 * 60_000

/** Tells a receiver the next numbers, then asks it for an echo of the one after. */
const sender = () => {
  const number = {
    type: 'tell',
    params: ({ context }: { context: unknown }) => {
      const { to, n } = context as { to: Address; n: Readonly<Record<string, number>> }
      return { to, type: 'number.take', body: n[to] }
    },
  }
  const count = assign(({ context }: never) => {
    const { to, n } = context as { to: Address; n: Readonly<Record<string, number>> }
    return { n: { ...n, [to]: (n[to] ?? 0) + 1 } }
  })
  const choose = assign(({ event }: never) => ({ to: (event as { body: Address }).body }))
  return sample('sender', {
    context: { n: {} },
    initial: 'idle',
    states: {
      idle: {
        on: {
          'burst.send': {
            target: 'asking',
            actions: [choose, ...Array.from({ length: BURST }, () => [count, number]).flat(), count],
          },
        },
      },
      asking: {
        tags: 'busy',
        invoke: {
          src: 'ask',
          input: ({ context }: { context: unknown }) => {
            const { to, n } = context as { to: Address; n: Readonly<Record<string, number>> }
            return { to, type: 'number.take', body: n[to], timeoutMs: LIMIT_MS }
          },
          onDone: { target: 'idle', actions: reply(({ event }) => event['output']) },
          onError: {
            target: 'idle',
            actions: {
              type: 'fail',
              params: ({ event }: { event: Record<string, unknown> }) => ({ error: event['error'] }),
            },
          },
        },
      },
    },
  })
}

/** Keeps what it is told, by its sender, in order; answers what it is asked. */
const receiver = () =>
  sample('receiver', {
    context: { taken: {} },
    on: {
      'number.take': {
        actions: [
          assign(({ context, event }: never) => {
            const { taken } = context as { taken: Readonly<Record<string, readonly number[]>> }
            const { from, body } = event as { from: Address; body: number }
            return { taken: { ...taken, [from]: [...(taken[from] ?? []), body] } }
          }),
          reply(({ event }) => event['body']),
        ],
      },
    },
  })

interface Counts {
  messages: number
  faults: number
  chunks: number
  lost: number
  repeated: number
  readonly struck: Record<'lost' | 'kept twice' | 'delayed' | 'receipts lost', number>
  readonly problems: string[]
}

export interface LinkOptions extends FaultOptions {
  /** Without a receipt for that long a message is sent again, ms. Default 1,000. */
  readonly resendMs?: number
}

export async function runLink(options: LinkOptions): Promise<Tally> {
  const struck = { lost: 0, 'kept twice': 0, delayed: 0, 'receipts lost': 0 }
  const counts: Counts = { messages: 0, faults: 0, chunks: 0, lost: 0, repeated: 0, struck, problems: [] }
  const progress = progressOf({ ...options, count: 10 }, 'parts')
  for (let tenth = 0; counts.messages < options.count && counts.problems.length === 0; ) {
    await oneChunk(prng(options.seed).fork(`chunk-${++counts.chunks}`), counts, options.resendMs)
    for (; tenth < Math.min(10, Math.floor((10 * counts.messages) / options.count)); tenth++)
      progress(tenth + 1)
  }
  return {
    faults: counts.messages,
    lost: counts.lost,
    repeated: counts.repeated,
    figures: {
      'worlds of four partitions': counts.chunks,
      ...Object.fromEntries(
        Object.entries(struck).map(([what, times]) => [
          `letters ${what}`.replace('letters receipts', 'receipts'),
          times,
        ]),
      ),
    },
    problems: counts.problems.slice(0, 20),
  }
}

async function oneChunk(random: Prng, counts: Counts, resendMs = 1_000): Promise<void> {
  const world = partitions({ mailboxBound: 10_000 })
  const strikes = (what: keyof Counts['struck']) => (): boolean => {
    const struck = random.chance(CHANCE)
    if (struck) counts.struck[what]++
    return struck
  }
  world.losesLetter = strikes('lost')
  world.keepsTwice = strikes('kept twice')
  world.dropsReceipt = strikes('receipts lost')
  const delays = strikes('delayed')
  world.delaysLetter = () => (delays() ? random.between(1, DELAY_MS) : 0)
  const places = PLACES.map(number => world.found(number, { max: 4_096, resendMs }))
  for (const place of places) place.live()
  const actorsOf = (type: string) =>
    PLACES.map(number => Array.from({ length: ACTORS }, (_, n) => addressIn(number, type, `${type[0]}${n}-`)))
  const [senders, receivers] = [actorsOf('sender'), actorsOf('receiver')]
  for (const [at, { runtime }] of places.entries()) {
    for (const actor of senders[at] ?? []) await runtime.spawn(sender(), { id: idOf(actor) })
    for (const actor of receivers[at] ?? []) await runtime.spawn(receiver(), { id: idOf(actor) })
  }
  const chunk = `chunk ${counts.chunks}`
  const asks = sendAll(places, senders, receivers, (from, to, error) =>
    counts.problems.push(`${chunk}: a burst of ${from} to ${to} ended in ${error}`),
  )
  let open = true
  void asks.then(() => {
    open = false
  })
  for (let ms = 0; open && ms < LIMIT_MS; ms += 100) await world.clock.advance(100)
  // What was told last may still be on its way.
  await world.clock.advance(120_000)
  if (open) counts.problems.push(`${chunk}: not all was answered within ${LIMIT_MS} ms`)
  for (const [at, place] of places.entries())
    for (const actor of receivers[at] ?? [])
      judge(counts, chunk, place, actor, senders.filter((_, n) => n !== at).flat())
  await Promise.all(places.map(({ runtime }) => runtime.stop()))
}

/** Every sender sends its bursts to every receiver elsewhere, one after the other. */
async function sendAll(
  places: readonly Partition[],
  senders: readonly (readonly Address[])[],
  receivers: readonly (readonly Address[])[],
  wrong: (from: Address, to: Address, error: unknown) => void,
): Promise<void> {
  const sendFrom = async (place: Partition, from: Address, others: readonly Address[]): Promise<void> => {
    for (let n = 0; n < BURSTS; n++)
      for (const to of others)
        await place.runtime
          .ask(from, 'burst.send', to, { timeoutMs: 2 * LIMIT_MS })
          .catch(error => wrong(from, to, error))
  }
  await Promise.all(
    places.flatMap((place, at) =>
      (senders[at] ?? []).map(from => sendFrom(place, from, receivers.filter((_, n) => n !== at).flat())),
    ),
  )
}

/** A receiver must have 1, 2, 3 … of everybody. */
function judge(
  counts: Counts,
  chunk: string,
  place: Partition,
  actor: Address,
  senders: readonly Address[],
): void {
  const context = place.runtime.snapshot(actor)?.context as {
    taken: Readonly<Record<string, readonly number[]>>
  }
  const total = BURSTS * (BURST + 1)
  for (const from of senders) {
    const taken = context.taken[from] ?? []
    const different = new Set(taken)
    const [lost, repeated] = [total - different.size, taken.length - different.size]
    counts.lost += lost
    counts.repeated += repeated
    // Every fifth is an ask, whose answer is a message too.
    counts.messages += different.size + BURSTS
    if (lost > 0 || repeated > 0)
      counts.problems.push(`${chunk}: of ${from} ${actor} lacks ${lost} and has ${repeated} twice`)
    else if (taken.some((n, i) => n !== i + 1))
      counts.problems.push(`${chunk}: ${actor} has those of ${from} in disorder`)
  }
  for (const letter of place.runtime.deadLetters())
    counts.problems.push(`${chunk}: a dead letter: ${JSON.stringify(letter).slice(0, 300)}`)
}

export const clusterLink: FaultCase = {
  name: 'cluster-link',
  title: 'Messages between partitions over a bad link',
  count: 1_000_000,
  how: `Actors of four partitions tell and ask each other over the post of the runtime, on a simulated broker and clock
in one process. Of all letters one in twenty is acknowledged by the broker and lost, one in twenty is kept twice, one in
twenty is handed over up to 3 seconds later, so that those behind overtake it, and one receipt in twenty is lost; a letter
without a receipt is sent again after a second or more. Every receiver must have everything of everybody once and in order. The
number injected counts messages, answers among them.`,
  run: runLink,
}
