/** What the scenarios of the broker conformance are written with. They wait in real time, shortly. */
import type { Broker, Letter, Stored } from '../cluster/broker.ts'
import { pause, text, until } from './transport-scenario.ts'

/** One test: two clients, and `at('jrn.7.1')` for `ac.<ns>.jrn.7.1`. */
export interface Scene {
  readonly first: Broker
  readonly second: Broker
  at(rest: string): string
}

export type BrokerScenarios = Readonly<Record<string, (scene: Scene) => Promise<void>>>

/** How many letters a mailbox holds in the conformance. */
export const BOUND = 5

export async function all(messages: AsyncIterable<Stored>): Promise<Stored[]> {
  const found: Stored[] = []
  for await (const message of messages) found.push(message)
  return found
}

/** What the messages say. */
export const texts = (messages: readonly { readonly data: Uint8Array }[]): string[] =>
  messages.map(({ data }) => text(data))

export const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i))

/** Collects, and keeps what comes; `done` says so at once. */
export async function collecting(broker: Broker, partition: number, { max = 100, done = false } = {}) {
  const letters: Letter[] = []
  const subscription = await broker.collect(
    partition,
    letter => {
      letters.push(letter)
      if (done) letter.done()
    },
    { max },
  )
  return { letters, subscription }
}

/** As `until`, of something that must be asked for. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  let held = false
  let over = false
  const ask = async (): Promise<void> => {
    while (!over && !held) {
      held = await holds()
      if (!held) await pause(5)
    }
  }
  const asking = ask()
  await until(() => held).finally(() => {
    over = true
  })
  await asking
}
