/**
 * The memory of the namespaces that lie in one partition, while a node serves it: opened on the partition's replicated
 * store, so that what was acknowledged is in the log, and there for the next owner. It answers on the subject of each of
 * its namespaces, and has what waits consolidated. Called by whoever moves into a partition.
 */
import type { Cancel, Host } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Memory } from '../../../memory/memory.ts'
import type { CallMessage } from '../../../memory/sharing/messages.ts'
import { checkedNamespace } from '../../../memory/store/input.ts'
import { journalCodec } from '../../data-directory.ts'
import { openMemoryOn } from '../../open-memory.ts'
import type { Subscription } from '../../transport/transport.ts'
import { compacting } from '../log/replicated-store.ts'
import type { Operations, Served } from '../partition-host.ts'
import type { Requests } from '../requests.ts'
import { lostError, memoryDesk } from './desk.ts'
import { MEMORY_STORE, memoryPartition, ownerSubject } from './place.ts'

export interface MemoryOwnerOptions {
  readonly served: Served
  readonly namespace: string
  readonly requests: Requests
  readonly host: Pick<Host, 'clock'>
  readonly report: (error: unknown) => void
  /** How often what waits is consolidated, ms; `false`: only when asked. Default 15 minutes. */
  readonly consolidateEveryMs?: number | false
  /** It is also done after so many new memories. Default 500. */
  readonly consolidateAfter?: number
}

const QUARTER_OF_AN_HOUR = 15 * 60_000
const BATCH = 500
/** Subjects that are listened to at a time: namespaces that are asked for need not be there. */
const MOST_SERVED = 10_000
/** A namespace that is in use is in memory; of the others, so much stays. */
const MEMORY_BYTES = 128 * 1024 * 1024
/** What a hand-over waits for the memory. What is not written by then is derived, and made anew. */
const CLOSE_MS = 5_000

/**
 * Opens what lies in the partition. It is closed in order when the partition's runtime has stopped, and left as it is
 * when the partition is lost. Returns what is asked of the partition itself; the rest is asked of the subjects of its
 * namespaces. Throws `store-corrupt`, `store-failed`.
 */
export async function memoryOwner(options: MemoryOwnerOptions): Promise<Operations> {
  const { served, namespace, requests, host, report } = options
  const { partition, epoch, lost, runtime } = served
  const store = compacting(served.store(MEMORY_STORE))
  if (!store) return NO_STORE
  const memory = await openMemoryOn(store, {
    clock: host.clock,
    onDamage: report,
    memoryBytes: MEMORY_BYTES,
  })
  const subscriptions = new Map<string, Subscription>()
  const upkeep = consolidating(memory, options)
  const desk = memoryDesk({
    memory,
    epoch,
    clock: host.clock,
    encoder: journalCodec(),
    checkSpace: space => checkPlace(space, partition),
    onDone: upkeep.done,
  })
  let hasEnded = false
  const serve = (space: string): void => {
    checkPlace(space, partition)
    if (hasEnded) throw lostError()
    const subject = ownerSubject(namespace, space)
    if (subscriptions.has(subject)) return
    subscriptions.set(subject, requests.serve(subject, desk.visit))
    if (subscriptions.size <= MOST_SERVED) return
    // Whoever asks there next tells this node of it again.
    for (const [oldest, subscription] of subscriptions) {
      subscription.unsubscribe()
      subscriptions.delete(oldest)
      break
    }
  }
  const end = (): void => {
    hasEnded = true
    for (const subscription of subscriptions.values()) subscription.unsubscribe()
    desk.end()
    upkeep.end()
  }
  const close = async (): Promise<void> => {
    end()
    // What it would write is not its to write any more, and would wait for ever.
    if (lost.aborted) return
    const closing = memory.close().catch(report)
    await Promise.race([closing, aborted(lost), later(host, CLOSE_MS)])
  }

  lost.addEventListener('abort', end, { once: true })
  runtime.shared('memory-owner', () => ({ [Symbol.asyncDispose]: close }))
  for (const space of await memory.namespaces()) serve(space)
  if (lost.aborted) end()
  return {
    'memory.open': async body => {
      const { space } = Object(body) as { readonly space?: unknown }
      serve(checkedNamespace(space))
      return { epoch }
    },
    'memory.names': async () => (await memory.namespaces()) as string[],
  }
}

/** Where the copy can be neither asked without waiting nor compacted. */
const NO_STORE: Operations = {
  'memory.open': async () => {
    throw new RuntimeError(
      'definition-invalid',
      'the copies of partitions on this node cannot hold a memory',
      {
        fix: 'open them with openLevel, as a node does that is given no openCopy',
      },
    )
  },
  'memory.names': async () => [],
}

/** Consolidates from time to time, and after many new memories. */
function consolidating(memory: Memory, options: MemoryOwnerOptions) {
  const { host, report, consolidateEveryMs = QUARTER_OF_AN_HOUR, consolidateAfter = BATCH } = options
  let fresh = 0
  let hasEnded = false
  let cancel: Cancel = () => {}
  let isWorking = false

  const work = async (): Promise<void> => {
    fresh = 0
    for (const name of await memory.namespaces()) {
      const space = memory.namespace(name)
      for (let { waiting } = await space.stats(); waiting > 0 && !hasEnded; ) {
        const { waiting: left } = await space.consolidate({ limit: BATCH })
        // One that comes no further is left to the next time.
        waiting = left < waiting ? left : 0
      }
    }
  }
  const now = (): void => {
    if (hasEnded || consolidateEveryMs === false) return
    if (isWorking) return
    isWorking = true
    work()
      .catch(error => void (hasEnded || report(error)))
      .finally(() => {
        isWorking = false
      })
  }
  const schedule = (): void => {
    if (consolidateEveryMs === false || hasEnded) return
    cancel = host.clock.at(host.clock.now() + consolidateEveryMs, () => {
      now()
      schedule()
    })
  }
  schedule()
  return {
    done([, , , method, args]: CallMessage): void {
      if (method === 'remember') fresh++
      else if (method === 'rememberAll') fresh += Array.isArray(args[0]) ? args[0].length : 0
      if (fresh >= consolidateAfter) now()
    },
    end() {
      hasEnded = true
      cancel()
    },
  }
}

function checkPlace(space: string, partition: number): void {
  const place = memoryPartition(checkedNamespace(space))
  if (place === partition) return
  throw new RuntimeError(
    'usage',
    `the memory "${space.slice(0, 80)}" lies in partition ${place}, not ${partition}`,
    {
      fix: 'run the same version of agenticraft on all nodes and clients',
    },
  )
}

const later = ({ clock }: Pick<Host, 'clock'>, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
