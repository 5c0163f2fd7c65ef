/**
 * The consumers with which the letters of a partition are collected: making, listing and removing them. Whose turn it is
 * to collect is decided in `nats-broker-collect.ts`.
 */
import { randomBytes } from 'node:crypto'
import type { Line } from './nats-broker-line.ts'
import { API, unexpected } from './nats-broker-refusals.ts'

/** What is collected: all of one partition. */
export interface Collection {
  readonly line: Line
  readonly stream: string
  /** `ac.<ns>.mbx.<partition>.>` */
  readonly filter: string
  /** Begins the names of all consumers of this partition. */
  readonly prefix: string
}

/** A consumer that nobody asks for so long is dropped by the server, ms. */
const IDLE_MS = 5 * 60_000

/** Of making one, until letters are asked for one by one. */
const ATTEMPTS = 3
const CONFIG = {
  deliver_policy: 'all',
  ack_policy: 'none',
  max_deliver: 1,
  replay_policy: 'instant',
  mem_storage: true,
  num_replicas: 1,
  inactive_threshold: IDLE_MS * 1_000_000,
} as const

const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/**
 * Makes a consumer that begins with the oldest letter. `named` is told each name before it is tried: one that is not
 * answered for may stay so for as long as it is asked for, so every attempt has its own. Returns the name, and whether
 * there is nothing for it.
 */
export async function createConsumer(
  { line, stream, filter, prefix }: Collection,
  named: (name: string) => void,
): Promise<{ readonly name: string; readonly isEmpty: boolean }> {
  const what = `collecting ${filter}`
  const question = () => {
    const name = `${prefix}${randomBytes(8).toString('hex')}`
    named(name)
    return {
      subject: `$JS.API.CONSUMER.CREATE.${stream}.${name}.${filter}`,
      body: encode({ stream_name: stream, config: { ...CONFIG, name, filter_subject: filter } }),
    }
  }
  const {
    error,
    name = '',
    num_pending: pending,
  } = await line.ask<{ name: string; num_pending: number }>({
    ...question(),
    renew: question,
    attempts: ATTEMPTS,
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
  return { name, isEmpty: pending === 0 }
}

/** The consumers of this partition. A stream has one for each partition at most, so one page holds them all. */
export async function consumers({ line, stream, prefix }: Collection): Promise<readonly string[]> {
  const what = `the list of collectors of ${stream}`
  const { error, consumers: names } = await line.ask<{ consumers: readonly string[] | null }>({
    subject: `$JS.API.CONSUMER.NAMES.${stream}`,
    body: encode({ offset: 0 }),
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
  return (names ?? []).filter(name => name.startsWith(prefix))
}

export async function removeConsumer({ line, stream }: Collection, name: string): Promise<void> {
  const what = `the removal of collector ${name}`
  const { error } = await line.ask({
    subject: `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
    body: new Uint8Array(0),
    what,
  })
  if (error !== undefined && error.err_code !== API.noConsumer) throw unexpected(what, error)
}
