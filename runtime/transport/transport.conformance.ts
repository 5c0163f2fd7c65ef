/**
 * What every transport must do, as one suite over a factory: the in-process bus and NATS pass the same one.
 * Each test uses subjects of its own, so the factory may hand out connections to one shared server. Waits
 * are real and short, because a server's clock cannot be driven.
 */
import { type TestSuite, testSuite } from '../testkit/suite.ts'
import { DELIVERY } from '../testkit/transport-delivery.ts'
import { ENDINGS, REFUSALS } from '../testkit/transport-endings.ts'
import { REQUESTS } from '../testkit/transport-requests.ts'
import type { HandlerErrorListener, Transport } from './transport.ts'

/** Several connections to one bus. */
export interface TransportBench {
  connect(): Promise<Transport>
  /** Closes the connections made and whatever they were connected to. */
  close(): Promise<void>
}

/** The suite for one implementation. The caller may add tests of its own, and must call `run()`. */
export function transportConformance(
  name: string,
  factory: (onError: HandlerErrorListener) => Promise<TransportBench>,
): TestSuite {
  const test = testSuite(name)
  const prefix = `ac.t${process.pid}${Date.now().toString(36)}`
  Object.entries({ ...DELIVERY, ...REQUESTS, ...REFUSALS, ...ENDINGS }).forEach(([title, scenario], i) => {
    test(title, async () => {
      const errors: unknown[] = []
      const bench = await factory(error => void errors.push(error))
      try {
        await scenario({ ...bench, at: rest => `${prefix}.n${i}.${rest}` }, errors)
      } finally {
        await bench.close()
      }
    })
  })
  return test
}
