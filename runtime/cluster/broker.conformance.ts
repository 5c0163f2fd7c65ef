/**
 * What every broker must do, as one suite over a factory: JetStream and the simulation pass the same one. Each test has
 * a namespace of its own, so the factory may use one server for all. Waits are real and short.
 */
import { LOG } from '../testkit/broker-log.ts'
import { ENDINGS, MAILBOXES } from '../testkit/broker-mailboxes.ts'
import { BOUND } from '../testkit/broker-scenario.ts'
import { type TestSuite, testSuite } from '../testkit/suite.ts'
import type { Broker } from './broker.ts'

/** Several clients of one broker. */
export interface BrokerBench {
  connect(): Promise<Broker>
  /** Closes the clients made, and what was made for them. */
  close(): Promise<void>
}

export interface BenchOptions {
  readonly namespace: string
  readonly mailboxBound: number
}

/** The suite for one implementation. The caller may add tests of its own, within `limitMs` each, and must call `run()`. */
export function brokerConformance(
  name: string,
  factory: (options: BenchOptions) => Promise<BrokerBench>,
  { limitMs = 20_000 }: { readonly limitMs?: number } = {},
): TestSuite {
  const test = testSuite(name, { limitMs })
  const run = `${process.pid}${Date.now().toString(36)}`
  Object.entries({ ...LOG, ...MAILBOXES, ...ENDINGS }).forEach(([title, scenario], i) => {
    test(title, async () => {
      const namespace = `c${run}n${i}`
      const bench = await factory({ namespace, mailboxBound: BOUND })
      try {
        const [first, second] = [await bench.connect(), await bench.connect()]
        await scenario({ first, second, at: rest => `ac.${namespace}.${rest}` })
      } finally {
        await bench.close()
      }
    })
  })
  return test
}
