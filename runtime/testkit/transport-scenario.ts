/** What the scenarios of the transport conformance are written with. They wait in real time, shortly. */
import * as assert from 'uvu/assert'
import { type ErrorKind, RuntimeError } from '../../actors/errors.ts'
import type { Message, Transport } from '../transport/transport.ts'
import { within } from './within.ts'

export interface Bench {
  connect(): Promise<Transport>
  /** A subject or pattern that no other test uses. */
  at(rest: string): string
}

/** `errors` fills with what the handlers of the bench's transports throw. */
export type Scenario = (bench: Bench, errors: unknown[]) => Promise<void>
export type Scenarios = Readonly<Record<string, Scenario>>

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
export const echo = ({ data, reply }: Message): void => reply?.(data)

export async function until(holds: () => boolean): Promise<void> {
  let over = false
  const wait = async (): Promise<void> => {
    while (!over && !holds()) await pause(1)
  }
  await within(3_000, wait, 'what the test waits for').finally(() => {
    over = true
  })
}

export const kindOf = (error: unknown): ErrorKind | string =>
  error instanceof RuntimeError ? error.kind : String(error)

export function throwsKind(kind: ErrorKind, act: () => unknown): void {
  let thrown: unknown
  try {
    act()
  } catch (error) {
    thrown = error
  }
  assert.is(kindOf(thrown), kind)
}

export async function refuses(kind: ErrorKind, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(() => 'nothing thrown', kindOf)
  assert.is(outcome, kind)
}
